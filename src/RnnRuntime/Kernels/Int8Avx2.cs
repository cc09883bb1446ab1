using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2. The magnitudes and masks of four columns are broadcast; an exclusive-or moves the signs to the weights, <c>vpmaddubsw</c> multiplies
/// and adds pairs, <c>vpmaddwd</c> with ones widens to int32. One vector: 8, 4, 2 or 1 accumulators, plus two broadcasts, ones and a
/// temporary (12 live registers). Several vectors: 16 lanes x 4 vectors (14 live registers).
/// </summary>
internal readonly unsafe struct Int8Avx2 : IInt8Kernel
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int TileVectors => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * quads * 4;
            switch (width)
            {
                case 96:
                    One64(panel, 96 * 4, quads, x, sums + start);
                    One32(panel + 64 * 4, 96 * 4, quads, x, sums + start + 64);
                    break;
                case 64: One64(panel, 64 * 4, quads, x, sums + start); break;
                case 32: One32(panel, 32 * 4, quads, x, sums + start); break;
                case 16: One16(panel, quads, x, sums + start); break;
                default: One8(panel, quads, x, sums + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        if (vectors == 4 && width >= 16)
        {
            for (var lane = 0; lane < width; lane += 16)
            {
                Tile16x4(panel + lane * 4, width * 4, quads, x, xStride, sums + lane, sumStride);
            }

            return;
        }

        for (var i = 0; i < vectors; i++)
        {
            One(panel, width, quads, x + i * xStride, sums + i * sumStride);
        }
    }

    public static void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors) =>
        SparseInt8Avx2.AddBlocks(matrix, x, xStride, sums, sumStride, vectors);

    public static int LargestMagnitudeBits(float* x, int count) => Int8Avx2Quantizer.LargestMagnitudeBits(x, count);

    public static int Quantize(float* x, int count, float factor, sbyte* result) => Int8Avx2Quantizer.Quantize(x, count, factor, result);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<sbyte> weights, Vector256<sbyte> masks, Vector256<byte> magnitudes, Vector256<short> ones) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, weights ^ masks), ones);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var start = Vector256.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        var s2 = start;
        var s3 = start;
        var s4 = start;
        var s5 = start;
        var s6 = start;
        var s7 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector256.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), masks, magnitudes, ones);
            s2 += Products(Vector256.Load(panel + 64), masks, magnitudes, ones);
            s3 += Products(Vector256.Load(panel + 96), masks, magnitudes, ones);
            s4 += Products(Vector256.Load(panel + 128), masks, magnitudes, ones);
            s5 += Products(Vector256.Load(panel + 160), masks, magnitudes, ones);
            s6 += Products(Vector256.Load(panel + 192), masks, magnitudes, ones);
            s7 += Products(Vector256.Load(panel + 224), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
        s4.Store(sums + 32);
        s5.Store(sums + 40);
        s6.Store(sums + 48);
        s7.Store(sums + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var start = Vector256.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        var s2 = start;
        var s3 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector256.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), masks, magnitudes, ones);
            s2 += Products(Vector256.Load(panel + 64), masks, magnitudes, ones);
            s3 += Products(Vector256.Load(panel + 96), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var start = Vector256.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += 64)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector256.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var start = Vector256.Create(*(int*)(x + quads * 8));
        var s0 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += 32)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector256.Load(panel), masks, magnitudes, ones);
        }

        s0.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x4(sbyte* panel, nint stride, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride)
    {
        var ones = Vector256.Create((short)1);
        var s0a = Vector256.Create(*(int*)(x + quads * 8));
        var s0b = s0a;
        var s1a = Vector256.Create(*(int*)(x + xStride + quads * 8));
        var s1b = s1a;
        var s2a = Vector256.Create(*(int*)(x + 2 * xStride + quads * 8));
        var s2b = s2a;
        var s3a = Vector256.Create(*(int*)(x + 3 * xStride + quads * 8));
        var s3b = s3a;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var a = Vector256.Load(panel);
            var b = Vector256.Load(panel + 32);
            var magnitudes0 = Vector256.Create(*(int*)x).AsByte();
            var masks0 = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0a += Products(a, masks0, magnitudes0, ones);
            s0b += Products(b, masks0, magnitudes0, ones);
            var magnitudes1 = Vector256.Create(*(int*)(x + xStride)).AsByte();
            var masks1 = Vector256.Create(*(int*)(x + xStride + 4)).AsSByte();
            s1a += Products(a, masks1, magnitudes1, ones);
            s1b += Products(b, masks1, magnitudes1, ones);
            var magnitudes2 = Vector256.Create(*(int*)(x + 2 * xStride)).AsByte();
            var masks2 = Vector256.Create(*(int*)(x + 2 * xStride + 4)).AsSByte();
            s2a += Products(a, masks2, magnitudes2, ones);
            s2b += Products(b, masks2, magnitudes2, ones);
            var magnitudes3 = Vector256.Create(*(int*)(x + 3 * xStride)).AsByte();
            var masks3 = Vector256.Create(*(int*)(x + 3 * xStride + 4)).AsSByte();
            s3a += Products(a, masks3, magnitudes3, ones);
            s3b += Products(b, masks3, magnitudes3, ones);
        }

        s0a.Store(sums);
        s0b.Store(sums + 8);
        s1a.Store(sums + sumStride);
        s1b.Store(sums + sumStride + 8);
        s2a.Store(sums + 2 * sumStride);
        s2b.Store(sums + 2 * sumStride + 8);
        s3a.Store(sums + 3 * sumStride);
        s3b.Store(sums + 3 * sumStride + 8);
    }
}
