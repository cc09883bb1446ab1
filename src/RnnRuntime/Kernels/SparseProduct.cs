using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>y = init + W.x where the zeros of W are left out; the same bits as <see cref="Product{TFp32,THalf,TInt8,TLanes,TVector}"/> gives with them.</summary>
internal static unsafe class SparseProduct<TFp32, THalf, TInt8, TLanes, TVector>
    where TFp32 : struct, IFp32Kernel
    where THalf : struct, IHalfKernel
    where TInt8 : struct, IInt8Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const int Infinity = 255 << 23;

    /// <summary>
    /// As <see cref="Product{TFp32,THalf,TInt8,TLanes,TVector}.Multiply"/>; scratch has as many bytes for sparse products as <see cref="SparseWork.BytesFor"/> says.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch)
    {
        var divided = new SparseWork(matrix, scratch.Sparse);
        for (int done = 0, tile; done < vectors; done += tile)
        {
            tile = Math.Min(SparseMatrix.TileVectors, vectors - done);
            if (matrix.IsInt8)
            {
                MultiplyInt8(matrix, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride, tile, divided, scratch.Multiplied);
            }
            else
            {
                MultiplyFp32(matrix, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride, tile, divided);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFp32(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in SparseWork work)
    {
        ref readonly var sparse = ref *matrix.Sparse;
        var kept = (float*)work.Vectors;
        var keptStride = work.VectorStride / sizeof(float);
        var sums = sparse.LaneMap == null ? y : (float*)work.Sums;
        var sumStride = sparse.LaneMap == null ? yStride : work.SumStride;
        for (var i = 0; i < vectors; i++)
        {
            KeepColumns(sparse, x + i * xStride, kept + i * keptStride);
            if (init != y)
            {
                new ReadOnlySpan<float>(init + i * initStride, matrix.Lanes).CopyTo(new Span<float>(y + i * yStride, matrix.Lanes));
            }

            if (sparse.LaneMap != null)
            {
                KeepLanes(sparse, y + i * yStride, sums + i * sumStride);
            }
        }

        TFp32.AddBlocks(sparse, kept, keptStride, sums, sumStride, vectors);
        for (var i = 0; i < vectors; i++)
        {
            var isFinite = TInt8.LargestMagnitudeBits(x + i * xStride, matrix.Columns) < Infinity;
            if (!isFinite)
            {
                ZeroProducts.SpreadNonFinite(sparse, matrix.Columns, x + i * xStride, kept + i * keptStride, sums + i * sumStride, work.Counts);
            }

            if (sparse.LaneMap != null)
            {
                PutLanes(sparse, matrix.Lanes, sums + i * sumStride, y + i * yStride, isFinite);
            }

            AddZeros(matrix, x + i * xStride, y + i * yStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt8(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in SparseWork work, float* multiplied)
    {
        ref readonly var sparse = ref *matrix.Sparse;
        var scales = stackalloc float[SparseMatrix.TileVectors];
        var kept = (sbyte*)work.Vectors;
        var sums = (int*)work.Sums;
        for (var i = 0; i < vectors; i++)
        {
            scales[i] = QuantizeKept(matrix, x + i * xStride, multiplied, kept + i * work.VectorStride, work.Quantized);
            new Span<int>(sums + i * work.SumStride, sparse.BlockRows * SparseMatrix.BlockLanes).Clear();
        }

        TInt8.AddBlocks(sparse, kept, work.VectorStride, sums, work.SumStride, vectors);
        for (var i = 0; i < vectors; i++)
        {
            var laneSums = sums + i * work.SumStride;
            if (sparse.LaneMap != null)
            {
                laneSums = work.LaneSums;
                new Span<int>(laneSums, matrix.Lanes).Clear();
                for (var lane = 0; lane < sparse.KeptLanes; lane++)
                {
                    laneSums[sparse.LaneMap[lane]] = sums[(i * work.SumStride) + lane];
                }
            }

            Product<TFp32, THalf, TInt8, TLanes, TVector>.Dequantize(
                laneSums, matrix.RowScales, scales[i], init + i * initStride, y + i * yStride, matrix.Lanes);
        }
    }

    /// <summary>Padding is -0, so that its products with zeros are -0, which change no sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepColumns(in SparseMatrix sparse, float* x, float* kept)
    {
        if (sparse.ColumnMap == null)
        {
            new ReadOnlySpan<float>(x, sparse.KeptColumns).CopyTo(new Span<float>(kept, sparse.KeptColumns));
        }
        else
        {
            for (var column = 0; column < sparse.KeptColumns; column++)
            {
                kept[column] = x[sparse.ColumnMap[column]];
            }
        }

        for (var column = sparse.KeptColumns; column < (sparse.Quads + 1) * SparseMatrix.BlockColumns; column++)
        {
            kept[column] = -0f;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepLanes(in SparseMatrix sparse, float* y, float* sums)
    {
        new Span<float>(sums + sparse.KeptLanes, (sparse.BlockRows * SparseMatrix.BlockLanes) - sparse.KeptLanes).Clear();
        for (var lane = 0; lane < sparse.KeptLanes; lane++)
        {
            sums[lane] = y[sparse.LaneMap[lane]];
        }
    }

    /// <summary>A dropped lane keeps what it started from, unless zeros times x is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PutLanes(in SparseMatrix sparse, int lanes, float* sums, float* y, bool isFinite)
    {
        if (!isFinite)
        {
            new Span<float>(y, lanes).Fill(float.NaN);
        }

        for (var lane = 0; lane < sparse.KeptLanes; lane++)
        {
            y[sparse.LaneMap[lane]] = sums[lane];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddZeros(in PackedMatrix matrix, float* x, float* y)
    {
        const int NegativeZero = int.MinValue;
        for (int lane = 0, found; (found = new ReadOnlySpan<int>(y + lane, matrix.Lanes - lane).IndexOf(NegativeZero)) >= 0; lane += found + 1)
        {
            if (ZeroProducts.MakePositive(*matrix.Sparse, matrix.Columns, x, lane + found))
            {
                y[lane + found] = 0f;
            }
        }
    }

    /// <summary>Quantises all columns, as the scale is that of all, and picks the kept ones; returns the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float QuantizeKept(in PackedMatrix matrix, float* x, float* multiplied, sbyte* kept, sbyte* quantized)
    {
        const ulong Ones = 0x01010101_00000000;
        ref readonly var sparse = ref *matrix.Sparse;
        var all = sparse.ColumnMap == null ? kept : quantized;
        var scale = Product<TFp32, THalf, TInt8, TLanes, TVector>.Quantize(matrix, x, multiplied, all);
        if (sparse.ColumnMap != null)
        {
            new Span<sbyte>(kept, sparse.Quads * 8).Clear();
            for (var column = 0; column < sparse.KeptColumns; column++)
            {
                var from = quantized + (sparse.ColumnMap[column] / 4 * 8) + (sparse.ColumnMap[column] % 4);
                var to = kept + (column / 4 * 8) + (column % 4);
                to[0] = from[0];
                to[4] = from[4];
            }
        }

        for (var quad = 0; quad < sparse.Quads; quad++)
        {
            ((ulong*)kept)[quad] |= Ones;
        }

        return scale;
    }
}
