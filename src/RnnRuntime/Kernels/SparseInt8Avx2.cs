using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2. A block is one register: <c>vpsignb</c> gives the weights the signs of the columns, which <see cref="Int8Avx2"/>'s exclusive-or cannot, because
/// its correction is a sum over all columns; then <c>vpmaddubsw</c> and <c>vpmaddwd</c> as there. Signs are 1 or -1 and weights at least -127, so
/// that a pair of products is at most 2 * 127 * 127 = 32258 and nothing saturates. 8 accumulators, ones and three temporaries (12 live registers).
/// </summary>
internal static unsafe class SparseInt8Avx2
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
        switch (segment.Rows)
        {
            case 8: Add8(blocks, indices, segment.Rounds, x, sums); break;
            case 4: Add4(blocks, indices, segment.Rounds, x, sums); break;
            default: Add1(blocks, indices, segment.Rounds, x, sums); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(sbyte* block, sbyte* quad, Vector256<short> ones)
    {
        var magnitudes = Vector256.Create(*(int*)quad).AsByte();
        var signs = Vector256.Create(*(int*)(quad + 4)).AsSByte();
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(Vector256.Load(block), signs)), ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add8(sbyte* blocks, ushort* rows, nint rounds, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var s0 = Vector256.Load(sums + rows[0] * 8);
        var s1 = Vector256.Load(sums + rows[1] * 8);
        var s2 = Vector256.Load(sums + rows[2] * 8);
        var s3 = Vector256.Load(sums + rows[3] * 8);
        var s4 = Vector256.Load(sums + rows[4] * 8);
        var s5 = Vector256.Load(sums + rows[5] * 8);
        var s6 = Vector256.Load(sums + rows[6] * 8);
        var s7 = Vector256.Load(sums + rows[7] * 8);
        var quads = rows + 8;
        for (var end = quads + rounds * 8; quads < end; quads += 8, blocks += 8 * 32)
        {
            s0 += Products(blocks, x + (nuint)quads[0] * 8, ones);
            s1 += Products(blocks + 32, x + (nuint)quads[1] * 8, ones);
            s2 += Products(blocks + 64, x + (nuint)quads[2] * 8, ones);
            s3 += Products(blocks + 96, x + (nuint)quads[3] * 8, ones);
            s4 += Products(blocks + 128, x + (nuint)quads[4] * 8, ones);
            s5 += Products(blocks + 160, x + (nuint)quads[5] * 8, ones);
            s6 += Products(blocks + 192, x + (nuint)quads[6] * 8, ones);
            s7 += Products(blocks + 224, x + (nuint)quads[7] * 8, ones);
        }

        s0.Store(sums + rows[0] * 8);
        s1.Store(sums + rows[1] * 8);
        s2.Store(sums + rows[2] * 8);
        s3.Store(sums + rows[3] * 8);
        s4.Store(sums + rows[4] * 8);
        s5.Store(sums + rows[5] * 8);
        s6.Store(sums + rows[6] * 8);
        s7.Store(sums + rows[7] * 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add4(sbyte* blocks, ushort* rows, nint rounds, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var s0 = Vector256.Load(sums + rows[0] * 8);
        var s1 = Vector256.Load(sums + rows[1] * 8);
        var s2 = Vector256.Load(sums + rows[2] * 8);
        var s3 = Vector256.Load(sums + rows[3] * 8);
        var quads = rows + 4;
        for (var end = quads + rounds * 4; quads < end; quads += 4, blocks += 4 * 32)
        {
            s0 += Products(blocks, x + (nuint)quads[0] * 8, ones);
            s1 += Products(blocks + 32, x + (nuint)quads[1] * 8, ones);
            s2 += Products(blocks + 64, x + (nuint)quads[2] * 8, ones);
            s3 += Products(blocks + 96, x + (nuint)quads[3] * 8, ones);
        }

        s0.Store(sums + rows[0] * 8);
        s1.Store(sums + rows[1] * 8);
        s2.Store(sums + rows[2] * 8);
        s3.Store(sums + rows[3] * 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add1(sbyte* blocks, ushort* rows, nint rounds, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var sum = Vector256.Load(sums + rows[0] * 8);
        var quads = rows + 1;
        for (var end = quads + rounds; quads < end; quads++, blocks += 32)
        {
            sum += Products(blocks, x + (nuint)(*quads) * 8, ones);
        }

        sum.Store(sums + rows[0] * 8);
    }
}
