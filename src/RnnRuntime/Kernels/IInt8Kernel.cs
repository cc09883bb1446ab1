namespace RnnRuntime.Kernels;

/// <summary>
/// Products of packed int8 weights with int8 vectors, exact in int32; weights and activations lie in [-127, 127]. Sums are exact below
/// 2^31, that is up to 133,144 columns.
/// <para>
/// A quantised vector is, for each group of 4 columns, 4 magnitudes |x| and 4 masks (all ones where x is negative), then, behind the last
/// group, an int32: the sum of the magnitudes of negative elements. With the mask m, w * x = (w ^ m) * |x| where x is not negative, and
/// (w ^ m) * |x| + |x| where it is (w ^ -1 = -w - 1). So one exclusive-or replaces the sign of x, and the last terms, the same
/// for every row, start the sum. A pair of such products lies within 2 * 127 * [-128, 127], which fits 16 bits: nothing can saturate.
/// The packer finds the largest pair of the weights at hand (<see cref="PackedMatrix.LargestPair"/>).
/// </para>
/// </summary>
internal unsafe interface IInt8Kernel
{
    /// <summary>Whether this processor can execute the variant.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>How many vectors <see cref="Tile"/> takes at most; up to <see cref="Panels.MaximumTileVectors"/>.</summary>
    static abstract int TileVectors { get; }

    /// <summary>All lanes for one quantised vector of <paramref name="quads"/> groups of 4 columns.</summary>
    static abstract void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums);

    /// <summary>One panel for 1 to <see cref="TileVectors"/> quantised vectors; strides in elements.</summary>
    static abstract void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors);

    /// <summary>
    /// Adds the products of the stored blocks to the sums of the kept lanes, for 1 to <see cref="SparseMatrix.TileVectors"/> vectors of kept columns in whole
    /// groups of 4, and one of padding: 4 magnitudes and 4 signs, 1 or -1.
    /// </summary>
    static abstract void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors);

    /// <summary>Largest |x| as the bits of a float, so that infinity and NaN count as larger than any number.</summary>
    static abstract int LargestMagnitudeBits(float* x, int count);

    /// <summary>
    /// Rounds x * factor to nearest, ties to even, and writes a quantised vector; columns up to a multiple of 4 become zeros. Where an
    /// |x * factor| is above 127, beyond rounding, what is written has no meaning. Returns what <see cref="LargestMagnitudeBits"/> does.
    /// </summary>
    static abstract int Quantize(float* x, int count, float factor, sbyte* result);
}
