using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>x where x &gt;= 0, else alpha * x.</summary>
internal readonly struct LeakyReluOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.SelectLess(x, TLanes.Broadcast(0f), TLanes.Multiply(alpha, x), x);
}

/// <summary>x where x &gt;= 0, else alpha * (e^x - 1).</summary>
internal readonly struct EluOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.SelectLess(x, TLanes.Broadcast(0f), TLanes.Multiply(alpha, Activations<TLanes, TVector>.ExpMinusOne(x)), x);
}

/// <summary>max(0, min(1, alpha * x + beta)).</summary>
internal readonly struct HardSigmoidOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.Maximum(TLanes.Broadcast(0f), TLanes.Minimum(TLanes.Broadcast(1f), TLanes.MultiplyAdd(alpha, x, beta)));
}

/// <summary>x where x &gt; alpha, else 0.</summary>
internal readonly struct ThresholdedReluOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.SelectLess(x, alpha, TLanes.Broadcast(0f), TLanes.SelectEqual(x, alpha, TLanes.Broadcast(0f), x));
}

/// <summary>alpha * tanh(beta * x).</summary>
internal readonly struct ScaledTanhOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.Multiply(alpha, Activations<TLanes, TVector>.Tanh(TLanes.Multiply(beta, x)));
}

/// <summary>alpha * x + beta, rounded once.</summary>
internal readonly struct AffineOperation : IParameterOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.MultiplyAdd(alpha, x, beta);
}
