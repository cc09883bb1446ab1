using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2 + FMA. A block is four dependent multiply-adds of 8 lanes, so 8 block rows run side by side: 8 accumulators, the four columns in one
/// register that is permuted for each (10 live registers); weights are read from memory by the multiply-adds. 512-bit variants use it too: neighbouring
/// block rows have other columns.
/// </summary>
internal static unsafe class SparseFp32Avx2
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
        switch (segment.Rows)
        {
            case 8: Add8(blocks, indices, segment.Rounds, x, y); break;
            case 4: Add4(blocks, indices, segment.Rounds, x, y); break;
            default: Add1(blocks, indices, segment.Rounds, x, y); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddBlock(Vector256<float> sum, float* block, float* x)
    {
        var columns = Avx.BroadcastVector128ToVector256(x);
        sum = Fma.MultiplyAdd(Avx.Permute(columns, 0b_00_00_00_00), Vector256.Load(block), sum);
        sum = Fma.MultiplyAdd(Avx.Permute(columns, 0b_01_01_01_01), Vector256.Load(block + 8), sum);
        sum = Fma.MultiplyAdd(Avx.Permute(columns, 0b_10_10_10_10), Vector256.Load(block + 16), sum);
        return Fma.MultiplyAdd(Avx.Permute(columns, 0b_11_11_11_11), Vector256.Load(block + 24), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add8(float* blocks, ushort* rows, nint rounds, float* x, float* y)
    {
        var s0 = Vector256.Load(y + rows[0] * 8);
        var s1 = Vector256.Load(y + rows[1] * 8);
        var s2 = Vector256.Load(y + rows[2] * 8);
        var s3 = Vector256.Load(y + rows[3] * 8);
        var s4 = Vector256.Load(y + rows[4] * 8);
        var s5 = Vector256.Load(y + rows[5] * 8);
        var s6 = Vector256.Load(y + rows[6] * 8);
        var s7 = Vector256.Load(y + rows[7] * 8);
        var quads = rows + 8;
        for (var end = quads + rounds * 8; quads < end; quads += 8, blocks += 8 * 32)
        {
            s0 = AddBlock(s0, blocks, x + (nuint)quads[0] * 4);
            s1 = AddBlock(s1, blocks + 32, x + (nuint)quads[1] * 4);
            s2 = AddBlock(s2, blocks + 64, x + (nuint)quads[2] * 4);
            s3 = AddBlock(s3, blocks + 96, x + (nuint)quads[3] * 4);
            s4 = AddBlock(s4, blocks + 128, x + (nuint)quads[4] * 4);
            s5 = AddBlock(s5, blocks + 160, x + (nuint)quads[5] * 4);
            s6 = AddBlock(s6, blocks + 192, x + (nuint)quads[6] * 4);
            s7 = AddBlock(s7, blocks + 224, x + (nuint)quads[7] * 4);
        }

        s0.Store(y + rows[0] * 8);
        s1.Store(y + rows[1] * 8);
        s2.Store(y + rows[2] * 8);
        s3.Store(y + rows[3] * 8);
        s4.Store(y + rows[4] * 8);
        s5.Store(y + rows[5] * 8);
        s6.Store(y + rows[6] * 8);
        s7.Store(y + rows[7] * 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add4(float* blocks, ushort* rows, nint rounds, float* x, float* y)
    {
        var s0 = Vector256.Load(y + rows[0] * 8);
        var s1 = Vector256.Load(y + rows[1] * 8);
        var s2 = Vector256.Load(y + rows[2] * 8);
        var s3 = Vector256.Load(y + rows[3] * 8);
        var quads = rows + 4;
        for (var end = quads + rounds * 4; quads < end; quads += 4, blocks += 4 * 32)
        {
            s0 = AddBlock(s0, blocks, x + (nuint)quads[0] * 4);
            s1 = AddBlock(s1, blocks + 32, x + (nuint)quads[1] * 4);
            s2 = AddBlock(s2, blocks + 64, x + (nuint)quads[2] * 4);
            s3 = AddBlock(s3, blocks + 96, x + (nuint)quads[3] * 4);
        }

        s0.Store(y + rows[0] * 8);
        s1.Store(y + rows[1] * 8);
        s2.Store(y + rows[2] * 8);
        s3.Store(y + rows[3] * 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add1(float* blocks, ushort* rows, nint rounds, float* x, float* y)
    {
        var sum = Vector256.Load(y + rows[0] * 8);
        var quads = rows + 1;
        for (var end = quads + rounds; quads < end; quads++, blocks += 32)
        {
            sum = AddBlock(sum, blocks, x + (nuint)(*quads) * 4);
        }

        sum.Store(y + rows[0] * 8);
    }
}
