using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <content>What follows the products of a cell, for some groups of 8 units: a cell that several threads share is made of these and of products.</content>
internal abstract unsafe partial class KernelVariant
{
    /// <summary>
    /// c' = f*c + i*g, h' = o*tanh(c') from pre-activations [group][i, f, g, o][unit], which are overwritten. Cell is replaced, hidden and y receive h'; they may be one.
    /// </summary>
    public abstract void LstmUnits(int groups, float* gates, float* cell, float* hidden, float* y);

    /// <summary>
    /// n = tanh(candidates + r * recurrent), h' = n + z * (h - n) from pre-activations [group][r, z][unit] and [unit]; without recurrent (null) candidates are the
    /// whole sum. Hidden is replaced, y receives the same; they may be one.
    /// </summary>
    public abstract void GruUnits(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y);

    /// <summary>result = r * h from pre-activations [group][r, z][unit].</summary>
    public abstract void ResetUnits(int groups, float* gates, float* hidden, float* result);
}

/// <content>What follows the products of a cell.</content>
internal sealed unsafe partial class KernelVariant<TFp32, THalf, TInt8, TUnits, TLanes, TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void LstmUnits(int groups, float* gates, float* cell, float* hidden, float* y) =>
        TUnits.Lstm(groups, gates, cell, hidden, y);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruUnits(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y) =>
        TUnits.Gru(groups, gates, candidates, recurrent, hidden, y);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void ResetUnits(int groups, float* gates, float* hidden, float* result) =>
        TUnits.Reset(groups, gates, hidden, result);
}
