using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>A function of one argument, for the loops of <see cref="Elementwise{TLanes,TVector}"/>.</summary>
internal interface IUnaryOperation
{
    static abstract TVector Apply<TLanes, TVector>(TVector x)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct;
}

/// <summary>A function of one argument with parameters, for the loops of <see cref="Elementwise{TLanes,TVector}"/>.</summary>
internal interface IParameterOperation
{
    static abstract TVector Apply<TLanes, TVector>(TVector x, TVector alpha, TVector beta)
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
