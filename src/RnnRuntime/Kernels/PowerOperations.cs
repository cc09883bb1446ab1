using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

internal readonly struct SquareOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Multiply(x, x);
}

internal readonly struct CubeOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Multiply(TLanes.Multiply(x, x), x);
}

/// <summary>The square root with the signs of C's pow: +0 for -0, +infinity for -infinity.</summary>
internal readonly struct RootOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.SelectEqual(
            x, TLanes.Broadcast(float.NegativeInfinity), TLanes.Broadcast(float.PositiveInfinity), TLanes.Sqrt(TLanes.Add(x, TLanes.Broadcast(0f))));
}

internal readonly struct ReciprocalRootOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Divide(TLanes.Broadcast(1f), RootOperation.Apply<TLanes, TVector>(x));
}
