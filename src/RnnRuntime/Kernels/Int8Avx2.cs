using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2. Four columns of a vector are broadcast; their signs move to the weights (<c>vpsignb</c>), so that <c>vpmaddubsw</c> sees unsigned
/// magnitudes up to 127 and cannot saturate; <c>vpmaddwd</c> with ones widens to int32. One vector: 8, 4, 2 or 1 accumulators, plus the
/// broadcast, its magnitude, ones and a temporary (12 live registers). Several vectors: 16 lanes x 4 vectors.
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

    public static int LargestMagnitudeBits(float* x, int count) => Int8Avx2Quantizer.LargestMagnitudeBits(x, count);

    public static void Quantize(float* x, int count, float factor, sbyte* result) => Int8Avx2Quantizer.Quantize(x, count, factor, result);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<sbyte> weights, Vector256<sbyte> x, Vector256<byte> magnitudes, Vector256<short> ones) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(weights, x)), ones);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var s0 = Vector256<int>.Zero;
        var s1 = Vector256<int>.Zero;
        var s2 = Vector256<int>.Zero;
        var s3 = Vector256<int>.Zero;
        var s4 = Vector256<int>.Zero;
        var s5 = Vector256<int>.Zero;
        var s6 = Vector256<int>.Zero;
        var s7 = Vector256<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var value = Vector256.Create(*(int*)x).AsSByte();
            var magnitudes = Avx2.Abs(value);
            s0 += Products(Vector256.Load(panel), value, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), value, magnitudes, ones);
            s2 += Products(Vector256.Load(panel + 64), value, magnitudes, ones);
            s3 += Products(Vector256.Load(panel + 96), value, magnitudes, ones);
            s4 += Products(Vector256.Load(panel + 128), value, magnitudes, ones);
            s5 += Products(Vector256.Load(panel + 160), value, magnitudes, ones);
            s6 += Products(Vector256.Load(panel + 192), value, magnitudes, ones);
            s7 += Products(Vector256.Load(panel + 224), value, magnitudes, ones);
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
        var s0 = Vector256<int>.Zero;
        var s1 = Vector256<int>.Zero;
        var s2 = Vector256<int>.Zero;
        var s3 = Vector256<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var value = Vector256.Create(*(int*)x).AsSByte();
            var magnitudes = Avx2.Abs(value);
            s0 += Products(Vector256.Load(panel), value, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), value, magnitudes, ones);
            s2 += Products(Vector256.Load(panel + 64), value, magnitudes, ones);
            s3 += Products(Vector256.Load(panel + 96), value, magnitudes, ones);
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
        var s0 = Vector256<int>.Zero;
        var s1 = Vector256<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += 64)
        {
            var value = Vector256.Create(*(int*)x).AsSByte();
            var magnitudes = Avx2.Abs(value);
            s0 += Products(Vector256.Load(panel), value, magnitudes, ones);
            s1 += Products(Vector256.Load(panel + 32), value, magnitudes, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var s0 = Vector256<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += 32)
        {
            var value = Vector256.Create(*(int*)x).AsSByte();
            var magnitudes = Avx2.Abs(value);
            s0 += Products(Vector256.Load(panel), value, magnitudes, ones);
        }

        s0.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x4(sbyte* panel, nint stride, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride)
    {
        var ones = Vector256.Create((short)1);
        var s0a = Vector256<int>.Zero;
        var s0b = Vector256<int>.Zero;
        var s1a = Vector256<int>.Zero;
        var s1b = Vector256<int>.Zero;
        var s2a = Vector256<int>.Zero;
        var s2b = Vector256<int>.Zero;
        var s3a = Vector256<int>.Zero;
        var s3b = Vector256<int>.Zero;
        for (var end = x + quads * 4; x < end; x += 4, panel += stride)
        {
            var a = Vector256.Load(panel);
            var b = Vector256.Load(panel + 32);
            var value0 = Vector256.Create(*(int*)x).AsSByte();
            var magnitudes0 = Avx2.Abs(value0);
            s0a += Products(a, value0, magnitudes0, ones);
            s0b += Products(b, value0, magnitudes0, ones);
            var value1 = Vector256.Create(*(int*)(x + xStride)).AsSByte();
            var magnitudes1 = Avx2.Abs(value1);
            s1a += Products(a, value1, magnitudes1, ones);
            s1b += Products(b, value1, magnitudes1, ones);
            var value2 = Vector256.Create(*(int*)(x + 2 * xStride)).AsSByte();
            var magnitudes2 = Avx2.Abs(value2);
            s2a += Products(a, value2, magnitudes2, ones);
            s2b += Products(b, value2, magnitudes2, ones);
            var value3 = Vector256.Create(*(int*)(x + 3 * xStride)).AsSByte();
            var magnitudes3 = Avx2.Abs(value3);
            s3a += Products(a, value3, magnitudes3, ones);
            s3b += Products(b, value3, magnitudes3, ones);
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
