using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX-512BW. There is no <c>vpsignb</c> this wide: weights are negated where x is negative as (w ^ m) - m with the mask m once a column
/// group. One vector: panels of 64 lanes are 4 accumulators, two panels together 8. Several vectors: 32 lanes x 4 vectors.
/// A panel of 8 lanes takes the half-width path.
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

    public static int LargestMagnitudeBits(float* x, int count) => Int8Avx2Quantizer.LargestMagnitudeBits(x, count);

    public static void Quantize(float* x, int count, float factor, sbyte* result) => Int8Avx2Quantizer.Quantize(x, count, factor, result);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<sbyte> weights, Vector512<sbyte> negative, Vector512<byte> magnitudes, Vector512<short> ones) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(magnitudes, (weights ^ negative) - negative), ones);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One128(sbyte* panel, sbyte* next, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var s0 = Vector512<int>.Zero;
        var s1 = Vector512<int>.Zero;
        var s2 = Vector512<int>.Zero;
        var s3 = Vector512<int>.Zero;
        var s4 = Vector512<int>.Zero;
        var s5 = Vector512<int>.Zero;
        var s6 = Vector512<int>.Zero;
        var s7 = Vector512<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += 256, next += 256)
        {
            var value = Vector512.Create(*(int*)x).AsSByte();
            var magnitudes = Avx512BW.Abs(value);
            var negative = Vector512.LessThan(value, Vector512<sbyte>.Zero);
            s0 += Products(Vector512.Load(panel), negative, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), negative, magnitudes, ones);
            s2 += Products(Vector512.Load(panel + 128), negative, magnitudes, ones);
            s3 += Products(Vector512.Load(panel + 192), negative, magnitudes, ones);
            s4 += Products(Vector512.Load(next), negative, magnitudes, ones);
            s5 += Products(Vector512.Load(next + 64), negative, magnitudes, ones);
            s6 += Products(Vector512.Load(next + 128), negative, magnitudes, ones);
            s7 += Products(Vector512.Load(next + 192), negative, magnitudes, ones);
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
        var s0 = Vector512<int>.Zero;
        var s1 = Vector512<int>.Zero;
        var s2 = Vector512<int>.Zero;
        var s3 = Vector512<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var value = Vector512.Create(*(int*)x).AsSByte();
            var magnitudes = Avx512BW.Abs(value);
            var negative = Vector512.LessThan(value, Vector512<sbyte>.Zero);
            s0 += Products(Vector512.Load(panel), negative, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), negative, magnitudes, ones);
            s2 += Products(Vector512.Load(panel + 128), negative, magnitudes, ones);
            s3 += Products(Vector512.Load(panel + 192), negative, magnitudes, ones);
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
        var s0 = Vector512<int>.Zero;
        var s1 = Vector512<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var value = Vector512.Create(*(int*)x).AsSByte();
            var magnitudes = Avx512BW.Abs(value);
            var negative = Vector512.LessThan(value, Vector512<sbyte>.Zero);
            s0 += Products(Vector512.Load(panel), negative, magnitudes, ones);
            s1 += Products(Vector512.Load(panel + 64), negative, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var s0 = Vector512<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += 64)
        {
            var value = Vector512.Create(*(int*)x).AsSByte();
            var magnitudes = Avx512BW.Abs(value);
            var negative = Vector512.LessThan(value, Vector512<sbyte>.Zero);
            s0 += Products(Vector512.Load(panel), negative, magnitudes, ones);
        }

        s0.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile32x4(sbyte* panel, nint stride, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride)
    {
        var ones = Vector512.Create((short)1);
        var s0a = Vector512<int>.Zero;
        var s0b = Vector512<int>.Zero;
        var s1a = Vector512<int>.Zero;
        var s1b = Vector512<int>.Zero;
        var s2a = Vector512<int>.Zero;
        var s2b = Vector512<int>.Zero;
        var s3a = Vector512<int>.Zero;
        var s3b = Vector512<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var a = Vector512.Load(panel);
            var b = Vector512.Load(panel + 64);
            var value0 = Vector512.Create(*(int*)x).AsSByte();
            var magnitudes0 = Avx512BW.Abs(value0);
            var negative0 = Vector512.LessThan(value0, Vector512<sbyte>.Zero);
            s0a += Products(a, negative0, magnitudes0, ones);
            s0b += Products(b, negative0, magnitudes0, ones);
            var value1 = Vector512.Create(*(int*)(x + xStride)).AsSByte();
            var magnitudes1 = Avx512BW.Abs(value1);
            var negative1 = Vector512.LessThan(value1, Vector512<sbyte>.Zero);
            s1a += Products(a, negative1, magnitudes1, ones);
            s1b += Products(b, negative1, magnitudes1, ones);
            var value2 = Vector512.Create(*(int*)(x + 2 * xStride)).AsSByte();
            var magnitudes2 = Avx512BW.Abs(value2);
            var negative2 = Vector512.LessThan(value2, Vector512<sbyte>.Zero);
            s2a += Products(a, negative2, magnitudes2, ones);
            s2b += Products(b, negative2, magnitudes2, ones);
            var value3 = Vector512.Create(*(int*)(x + 3 * xStride)).AsSByte();
            var magnitudes3 = Avx512BW.Abs(value3);
            var negative3 = Vector512.LessThan(value3, Vector512<sbyte>.Zero);
            s3a += Products(a, negative3, magnitudes3, ones);
            s3b += Products(b, negative3, magnitudes3, ones);
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
