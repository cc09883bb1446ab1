namespace RnnRuntime.Kernels;

/// <summary>Where a sparse product keeps what it works on, for up to <see cref="SparseMatrix.TileVectors"/> vectors. Belongs to the session.</summary>
internal readonly unsafe struct SparseWork
{
    /// <summary>
    /// Vectors as the kernels take them, <see cref="VectorStride"/> bytes apart: kept columns, padded to whole groups of 4, and a group of padding. Int8 has for
    /// each group 4 magnitudes and 4 signs, 1 or -1.
    /// </summary>
    public readonly byte* Vectors;
    public readonly nint VectorStride;

    /// <summary>Int32 or float sums of the kept lanes, <see cref="SumStride"/> elements apart; float32 uses them only where lanes are dropped.</summary>
    public readonly byte* Sums;
    public readonly nint SumStride;

    /// <summary>An int32 a block row.</summary>
    public readonly int* Counts;

    /// <summary>Int8 only: a vector of all columns, see <see cref="IInt8Kernel"/>.</summary>
    public readonly sbyte* Quantized;

    /// <summary>Int8 only: sums of all lanes.</summary>
    public readonly int* LaneSums;

    private readonly byte* _end;

    public SparseWork(in PackedMatrix matrix, byte* start)
    {
        ref readonly var sparse = ref *matrix.Sparse;
        var needsSums = matrix.IsInt8 || sparse.LaneMap != null;
        VectorStride = Aligned((sparse.Quads + 1) * (matrix.IsInt8 ? 8 : 4 * sizeof(float)));
        SumStride = Aligned(sparse.BlockRows * SparseMatrix.BlockLanes * sizeof(int)) / sizeof(int);
        Vectors = start;
        Sums = Vectors + (VectorStride * SparseMatrix.TileVectors);
        Counts = (int*)(Sums + (needsSums ? SumStride * sizeof(int) * SparseMatrix.TileVectors : 0));
        Quantized = (sbyte*)Counts + Aligned(sparse.BlockRows * sizeof(int));
        LaneSums = (int*)(Quantized + (matrix.IsInt8 ? Aligned(PackedMatrix.QuantizedBytes(matrix.Columns)) : 0));
        _end = (byte*)(LaneSums + (matrix.IsInt8 ? matrix.Lanes : 0));
    }

    /// <summary>Bytes that such a product needs.</summary>
    public static int BytesFor(in PackedMatrix matrix) => checked((int)(nint)new SparseWork(matrix, null)._end);

    private static nint Aligned(nint bytes) => (bytes + 63) & ~(nint)63;
}
