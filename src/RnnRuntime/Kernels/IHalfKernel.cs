namespace RnnRuntime.Kernels;

/// <summary>
/// Products of packed 16-bit weights with vectors in float32 arithmetic: y = init + W.x. The contract is that of <see cref="IFp32Kernel"/>: each
/// lane is one chain of fused multiply-adds over the columns in order, on weights widened exactly, so that the bits are those of a float32
/// product with the widened weights. Alignment and overlap are as there.
/// </summary>
internal unsafe interface IHalfKernel
{
    /// <summary>Whether this processor can execute the variant.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>How many vectors <see cref="Tile"/> takes at most; up to <see cref="Panels.MaximumTileVectors"/>.</summary>
    static abstract int TileVectors { get; }

    /// <summary>
    /// All lanes for one vector; <paramref name="factor"/> is the matrix's. <paramref name="init"/> and <paramref name="y"/> hold
    /// <paramref name="lanes"/> floats and may be the same.
    /// </summary>
    static abstract void One<TFormat>(ushort* panels, int lanes, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat;

    /// <summary>One panel for 1 to <see cref="TileVectors"/> vectors; strides in floats.</summary>
    static abstract void Tile<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat;
}
