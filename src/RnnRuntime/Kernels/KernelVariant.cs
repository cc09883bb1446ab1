using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>One way to execute every operation on this processor. Stateless and thread-safe.</summary>
internal abstract unsafe class KernelVariant(string name, string description, string requirement)
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>What the processor must have, for messages.</summary>
    public string Requirement { get; } = requirement;

    public abstract bool IsSupported { get; }

    /// <inheritdoc cref="Product{TFp32,TInt8,TLanes,TVector}.Multiply"/>
    public abstract void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch);

    public abstract void Lstm(in CellWeights weights, in CellArguments arguments);

    public abstract void GruResetAfter(in CellWeights weights, in CellArguments arguments);

    public abstract void GruResetBefore(in CellWeights weights, in CellArguments arguments);

    public abstract void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments arguments);

    public abstract void Unary(UnaryFunction function, float* x, float* y, int count);

    public abstract void Binary(BinaryFunction function, float* left, float* right, bool rightIsScalar, float* y, int count);

    public abstract void Softmax(float* x, float* y, int count, bool logarithm);
}

/// <summary>Binds the primitives of a variant to the code that is written once over them.</summary>
internal sealed unsafe class KernelVariant<TFp32, TInt8, TLanes, TVector>(string name, string description, string requirement)
    : KernelVariant(name, description, requirement)
    where TFp32 : struct, IFp32Kernel
    where TInt8 : struct, IInt8Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    public override bool IsSupported { get; } =
        TFp32.TileVectors <= Panels.MaximumTileVectors && TInt8.TileVectors <= Panels.MaximumTileVectors
            ? TFp32.IsSupported && TInt8.IsSupported && TLanes.IsSupported
            : throw new InvalidOperationException(
                $"Kernel '{name}' takes tiles of {TFp32.TileVectors} and {TInt8.TileVectors} vectors; scratch is sized for {Panels.MaximumTileVectors}.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch) =>
        Product<TFp32, TInt8, TLanes, TVector>.Multiply(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Lstm(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, TInt8, TLanes, TVector>.Lstm(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetAfter(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, TInt8, TLanes, TVector>.GruResetAfter(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetBefore(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, TInt8, TLanes, TVector>.GruResetBefore(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments arguments) =>
        Cells<TFp32, TInt8, TLanes, TVector>.Rnn(weights, activation, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Unary(UnaryFunction function, float* x, float* y, int count) =>
        Elementwise<TLanes, TVector>.Unary(function, x, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Binary(BinaryFunction function, float* left, float* right, bool rightIsScalar, float* y, int count) =>
        Elementwise<TLanes, TVector>.Binary(function, left, right, rightIsScalar, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Softmax(float* x, float* y, int count, bool logarithm) =>
        Elementwise<TLanes, TVector>.Softmax(x, y, count, logarithm);
}
