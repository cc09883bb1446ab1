using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// 128-bit vectors of any processor. A block row is two accumulators, and a block four dependent multiply-adds of each: 4 of the block rows that lie side by side make 8
/// accumulators, which with a broadcast and a load are 10 live registers.
/// </summary>
internal static unsafe class SparseFp32Portable
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBlocks(in SparseMatrix matrix, float* x, nint xStride, float* y, nint yStride, int vectors)
    {
        var blocks = (float*)matrix.Blocks;
        var indices = matrix.Indices;
        for (var i = 0; i < matrix.SegmentCount; i++)
        {
            var segment = matrix.Segments[i];
            for (var vector = 0; vector < vectors; vector++)
            {
                AddSegment(segment, blocks, indices, x + vector * xStride, y + vector * yStride);
            }

            blocks += segment.Blocks * SparseMatrix.BlockElements;
            indices += segment.Indices;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSegment(SparseSegment segment, float* blocks, ushort* indices, float* x, float* y)
    {
        if (segment.Rows == 1)
        {
            Add1(blocks, indices, segment.Rounds, x, y);
            return;
        }

        for (var row = 0; row < segment.Rows; row += 4)
        {
            Add4(blocks, indices, segment, row, x, y);
        }
    }

    /// <summary>One half of a block: 4 lanes, 4 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddHalf(Vector128<float> sum, float* block, float* x)
    {
        sum = Vector128.FusedMultiplyAdd(Vector128.Create(x[0]), Vector128.Load(block), sum);
        sum = Vector128.FusedMultiplyAdd(Vector128.Create(x[1]), Vector128.Load(block + 8), sum);
        sum = Vector128.FusedMultiplyAdd(Vector128.Create(x[2]), Vector128.Load(block + 16), sum);
        return Vector128.FusedMultiplyAdd(Vector128.Create(x[3]), Vector128.Load(block + 24), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add4(float* blocks, ushort* rows, SparseSegment segment, int row, float* x, float* y)
    {
        var quads = rows + segment.Rows + row;
        rows += row;
        blocks += row * SparseMatrix.BlockElements;
        nint step = segment.Rows;
        nint blockStep = step * SparseMatrix.BlockElements;
        var s0a = Vector128.Load(y + rows[0] * 8);
        var s0b = Vector128.Load(y + rows[0] * 8 + 4);
        var s1a = Vector128.Load(y + rows[1] * 8);
        var s1b = Vector128.Load(y + rows[1] * 8 + 4);
        var s2a = Vector128.Load(y + rows[2] * 8);
        var s2b = Vector128.Load(y + rows[2] * 8 + 4);
        var s3a = Vector128.Load(y + rows[3] * 8);
        var s3b = Vector128.Load(y + rows[3] * 8 + 4);
        for (var end = quads + segment.Rounds * step; quads < end; quads += step, blocks += blockStep)
        {
            var x0 = x + (nuint)quads[0] * 4;
            s0a = AddHalf(s0a, blocks, x0);
            s0b = AddHalf(s0b, blocks + 4, x0);
            var x1 = x + (nuint)quads[1] * 4;
            s1a = AddHalf(s1a, blocks + 32, x1);
            s1b = AddHalf(s1b, blocks + 36, x1);
            var x2 = x + (nuint)quads[2] * 4;
            s2a = AddHalf(s2a, blocks + 64, x2);
            s2b = AddHalf(s2b, blocks + 68, x2);
            var x3 = x + (nuint)quads[3] * 4;
            s3a = AddHalf(s3a, blocks + 96, x3);
            s3b = AddHalf(s3b, blocks + 100, x3);
        }

        s0a.Store(y + rows[0] * 8);
        s0b.Store(y + rows[0] * 8 + 4);
        s1a.Store(y + rows[1] * 8);
        s1b.Store(y + rows[1] * 8 + 4);
        s2a.Store(y + rows[2] * 8);
        s2b.Store(y + rows[2] * 8 + 4);
        s3a.Store(y + rows[3] * 8);
        s3b.Store(y + rows[3] * 8 + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add1(float* blocks, ushort* rows, nint rounds, float* x, float* y)
    {
        var a = Vector128.Load(y + rows[0] * 8);
        var b = Vector128.Load(y + rows[0] * 8 + 4);
        var quads = rows + 1;
        for (var end = quads + rounds; quads < end; quads++, blocks += 32)
        {
            var quad = x + (nuint)(*quads) * 4;
            a = AddHalf(a, blocks, quad);
            b = AddHalf(b, blocks + 4, quad);
        }

        a.Store(y + rows[0] * 8);
        b.Store(y + rows[0] * 8 + 4);
    }
}
