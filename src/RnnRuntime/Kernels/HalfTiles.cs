using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// Products of 16-bit weights with several vectors. The weights are read and widened once for all of them: one pair of registers x 8, 6, 4, 3 or 2
/// vectors, two x 2. The names tell pairs, then vectors; 1x6 has 12 accumulators, 1x8 has 16.
/// </summary>
internal static unsafe class HalfTiles<T, TVector>
    where T : struct, IHalfVector<TVector>
    where TVector : struct
{
    /// <summary>A panel of whole pairs, for exactly 8, 6, 4, 3 or 2 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panel<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        for (int lane = 0, lanes; lane < width; lane += lanes, panel += lanes, init += lanes, y += lanes)
        {
            lanes = T.Lanes;
            switch (vectors)
            {
                case 8: Tile1x8<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride); break;
                case 6: Tile1x6<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride); break;
                case 4: Tile1x4<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride); break;
                case 3: Tile1x3<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride); break;
                default:
                    if (width - lane >= 2 * T.Lanes)
                    {
                        lanes = 2 * T.Lanes;
                        Tile2x2<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride);
                    }
                    else
                    {
                        Tile1x2<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride);
                    }

                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x8<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + initStride);
        var high1 = T.LoadHigh(init + initStride);
        var low2 = T.LoadLow(init + 2 * initStride);
        var high2 = T.LoadHigh(init + 2 * initStride);
        var low3 = T.LoadLow(init + 3 * initStride);
        var high3 = T.LoadHigh(init + 3 * initStride);
        var low4 = T.LoadLow(init + 4 * initStride);
        var high4 = T.LoadHigh(init + 4 * initStride);
        var low5 = T.LoadLow(init + 5 * initStride);
        var high5 = T.LoadHigh(init + 5 * initStride);
        var low6 = T.LoadLow(init + 6 * initStride);
        var high6 = T.LoadHigh(init + 6 * initStride);
        var low7 = T.LoadLow(init + 7 * initStride);
        var high7 = T.LoadHigh(init + 7 * initStride);
        var xFar = x + 3 * xStride;
        var xFarther = x + 6 * xStride;
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, xFar++, xFarther++, panel += width)
        {
            var words = T.Words(panel);
            var low = T.Low<TFormat>(words, scale);
            var high = T.High<TFormat>(words, scale);
            var value0 = T.Input<TFormat>(x, scale);
            low0 = T.MultiplyAdd(low, value0, low0);
            high0 = T.MultiplyAdd(high, value0, high0);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            low1 = T.MultiplyAdd(low, value1, low1);
            high1 = T.MultiplyAdd(high, value1, high1);
            var value2 = T.Input<TFormat>(x + 2 * xStride, scale);
            low2 = T.MultiplyAdd(low, value2, low2);
            high2 = T.MultiplyAdd(high, value2, high2);
            var value3 = T.Input<TFormat>(xFar, scale);
            low3 = T.MultiplyAdd(low, value3, low3);
            high3 = T.MultiplyAdd(high, value3, high3);
            var value4 = T.Input<TFormat>(xFar + xStride, scale);
            low4 = T.MultiplyAdd(low, value4, low4);
            high4 = T.MultiplyAdd(high, value4, high4);
            var value5 = T.Input<TFormat>(xFar + 2 * xStride, scale);
            low5 = T.MultiplyAdd(low, value5, low5);
            high5 = T.MultiplyAdd(high, value5, high5);
            var value6 = T.Input<TFormat>(xFarther, scale);
            low6 = T.MultiplyAdd(low, value6, low6);
            high6 = T.MultiplyAdd(high, value6, high6);
            var value7 = T.Input<TFormat>(xFarther + xStride, scale);
            low7 = T.MultiplyAdd(low, value7, low7);
            high7 = T.MultiplyAdd(high, value7, high7);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + yStride, low1);
        T.StoreHigh(y + yStride, high1);
        T.StoreLow(y + 2 * yStride, low2);
        T.StoreHigh(y + 2 * yStride, high2);
        T.StoreLow(y + 3 * yStride, low3);
        T.StoreHigh(y + 3 * yStride, high3);
        T.StoreLow(y + 4 * yStride, low4);
        T.StoreHigh(y + 4 * yStride, high4);
        T.StoreLow(y + 5 * yStride, low5);
        T.StoreHigh(y + 5 * yStride, high5);
        T.StoreLow(y + 6 * yStride, low6);
        T.StoreHigh(y + 6 * yStride, high6);
        T.StoreLow(y + 7 * yStride, low7);
        T.StoreHigh(y + 7 * yStride, high7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x6<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + initStride);
        var high1 = T.LoadHigh(init + initStride);
        var low2 = T.LoadLow(init + 2 * initStride);
        var high2 = T.LoadHigh(init + 2 * initStride);
        var low3 = T.LoadLow(init + 3 * initStride);
        var high3 = T.LoadHigh(init + 3 * initStride);
        var low4 = T.LoadLow(init + 4 * initStride);
        var high4 = T.LoadHigh(init + 4 * initStride);
        var low5 = T.LoadLow(init + 5 * initStride);
        var high5 = T.LoadHigh(init + 5 * initStride);
        var xFar = x + 3 * xStride;
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var words = T.Words(panel);
            var low = T.Low<TFormat>(words, scale);
            var high = T.High<TFormat>(words, scale);
            var value0 = T.Input<TFormat>(x, scale);
            low0 = T.MultiplyAdd(low, value0, low0);
            high0 = T.MultiplyAdd(high, value0, high0);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            low1 = T.MultiplyAdd(low, value1, low1);
            high1 = T.MultiplyAdd(high, value1, high1);
            var value2 = T.Input<TFormat>(x + 2 * xStride, scale);
            low2 = T.MultiplyAdd(low, value2, low2);
            high2 = T.MultiplyAdd(high, value2, high2);
            var value3 = T.Input<TFormat>(xFar, scale);
            low3 = T.MultiplyAdd(low, value3, low3);
            high3 = T.MultiplyAdd(high, value3, high3);
            var value4 = T.Input<TFormat>(xFar + xStride, scale);
            low4 = T.MultiplyAdd(low, value4, low4);
            high4 = T.MultiplyAdd(high, value4, high4);
            var value5 = T.Input<TFormat>(xFar + 2 * xStride, scale);
            low5 = T.MultiplyAdd(low, value5, low5);
            high5 = T.MultiplyAdd(high, value5, high5);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + yStride, low1);
        T.StoreHigh(y + yStride, high1);
        T.StoreLow(y + 2 * yStride, low2);
        T.StoreHigh(y + 2 * yStride, high2);
        T.StoreLow(y + 3 * yStride, low3);
        T.StoreHigh(y + 3 * yStride, high3);
        T.StoreLow(y + 4 * yStride, low4);
        T.StoreHigh(y + 4 * yStride, high4);
        T.StoreLow(y + 5 * yStride, low5);
        T.StoreHigh(y + 5 * yStride, high5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x4<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + initStride);
        var high1 = T.LoadHigh(init + initStride);
        var low2 = T.LoadLow(init + 2 * initStride);
        var high2 = T.LoadHigh(init + 2 * initStride);
        var low3 = T.LoadLow(init + 3 * initStride);
        var high3 = T.LoadHigh(init + 3 * initStride);
        var xFar = x + 3 * xStride;
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var words = T.Words(panel);
            var low = T.Low<TFormat>(words, scale);
            var high = T.High<TFormat>(words, scale);
            var value0 = T.Input<TFormat>(x, scale);
            low0 = T.MultiplyAdd(low, value0, low0);
            high0 = T.MultiplyAdd(high, value0, high0);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            low1 = T.MultiplyAdd(low, value1, low1);
            high1 = T.MultiplyAdd(high, value1, high1);
            var value2 = T.Input<TFormat>(x + 2 * xStride, scale);
            low2 = T.MultiplyAdd(low, value2, low2);
            high2 = T.MultiplyAdd(high, value2, high2);
            var value3 = T.Input<TFormat>(xFar, scale);
            low3 = T.MultiplyAdd(low, value3, low3);
            high3 = T.MultiplyAdd(high, value3, high3);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + yStride, low1);
        T.StoreHigh(y + yStride, high1);
        T.StoreLow(y + 2 * yStride, low2);
        T.StoreHigh(y + 2 * yStride, high2);
        T.StoreLow(y + 3 * yStride, low3);
        T.StoreHigh(y + 3 * yStride, high3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x3<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + initStride);
        var high1 = T.LoadHigh(init + initStride);
        var low2 = T.LoadLow(init + 2 * initStride);
        var high2 = T.LoadHigh(init + 2 * initStride);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var words = T.Words(panel);
            var low = T.Low<TFormat>(words, scale);
            var high = T.High<TFormat>(words, scale);
            var value0 = T.Input<TFormat>(x, scale);
            low0 = T.MultiplyAdd(low, value0, low0);
            high0 = T.MultiplyAdd(high, value0, high0);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            low1 = T.MultiplyAdd(low, value1, low1);
            high1 = T.MultiplyAdd(high, value1, high1);
            var value2 = T.Input<TFormat>(x + 2 * xStride, scale);
            low2 = T.MultiplyAdd(low, value2, low2);
            high2 = T.MultiplyAdd(high, value2, high2);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + yStride, low1);
        T.StoreHigh(y + yStride, high1);
        T.StoreLow(y + 2 * yStride, low2);
        T.StoreHigh(y + 2 * yStride, high2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x2<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0a = T.LoadLow(init);
        var high0a = T.LoadHigh(init);
        var low0b = T.LoadLow(init + T.Lanes);
        var high0b = T.LoadHigh(init + T.Lanes);
        var low1a = T.LoadLow(init + initStride);
        var high1a = T.LoadHigh(init + initStride);
        var low1b = T.LoadLow(init + initStride + T.Lanes);
        var high1b = T.LoadHigh(init + initStride + T.Lanes);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value0 = T.Input<TFormat>(x, scale);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            var wordsA = T.Words(panel);
            var lowA = T.Low<TFormat>(wordsA, scale);
            var highA = T.High<TFormat>(wordsA, scale);
            low0a = T.MultiplyAdd(lowA, value0, low0a);
            high0a = T.MultiplyAdd(highA, value0, high0a);
            low1a = T.MultiplyAdd(lowA, value1, low1a);
            high1a = T.MultiplyAdd(highA, value1, high1a);
            var wordsB = T.Words(panel + T.Lanes);
            var lowB = T.Low<TFormat>(wordsB, scale);
            var highB = T.High<TFormat>(wordsB, scale);
            low0b = T.MultiplyAdd(lowB, value0, low0b);
            high0b = T.MultiplyAdd(highB, value0, high0b);
            low1b = T.MultiplyAdd(lowB, value1, low1b);
            high1b = T.MultiplyAdd(highB, value1, high1b);
        }

        T.StoreLow(y, low0a);
        T.StoreHigh(y, high0a);
        T.StoreLow(y + T.Lanes, low0b);
        T.StoreHigh(y + T.Lanes, high0b);
        T.StoreLow(y + yStride, low1a);
        T.StoreHigh(y + yStride, high1a);
        T.StoreLow(y + yStride + T.Lanes, low1b);
        T.StoreHigh(y + yStride + T.Lanes, high1b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2<TFormat>(
        ushort* panel, nint width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + initStride);
        var high1 = T.LoadHigh(init + initStride);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var words = T.Words(panel);
            var low = T.Low<TFormat>(words, scale);
            var high = T.High<TFormat>(words, scale);
            var value0 = T.Input<TFormat>(x, scale);
            low0 = T.MultiplyAdd(low, value0, low0);
            high0 = T.MultiplyAdd(high, value0, high0);
            var value1 = T.Input<TFormat>(x + xStride, scale);
            low1 = T.MultiplyAdd(low, value1, low1);
            high1 = T.MultiplyAdd(high, value1, high1);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + yStride, low1);
        T.StoreHigh(y + yStride, high1);
    }
}
