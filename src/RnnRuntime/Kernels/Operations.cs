using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>A function of one argument, for the loops of <see cref="Elementwise{TLanes,TVector}"/>.</summary>
internal interface IUnaryOperation
{
    static abstract TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;
}

/// <summary>A function of two arguments, for the loops of <see cref="Elementwise{TLanes,TVector}"/>.</summary>
internal interface IBinaryOperation
{
    static abstract TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;
}

internal readonly struct TanhOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => Activations<TLanes, TVector>.Tanh(x);
}

internal readonly struct SigmoidOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => Activations<TLanes, TVector>.Sigmoid(x);
}

internal readonly struct ReluOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => Activations<TLanes, TVector>.Relu(x);
}

internal readonly struct ExpOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => Activations<TLanes, TVector>.Exp(x);
}

internal readonly struct NegateOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Subtract(TLanes.Broadcast(-0f), x);
}

internal readonly struct AbsOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Abs(x);
}

internal readonly struct FlushOperation : IUnaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => Activations<TLanes, TVector>.Flush(x);
}

internal readonly struct AddOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Add(left, right);
}

internal readonly struct SubtractOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Subtract(left, right);
}

internal readonly struct MultiplyOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Multiply(left, right);
}

internal readonly struct DivideOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Divide(left, right);
}

internal readonly struct MinimumOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Minimum(left, right);
}

internal readonly struct MaximumOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Apply<TLanes, TVector>(TVector left, TVector right)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Maximum(left, right);
}
