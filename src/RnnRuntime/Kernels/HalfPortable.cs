using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// 128-bit vectors of any processor. A block of 16 lanes is two registers of words and four accumulators. One vector: two blocks side by side, 8 accumulators, with
/// input, words, two weights, factor and mask 14 live registers. Several vectors: a block x 2 vectors.
/// </summary>
internal readonly unsafe struct HalfPortable : IHalfKernel
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int TileVectors => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One<TFormat>(ushort* panels, int lanes, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * columns;
            switch (width)
            {
                case >= 32:
                    for (var lane = 0; lane < width; lane += 32)
                    {
                        One32<TFormat>(panel + lane, width, columns, factor, x, init + start + lane, y + start + lane);
                    }

                    break;
                case 16: One16<TFormat>(panel, columns, factor, x, init + start, y + start); break;
                default: One8<TFormat>(panel, columns, factor, x, init + start, y + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        for (; vectors >= 2; vectors -= 2, x += 2 * xStride, init += 2 * initStride, y += 2 * yStride)
        {
            if (width == 8)
            {
                Tile8x2<TFormat>(panel, columns, factor, x, xStride, init, initStride, y, yStride);
                continue;
            }

            for (var lane = 0; lane < width; lane += 16)
            {
                Tile16x2<TFormat>(panel + lane, width, columns, factor, x, xStride, init + lane, initStride, y + lane, yStride);
            }
        }

        if (vectors == 1)
        {
            One<TFormat>(panel, width, columns, factor, x, init, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low<TFormat>(Vector128<float> words, Vector128<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Low<HalfVector128, Vector128<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High<TFormat>(Vector128<float> words, Vector128<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.High<HalfVector128, Vector128<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Input<TFormat>(float* source, Vector128<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Input<HalfVector128, Vector128<float>>(Vector128.Create(*source), factor);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32<TFormat>(ushort* panel, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var scale = Vector128.Create(factor);
        var low0 = Vector128.Load(init);
        var high0 = Vector128.Load(init + 8);
        var low1 = Vector128.Load(init + 4);
        var high1 = Vector128.Load(init + 12);
        var low2 = Vector128.Load(init + 16);
        var high2 = Vector128.Load(init + 24);
        var low3 = Vector128.Load(init + 20);
        var high3 = Vector128.Load(init + 28);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = Input<TFormat>(x, scale);
            var words0 = Vector128.Load((float*)panel);
            low0 = Vector128.FusedMultiplyAdd(Low<TFormat>(words0, scale), value, low0);
            high0 = Vector128.FusedMultiplyAdd(High<TFormat>(words0, scale), value, high0);
            var words1 = Vector128.Load((float*)(panel + 8));
            low1 = Vector128.FusedMultiplyAdd(Low<TFormat>(words1, scale), value, low1);
            high1 = Vector128.FusedMultiplyAdd(High<TFormat>(words1, scale), value, high1);
            var words2 = Vector128.Load((float*)(panel + 16));
            low2 = Vector128.FusedMultiplyAdd(Low<TFormat>(words2, scale), value, low2);
            high2 = Vector128.FusedMultiplyAdd(High<TFormat>(words2, scale), value, high2);
            var words3 = Vector128.Load((float*)(panel + 24));
            low3 = Vector128.FusedMultiplyAdd(Low<TFormat>(words3, scale), value, low3);
            high3 = Vector128.FusedMultiplyAdd(High<TFormat>(words3, scale), value, high3);
        }

        low0.Store(y);
        high0.Store(y + 8);
        low1.Store(y + 4);
        high1.Store(y + 12);
        low2.Store(y + 16);
        high2.Store(y + 24);
        low3.Store(y + 20);
        high3.Store(y + 28);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16<TFormat>(ushort* panel, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var scale = Vector128.Create(factor);
        var low0 = Vector128.Load(init);
        var high0 = Vector128.Load(init + 8);
        var low1 = Vector128.Load(init + 4);
        var high1 = Vector128.Load(init + 12);
        for (var end = x + columns; x < end; x++, panel += 16)
        {
            var value = Input<TFormat>(x, scale);
            var words0 = Vector128.Load((float*)panel);
            low0 = Vector128.FusedMultiplyAdd(Low<TFormat>(words0, scale), value, low0);
            high0 = Vector128.FusedMultiplyAdd(High<TFormat>(words0, scale), value, high0);
            var words1 = Vector128.Load((float*)(panel + 8));
            low1 = Vector128.FusedMultiplyAdd(Low<TFormat>(words1, scale), value, low1);
            high1 = Vector128.FusedMultiplyAdd(High<TFormat>(words1, scale), value, high1);
        }

        low0.Store(y);
        high0.Store(y + 8);
        low1.Store(y + 4);
        high1.Store(y + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8<TFormat>(ushort* panel, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var scale = Vector128.Create(factor);
        var a = Vector128.Load(init);
        var b = Vector128.Load(init + 4);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            var (weightsA, weightsB) = Eight<TFormat>(panel, scale);
            var value = Input<TFormat>(x, scale);
            a = Vector128.FusedMultiplyAdd(weightsA, value, a);
            b = Vector128.FusedMultiplyAdd(weightsB, value, b);
        }

        a.Store(y);
        b.Store(y + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2<TFormat>(
        ushort* panel, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var scale = Vector128.Create(factor);
        var s0a = Vector128.Load(init);
        var s0b = Vector128.Load(init + 4);
        var s1a = Vector128.Load(init + initStride);
        var s1b = Vector128.Load(init + initStride + 4);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            var (a, b) = Eight<TFormat>(panel, scale);
            var value0 = Input<TFormat>(x, scale);
            s0a = Vector128.FusedMultiplyAdd(a, value0, s0a);
            s0b = Vector128.FusedMultiplyAdd(b, value0, s0b);
            var value1 = Input<TFormat>(x + xStride, scale);
            s1a = Vector128.FusedMultiplyAdd(a, value1, s1a);
            s1b = Vector128.FusedMultiplyAdd(b, value1, s1b);
        }

        s0a.Store(y);
        s0b.Store(y + 4);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x2<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var scale = Vector128.Create(factor);
        var low0a = Vector128.Load(init);
        var low0b = Vector128.Load(init + 4);
        var high0a = Vector128.Load(init + 8);
        var high0b = Vector128.Load(init + 12);
        var low1a = Vector128.Load(init + initStride);
        var low1b = Vector128.Load(init + initStride + 4);
        var high1a = Vector128.Load(init + initStride + 8);
        var high1b = Vector128.Load(init + initStride + 12);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value0 = Input<TFormat>(x, scale);
            var value1 = Input<TFormat>(x + xStride, scale);
            var wordsA = Vector128.Load((float*)panel);
            var lowA = Low<TFormat>(wordsA, scale);
            low0a = Vector128.FusedMultiplyAdd(lowA, value0, low0a);
            low1a = Vector128.FusedMultiplyAdd(lowA, value1, low1a);
            var highA = High<TFormat>(wordsA, scale);
            high0a = Vector128.FusedMultiplyAdd(highA, value0, high0a);
            high1a = Vector128.FusedMultiplyAdd(highA, value1, high1a);
            var wordsB = Vector128.Load((float*)(panel + 8));
            var lowB = Low<TFormat>(wordsB, scale);
            low0b = Vector128.FusedMultiplyAdd(lowB, value0, low0b);
            low1b = Vector128.FusedMultiplyAdd(lowB, value1, low1b);
            var highB = High<TFormat>(wordsB, scale);
            high0b = Vector128.FusedMultiplyAdd(highB, value0, high0b);
            high1b = Vector128.FusedMultiplyAdd(highB, value1, high1b);
        }

        low0a.Store(y);
        low0b.Store(y + 4);
        high0a.Store(y + 8);
        high0b.Store(y + 12);
        low1a.Store(y + yStride);
        low1b.Store(y + yStride + 4);
        high1a.Store(y + yStride + 8);
        high1b.Store(y + yStride + 12);
    }

    /// <summary>The weights of a panel of 8 lanes, which are not two to a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> First, Vector128<float> Second) Eight<TFormat>(ushort* panel, Vector128<float> factor)
        where TFormat : struct, IHalfFormat
    {
        var weights = Vector128.Load(panel);
        return (Low<TFormat>(Vector128.WidenLower(weights).AsSingle(), factor), Low<TFormat>(Vector128.WidenUpper(weights).AsSingle(), factor));
    }
}

/// <summary>Four words: half a block of 16 lanes.</summary>
internal readonly struct HalfVector128 : IHalfWords<Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> BFloat16Low(Vector128<float> words) => (words.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> BFloat16High(Vector128<float> words) => (words.AsUInt32() & Vector128.Create(0xffff0000)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Float16Low(Vector128<float> words) =>
        (((words.AsInt32() << 16) >> 3) & Vector128.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Float16High(Vector128<float> words) => ((words.AsInt32() >> 3) & Vector128.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;
}
