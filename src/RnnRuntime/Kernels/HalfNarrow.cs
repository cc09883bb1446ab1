using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>Panels of 8 lanes of 16-bit weights: one 256-bit accumulator for each of 8, 4, 2 or 1 vectors.</summary>
internal static unsafe class HalfNarrow<TFormat>
    where TFormat : struct, IHalfFormat
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Many(
        ushort* panel, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        for (; vectors >= 8; vectors -= 8, x += 8 * xStride, init += 8 * initStride, y += 8 * yStride)
        {
            Tile8x8(panel, columns, factor, x, xStride, init, initStride, y, yStride);
        }

        for (; vectors >= 4; vectors -= 4, x += 4 * xStride, init += 4 * initStride, y += 4 * yStride)
        {
            Tile8x4(panel, columns, factor, x, xStride, init, initStride, y, yStride);
        }

        for (; vectors >= 2; vectors -= 2, x += 2 * xStride, init += 2 * initStride, y += 2 * yStride)
        {
            Tile8x2(panel, columns, factor, x, xStride, init, initStride, y, yStride);
        }

        if (vectors == 1)
        {
            One(panel, columns, factor, x, init, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(ushort* panel, nint columns, float factor, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        var scale = Vector256.Create(factor);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            var a = Weights(panel, scale);
            s0 = Fma.MultiplyAdd(a, Input(x, scale), s0);
        }

        s0.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x8(
        ushort* panel, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + initStride);
        var s2 = Vector256.Load(init + 2 * initStride);
        var s3 = Vector256.Load(init + 3 * initStride);
        var s4 = Vector256.Load(init + 4 * initStride);
        var s5 = Vector256.Load(init + 5 * initStride);
        var s6 = Vector256.Load(init + 6 * initStride);
        var s7 = Vector256.Load(init + 7 * initStride);
        var xFar = x + 3 * xStride;
        var xFarther = x + 6 * xStride;
        var scale = Vector256.Create(factor);
        for (var end = x + columns; x < end; x++, xFar++, xFarther++, panel += 8)
        {
            var a = Weights(panel, scale);
            s0 = Fma.MultiplyAdd(a, Input(x, scale), s0);
            s1 = Fma.MultiplyAdd(a, Input(x + xStride, scale), s1);
            s2 = Fma.MultiplyAdd(a, Input(x + 2 * xStride, scale), s2);
            s3 = Fma.MultiplyAdd(a, Input(xFar, scale), s3);
            s4 = Fma.MultiplyAdd(a, Input(xFar + xStride, scale), s4);
            s5 = Fma.MultiplyAdd(a, Input(xFar + 2 * xStride, scale), s5);
            s6 = Fma.MultiplyAdd(a, Input(xFarther, scale), s6);
            s7 = Fma.MultiplyAdd(a, Input(xFarther + xStride, scale), s7);
        }

        s0.Store(y);
        s1.Store(y + yStride);
        s2.Store(y + 2 * yStride);
        s3.Store(y + 3 * yStride);
        s4.Store(y + 4 * yStride);
        s5.Store(y + 5 * yStride);
        s6.Store(y + 6 * yStride);
        s7.Store(y + 7 * yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x4(
        ushort* panel, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + initStride);
        var s2 = Vector256.Load(init + 2 * initStride);
        var s3 = Vector256.Load(init + 3 * initStride);
        var xFar = x + 3 * xStride;
        var scale = Vector256.Create(factor);
        for (var end = x + columns; x < end; x++, xFar++, panel += 8)
        {
            var a = Weights(panel, scale);
            s0 = Fma.MultiplyAdd(a, Input(x, scale), s0);
            s1 = Fma.MultiplyAdd(a, Input(x + xStride, scale), s1);
            s2 = Fma.MultiplyAdd(a, Input(x + 2 * xStride, scale), s2);
            s3 = Fma.MultiplyAdd(a, Input(xFar, scale), s3);
        }

        s0.Store(y);
        s1.Store(y + yStride);
        s2.Store(y + 2 * yStride);
        s3.Store(y + 3 * yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2(
        ushort* panel, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + initStride);
        var scale = Vector256.Create(factor);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            var a = Weights(panel, scale);
            s0 = Fma.MultiplyAdd(a, Input(x, scale), s0);
            s1 = Fma.MultiplyAdd(a, Input(x + xStride, scale), s1);
        }

        s0.Store(y);
        s1.Store(y + yStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Weights(ushort* source, Vector256<float> factor) =>
        TFormat.Low<HalfVector256, Vector256<float>>(Avx2.ConvertToVector256Int32(source).AsSingle(), factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Input(float* source, Vector256<float> factor) =>
        TFormat.Input<HalfVector256, Vector256<float>>(Vector256.Create(*source), factor);
}
