using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// What a cell does with the pre-activations of one stream: gates, activations and the new state, elementwise. Units come in groups of 8; states and outputs are
/// padded to whole groups. The hidden state and y may be one.
/// </summary>
internal unsafe interface ICellUnits
{
    /// <summary>Whether this processor can execute it.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>c' = f*c + i*g, h' = o*tanh(c'). Gates are [group][i, f, g, o][8]; they are overwritten.</summary>
    static abstract void Lstm(int groups, float* gates, float* cell, float* hidden, float* y);

    /// <summary>
    /// n = tanh(candidates + r * recurrent), h' = n + z * (h - n). Gates are [group][r, z][8], candidates [group][8]; without recurrent (null) candidates
    /// are the whole sum.
    /// </summary>
    static abstract void Gru(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y);

    /// <summary>result = r * h; gates are [group][r, z][8].</summary>
    static abstract void Reset(int groups, float* gates, float* hidden, float* result);

    /// <summary>Tiny states become 0; y is the hidden state.</summary>
    static abstract void Flush(int groups, float* hidden, float* y);
}

/// <summary>
/// Written once over lanes. Lanes wider than a group take two groups at a time, with half of the instructions a unit: what limits these loops is how many
/// dependent operations the processor can look ahead (measured: a fifth less time). The last group of an odd number is taken twice, as both halves.
/// </summary>
internal readonly unsafe struct CellUnits<TLanes, TVector> : ICellUnits
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    public static bool IsSupported => TLanes.IsSupported;

    private static int GroupsAtATime
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLanes.Width > 8 ? TLanes.Width / 8 : 1;
    }

    // Two passes: the second one waits for the first one's results, and one loop would fill the processor's window with waiting work
    // (measured at 24 units: 1.3 times slower).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lstm(int groups, float* gates, float* cell, float* hidden, float* y)
    {
        for (var group = 0; group < groups; group += GroupsAtATime)
        {
            var next = Next(group, groups, 32);
            for (var unit = gates + (group * 32); unit < gates + (group * 32) + 8; unit += TLanes.Width)
            {
                var i = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(unit, next));
                var g = Activations<TLanes, TVector>.Tanh(TLanes.LoadUnits(unit + 16, next));
                var f = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(unit + 8, next));
                var o = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(unit + 24, next));
                TLanes.StoreUnits(unit, next, TLanes.Multiply(i, g));
                TLanes.StoreUnits(unit + 8, next, f);
                TLanes.StoreUnits(unit + 24, next, o);
            }
        }

        for (var group = 0; group < groups; group += GroupsAtATime, gates += GroupsAtATime * 32, cell += GroupsAtATime * 8, hidden += GroupsAtATime * 8, y += GroupsAtATime * 8)
        {
            var next = Next(group, groups, 32);
            var nextState = Next(group, groups, 8);
            for (var unit = 0; unit < 8; unit += TLanes.Width)
            {
                var c = TLanes.MultiplyAdd(
                    TLanes.LoadUnits(gates + unit + 8, next), TLanes.LoadUnits(cell + unit, nextState), TLanes.LoadUnits(gates + unit, next));
                c = Activations<TLanes, TVector>.Flush(c);
                var h = TLanes.Multiply(TLanes.LoadUnits(gates + unit + 24, next), Activations<TLanes, TVector>.Tanh(c));
                h = Activations<TLanes, TVector>.Flush(h);
                TLanes.StoreUnits(cell + unit, nextState, c);
                TLanes.StoreUnits(hidden + unit, nextState, h);
                TLanes.StoreUnits(y + unit, nextState, h);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gru(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y)
    {
        for (var group = 0; group < groups; group += GroupsAtATime, gates += GroupsAtATime * 16)
        {
            var next = Next(group, groups, 16);
            var nextState = Next(group, groups, 8);
            for (var unit = group * 8; unit < (group * 8) + 8; unit += TLanes.Width)
            {
                var gate = gates + unit - (group * 8);
                var sum = TLanes.LoadUnits(candidates + unit, nextState);
                if (recurrent != null)
                {
                    var r = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(gate, next));
                    sum = TLanes.MultiplyAdd(r, TLanes.LoadUnits(recurrent + unit, nextState), sum);
                }

                var z = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(gate + 8, next));
                var n = Activations<TLanes, TVector>.Tanh(sum);
                var h = TLanes.MultiplyAdd(z, TLanes.Subtract(TLanes.LoadUnits(hidden + unit, nextState), n), n);
                h = Activations<TLanes, TVector>.Flush(h);
                TLanes.StoreUnits(hidden + unit, nextState, h);
                TLanes.StoreUnits(y + unit, nextState, h);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reset(int groups, float* gates, float* hidden, float* result)
    {
        for (var group = 0; group < groups; group += GroupsAtATime, gates += GroupsAtATime * 16)
        {
            var next = Next(group, groups, 16);
            var nextState = Next(group, groups, 8);
            for (var unit = group * 8; unit < (group * 8) + 8; unit += TLanes.Width)
            {
                var r = Activations<TLanes, TVector>.Sigmoid(TLanes.LoadUnits(gates + unit - (group * 8), next));
                var h = TLanes.Multiply(r, TLanes.LoadUnits(hidden + unit, nextState));
                TLanes.StoreUnits(result + unit, nextState, Activations<TLanes, TVector>.Flush(h));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Flush(int groups, float* hidden, float* y)
    {
        for (var group = 0; group < groups; group += GroupsAtATime)
        {
            var nextState = Next(group, groups, 8);
            for (var unit = group * 8; unit < (group * 8) + 8; unit += TLanes.Width)
            {
                var h = Activations<TLanes, TVector>.Flush(TLanes.LoadUnits(hidden + unit, nextState));
                TLanes.StoreUnits(hidden + unit, nextState, h);
                TLanes.StoreUnits(y + unit, nextState, h);
            }
        }
    }

    /// <summary>Floats to the second group that is taken with this one; 0 where there is none left, so that both halves are the same group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Next(int group, int groups, int stride) => TLanes.Width > 8 && group + 1 < groups ? stride : 0;
}
