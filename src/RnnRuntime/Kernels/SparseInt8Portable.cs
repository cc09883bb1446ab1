using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// 128-bit vectors of any processor: the products of <see cref="Int8Portable"/>, a block in two halves of 4 lanes. 4 of the block rows that lie side by side make 8 accumulators.
/// </summary>
internal static unsafe class SparseInt8Portable
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        var blocks = (sbyte*)matrix.Blocks;
        var indices = matrix.Indices;
        for (var i = 0; i < matrix.SegmentCount; i++)
        {
            var segment = matrix.Segments[i];
            for (var vector = 0; vector < vectors; vector++)
            {
                AddSegment(segment, blocks, indices, x + vector * xStride, sums + vector * sumStride);
            }

            blocks += segment.Blocks * SparseMatrix.BlockElements;
            indices += segment.Indices;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSegment(SparseSegment segment, sbyte* blocks, ushort* indices, sbyte* x, int* sums)
    {
        if (segment.Rows == 1)
        {
            Add1(blocks, indices, segment.Rounds, x, sums);
            return;
        }

        for (var row = 0; row < segment.Rows; row += 4)
        {
            Add4(blocks, indices, segment, row, x, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add4(sbyte* blocks, ushort* rows, SparseSegment segment, int row, sbyte* x, int* sums)
    {
        var quads = rows + segment.Rows + row;
        rows += row;
        blocks += row * SparseMatrix.BlockElements;
        nint step = segment.Rows;
        nint blockStep = step * SparseMatrix.BlockElements;
        var s0a = Vector128.Load(sums + rows[0] * 8);
        var s0b = Vector128.Load(sums + rows[0] * 8 + 4);
        var s1a = Vector128.Load(sums + rows[1] * 8);
        var s1b = Vector128.Load(sums + rows[1] * 8 + 4);
        var s2a = Vector128.Load(sums + rows[2] * 8);
        var s2b = Vector128.Load(sums + rows[2] * 8 + 4);
        var s3a = Vector128.Load(sums + rows[3] * 8);
        var s3b = Vector128.Load(sums + rows[3] * 8 + 4);
        for (var end = quads + segment.Rounds * step; quads < end; quads += step, blocks += blockStep)
        {
            var (even0, odd0) = Int8Portable.Columns(x + (nuint)quads[0] * 8);
            s0a += Int8Portable.Products(blocks, even0, odd0);
            s0b += Int8Portable.Products(blocks + 16, even0, odd0);
            var (even1, odd1) = Int8Portable.Columns(x + (nuint)quads[1] * 8);
            s1a += Int8Portable.Products(blocks + 32, even1, odd1);
            s1b += Int8Portable.Products(blocks + 48, even1, odd1);
            var (even2, odd2) = Int8Portable.Columns(x + (nuint)quads[2] * 8);
            s2a += Int8Portable.Products(blocks + 64, even2, odd2);
            s2b += Int8Portable.Products(blocks + 80, even2, odd2);
            var (even3, odd3) = Int8Portable.Columns(x + (nuint)quads[3] * 8);
            s3a += Int8Portable.Products(blocks + 96, even3, odd3);
            s3b += Int8Portable.Products(blocks + 112, even3, odd3);
        }

        s0a.Store(sums + rows[0] * 8);
        s0b.Store(sums + rows[0] * 8 + 4);
        s1a.Store(sums + rows[1] * 8);
        s1b.Store(sums + rows[1] * 8 + 4);
        s2a.Store(sums + rows[2] * 8);
        s2b.Store(sums + rows[2] * 8 + 4);
        s3a.Store(sums + rows[3] * 8);
        s3b.Store(sums + rows[3] * 8 + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add1(sbyte* blocks, ushort* rows, nint rounds, sbyte* x, int* sums)
    {
        var a = Vector128.Load(sums + rows[0] * 8);
        var b = Vector128.Load(sums + rows[0] * 8 + 4);
        var quads = rows + 1;
        for (var end = quads + rounds; quads < end; quads++, blocks += 32)
        {
            var (even, odd) = Int8Portable.Columns(x + (nuint)(*quads) * 8);
            a += Int8Portable.Products(blocks, even, odd);
            b += Int8Portable.Products(blocks + 16, even, odd);
        }

        a.Store(sums + rows[0] * 8);
        b.Store(sums + rows[0] * 8 + 4);
    }
}
