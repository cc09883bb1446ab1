namespace RnnRuntime.Kernels;

/// <summary>
/// Products of packed float32 weights with vectors: y = init + W.x. Each lane is one chain of fused multiply-adds over the columns
/// in order, which every variant keeps, so that all give the same bits. A matrix starts at a multiple of 64 bytes and each panel at a multiple
/// of 32; x, init and y are aligned to their elements only. Init and y may be the same memory; x overlaps neither.
/// </summary>
internal unsafe interface IFp32Kernel
{
    /// <summary>Whether this processor can execute the variant.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>How many vectors <see cref="Tile"/> takes at most; up to <see cref="Panels.MaximumTileVectors"/>.</summary>
    static abstract int TileVectors { get; }

    /// <summary>All lanes for one vector. <paramref name="init"/> and <paramref name="y"/> hold <paramref name="lanes"/> floats and may be the same.</summary>
    static abstract void One(float* panels, int lanes, nint columns, float* x, float* init, float* y);

    /// <summary>One panel for 1 to <see cref="TileVectors"/> vectors; strides in floats.</summary>
    static abstract void Tile(
        float* panel, int width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors);

    /// <summary>
    /// Adds the products of the stored blocks to y, which holds the sums of the kept lanes, for 1 to <see cref="SparseMatrix.TileVectors"/> vectors of
    /// kept columns in whole groups of 4, and one of padding. Each lane is one chain here too.
    /// </summary>
    static abstract void AddBlocks(in SparseMatrix matrix, float* x, nint xStride, float* y, nint yStride, int vectors);
}
