namespace RnnRuntime.Kernels;

/// <summary>
/// Products of packed int8 weights with int8 vectors, exact in int32: weights and activations lie in [-127, 127], so that the sum of
/// a pair of products (at most 2 * 127 * 127 = 32,258) fits 16 bits. Sums are exact below 2^31, that is up to 133,152 columns.
/// </summary>
internal unsafe interface IInt8Kernel
{
    /// <summary>Whether this processor can execute the variant.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>How many vectors <see cref="Tile"/> takes at most.</summary>
    static abstract int TileVectors { get; }

    /// <summary>All lanes for one vector of <paramref name="quads"/> groups of 4 columns.</summary>
    static abstract void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums);

    /// <summary>One panel for 2 to <see cref="TileVectors"/> vectors; strides in elements.</summary>
    static abstract void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors);

    /// <summary>Largest |x| as the bits of a float, so that infinity and NaN count as larger than any number.</summary>
    static abstract int LargestMagnitudeBits(float* x, int count);

    /// <summary>Rounds x * factor to nearest, ties to even; |x * factor| is at most 127 up to rounding. Writes exactly count bytes.</summary>
    static abstract void Quantize(float* x, int count, float factor, sbyte* result);
}
