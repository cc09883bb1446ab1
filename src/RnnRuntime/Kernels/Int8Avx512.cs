using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX-512BW: the method of <see cref="Int8Avx2"/>, twice as wide. One vector: panels of 64 lanes are 4 accumulators, two panels together
/// 8. Several vectors: 32 lanes x 4 vectors. A panel of 8 lanes takes the half-width path.
/// </summary>
internal readonly unsafe struct Int8Avx512 : IInt8Kernel
{
    public static bool IsSupported => Avx512BW.IsSupported && Avx2.IsSupported;

    public static int TileVectors => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums)
    {
        var start = 0;
        for (; Panels.Width(lanes - start) == 64 && Panels.Width(lanes - start - 64) == 64; start += 128)
        {
            One128(panels + start * quads * 4, panels + (start + 64) * quads * 4, quads, x, sums + start);
        }

        for (int width; start < lanes; start += width)
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
                default: Int8Avx2.One(panel, 8, quads, x, sums + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        if (vectors == 4 && width >= 32)
        {
            for (var lane = 0; lane < width; lane += 32)
            {
                Tile32x4(panel + lane * 4, width * 4, quads, x, xStride, sums + lane, sumStride);
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
    private static Vector512<int> Products(Vector512<sbyte> weights, Vector512<sbyte> masks, Vector512<byte> magnitudes, Vector512<short> ones) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(magnitudes, weights ^ masks), ones);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One128(sbyte* panel, sbyte* next, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var start = Vector512.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        var s2 = start;
        var s3 = start;
        var s4 = start;
        var s5 = start;
        var s6 = start;
        var s7 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += 256, next += 256)
        {
            var magnitudes = Vector512.Create(*(int*)x).AsByte();
            var masks = Vector512.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector512.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), masks, magnitudes, ones);
            s2 += Products(Vector512.Load(panel + 128), masks, magnitudes, ones);
            s3 += Products(Vector512.Load(panel + 192), masks, magnitudes, ones);
            s4 += Products(Vector512.Load(next), masks, magnitudes, ones);
            s5 += Products(Vector512.Load(next + 64), masks, magnitudes, ones);
            s6 += Products(Vector512.Load(next + 128), masks, magnitudes, ones);
            s7 += Products(Vector512.Load(next + 192), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 16);
        s2.Store(sums + 32);
        s3.Store(sums + 48);
        s4.Store(sums + 64);
        s5.Store(sums + 80);
        s6.Store(sums + 96);
        s7.Store(sums + 112);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var start = Vector512.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        var s2 = start;
        var s3 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var magnitudes = Vector512.Create(*(int*)x).AsByte();
            var masks = Vector512.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector512.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), masks, magnitudes, ones);
            s2 += Products(Vector512.Load(panel + 128), masks, magnitudes, ones);
            s3 += Products(Vector512.Load(panel + 192), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 16);
        s2.Store(sums + 32);
        s3.Store(sums + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var start = Vector512.Create(*(int*)(x + quads * 8));
        var s0 = start;
        var s1 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var magnitudes = Vector512.Create(*(int*)x).AsByte();
            var masks = Vector512.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector512.Load(panel), masks, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), masks, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var start = Vector512.Create(*(int*)(x + quads * 8));
        var s0 = start;
        for (var end = x + quads * 8; x < end; x += 8, panel += 64)
        {
            var magnitudes = Vector512.Create(*(int*)x).AsByte();
            var masks = Vector512.Create(*(int*)(x + 4)).AsSByte();
            s0 += Products(Vector512.Load(panel), masks, magnitudes, ones);
        }

        s0.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile32x4(sbyte* panel, nint stride, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride)
    {
        var ones = Vector512.Create((short)1);
        var s0a = Vector512.Create(*(int*)(x + quads * 8));
        var s0b = s0a;
        var s1a = Vector512.Create(*(int*)(x + xStride + quads * 8));
        var s1b = s1a;
        var s2a = Vector512.Create(*(int*)(x + 2 * xStride + quads * 8));
        var s2b = s2a;
        var s3a = Vector512.Create(*(int*)(x + 3 * xStride + quads * 8));
        var s3b = s3a;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var a = Vector512.Load(panel);
            var b = Vector512.Load(panel + 64);
            var magnitudes0 = Vector512.Create(*(int*)x).AsByte();
            var masks0 = Vector512.Create(*(int*)(x + 4)).AsSByte();
            s0a += Products(a, masks0, magnitudes0, ones);
            s0b += Products(b, masks0, magnitudes0, ones);
            var magnitudes1 = Vector512.Create(*(int*)(x + xStride)).AsByte();
            var masks1 = Vector512.Create(*(int*)(x + xStride + 4)).AsSByte();
            s1a += Products(a, masks1, magnitudes1, ones);
            s1b += Products(b, masks1, magnitudes1, ones);
            var magnitudes2 = Vector512.Create(*(int*)(x + 2 * xStride)).AsByte();
            var masks2 = Vector512.Create(*(int*)(x + 2 * xStride + 4)).AsSByte();
            s2a += Products(a, masks2, magnitudes2, ones);
            s2b += Products(b, masks2, magnitudes2, ones);
            var magnitudes3 = Vector512.Create(*(int*)(x + 3 * xStride)).AsByte();
            var masks3 = Vector512.Create(*(int*)(x + 3 * xStride + 4)).AsSByte();
            s3a += Products(a, masks3, magnitudes3, ones);
            s3b += Products(b, masks3, magnitudes3, ones);
        }

        s0a.Store(sums);
        s0b.Store(sums + 16);
        s1a.Store(sums + sumStride);
        s1b.Store(sums + sumStride + 16);
        s2a.Store(sums + 2 * sumStride);
        s2b.Store(sums + 2 * sumStride + 16);
        s3a.Store(sums + 3 * sumStride);
        s3b.Store(sums + 3 * sumStride + 16);
    }
}
