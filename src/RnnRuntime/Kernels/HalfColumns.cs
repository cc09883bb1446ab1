using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// Products of 16-bit weights with one vector: 6, 4, 3, 2 or 1 pairs of accumulators. A column costs one broadcast and, for each pair, one load, what
/// widening takes, and two fused multiply-adds. Widths are in weights.
/// </summary>
internal static unsafe class HalfColumns<T, TVector>
    where T : struct, IHalfVector<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One6<TFormat>(ushort* panel, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + T.Lanes);
        var high1 = T.LoadHigh(init + T.Lanes);
        var low2 = T.LoadLow(init + 2 * T.Lanes);
        var high2 = T.LoadHigh(init + 2 * T.Lanes);
        var low3 = T.LoadLow(init + 3 * T.Lanes);
        var high3 = T.LoadHigh(init + 3 * T.Lanes);
        var low4 = T.LoadLow(init + 4 * T.Lanes);
        var high4 = T.LoadHigh(init + 4 * T.Lanes);
        var low5 = T.LoadLow(init + 5 * T.Lanes);
        var high5 = T.LoadHigh(init + 5 * T.Lanes);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = T.Input<TFormat>(x, scale);
            var words0 = T.Words(panel);
            low0 = T.MultiplyAdd(value, T.Low<TFormat>(words0, scale), low0);
            high0 = T.MultiplyAdd(value, T.High<TFormat>(words0, scale), high0);
            var words1 = T.Words(panel + T.Lanes);
            low1 = T.MultiplyAdd(value, T.Low<TFormat>(words1, scale), low1);
            high1 = T.MultiplyAdd(value, T.High<TFormat>(words1, scale), high1);
            var words2 = T.Words(panel + 2 * T.Lanes);
            low2 = T.MultiplyAdd(value, T.Low<TFormat>(words2, scale), low2);
            high2 = T.MultiplyAdd(value, T.High<TFormat>(words2, scale), high2);
            var words3 = T.Words(panel + 3 * T.Lanes);
            low3 = T.MultiplyAdd(value, T.Low<TFormat>(words3, scale), low3);
            high3 = T.MultiplyAdd(value, T.High<TFormat>(words3, scale), high3);
            var words4 = T.Words(panel + 4 * T.Lanes);
            low4 = T.MultiplyAdd(value, T.Low<TFormat>(words4, scale), low4);
            high4 = T.MultiplyAdd(value, T.High<TFormat>(words4, scale), high4);
            var words5 = T.Words(panel + 5 * T.Lanes);
            low5 = T.MultiplyAdd(value, T.Low<TFormat>(words5, scale), low5);
            high5 = T.MultiplyAdd(value, T.High<TFormat>(words5, scale), high5);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + T.Lanes, low1);
        T.StoreHigh(y + T.Lanes, high1);
        T.StoreLow(y + 2 * T.Lanes, low2);
        T.StoreHigh(y + 2 * T.Lanes, high2);
        T.StoreLow(y + 3 * T.Lanes, low3);
        T.StoreHigh(y + 3 * T.Lanes, high3);
        T.StoreLow(y + 4 * T.Lanes, low4);
        T.StoreHigh(y + 4 * T.Lanes, high4);
        T.StoreLow(y + 5 * T.Lanes, low5);
        T.StoreHigh(y + 5 * T.Lanes, high5);
    }

    /// <summary>Two pairs from each of two places that advance together: the halves of a panel, or two panels of the same width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One4<TFormat>(ushort* panel, ushort* next, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + T.Lanes);
        var high1 = T.LoadHigh(init + T.Lanes);
        var low2 = T.LoadLow(init + 2 * T.Lanes);
        var high2 = T.LoadHigh(init + 2 * T.Lanes);
        var low3 = T.LoadLow(init + 3 * T.Lanes);
        var high3 = T.LoadHigh(init + 3 * T.Lanes);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width, next += width)
        {
            var value = T.Input<TFormat>(x, scale);
            var words0 = T.Words(panel);
            low0 = T.MultiplyAdd(value, T.Low<TFormat>(words0, scale), low0);
            high0 = T.MultiplyAdd(value, T.High<TFormat>(words0, scale), high0);
            var words1 = T.Words(panel + T.Lanes);
            low1 = T.MultiplyAdd(value, T.Low<TFormat>(words1, scale), low1);
            high1 = T.MultiplyAdd(value, T.High<TFormat>(words1, scale), high1);
            var words2 = T.Words(next);
            low2 = T.MultiplyAdd(value, T.Low<TFormat>(words2, scale), low2);
            high2 = T.MultiplyAdd(value, T.High<TFormat>(words2, scale), high2);
            var words3 = T.Words(next + T.Lanes);
            low3 = T.MultiplyAdd(value, T.Low<TFormat>(words3, scale), low3);
            high3 = T.MultiplyAdd(value, T.High<TFormat>(words3, scale), high3);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + T.Lanes, low1);
        T.StoreHigh(y + T.Lanes, high1);
        T.StoreLow(y + 2 * T.Lanes, low2);
        T.StoreHigh(y + 2 * T.Lanes, high2);
        T.StoreLow(y + 3 * T.Lanes, low3);
        T.StoreHigh(y + 3 * T.Lanes, high3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One3<TFormat>(ushort* panel, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + T.Lanes);
        var high1 = T.LoadHigh(init + T.Lanes);
        var low2 = T.LoadLow(init + 2 * T.Lanes);
        var high2 = T.LoadHigh(init + 2 * T.Lanes);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = T.Input<TFormat>(x, scale);
            var words0 = T.Words(panel);
            low0 = T.MultiplyAdd(value, T.Low<TFormat>(words0, scale), low0);
            high0 = T.MultiplyAdd(value, T.High<TFormat>(words0, scale), high0);
            var words1 = T.Words(panel + T.Lanes);
            low1 = T.MultiplyAdd(value, T.Low<TFormat>(words1, scale), low1);
            high1 = T.MultiplyAdd(value, T.High<TFormat>(words1, scale), high1);
            var words2 = T.Words(panel + 2 * T.Lanes);
            low2 = T.MultiplyAdd(value, T.Low<TFormat>(words2, scale), low2);
            high2 = T.MultiplyAdd(value, T.High<TFormat>(words2, scale), high2);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + T.Lanes, low1);
        T.StoreHigh(y + T.Lanes, high1);
        T.StoreLow(y + 2 * T.Lanes, low2);
        T.StoreHigh(y + 2 * T.Lanes, high2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One2<TFormat>(ushort* panel, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var low1 = T.LoadLow(init + T.Lanes);
        var high1 = T.LoadHigh(init + T.Lanes);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = T.Input<TFormat>(x, scale);
            var words0 = T.Words(panel);
            low0 = T.MultiplyAdd(value, T.Low<TFormat>(words0, scale), low0);
            high0 = T.MultiplyAdd(value, T.High<TFormat>(words0, scale), high0);
            var words1 = T.Words(panel + T.Lanes);
            low1 = T.MultiplyAdd(value, T.Low<TFormat>(words1, scale), low1);
            high1 = T.MultiplyAdd(value, T.High<TFormat>(words1, scale), high1);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
        T.StoreLow(y + T.Lanes, low1);
        T.StoreHigh(y + T.Lanes, high1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One1<TFormat>(ushort* panel, nint width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var low0 = T.LoadLow(init);
        var high0 = T.LoadHigh(init);
        var scale = T.Create(factor);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = T.Input<TFormat>(x, scale);
            var words0 = T.Words(panel);
            low0 = T.MultiplyAdd(value, T.Low<TFormat>(words0, scale), low0);
            high0 = T.MultiplyAdd(value, T.High<TFormat>(words0, scale), high0);
        }

        T.StoreLow(y, low0);
        T.StoreHigh(y, high0);
    }
}
