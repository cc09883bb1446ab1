using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>One way to execute every operation on this processor. Stateless and thread-safe.</summary>
internal abstract unsafe partial class KernelVariant(string name, string description, string requirement)
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>What the processor must have, for messages.</summary>
    public string Requirement { get; } = requirement;

    public abstract bool IsSupported { get; }

    /// <summary>Why it cannot run here, or null.</summary>
    public virtual string? UnavailableReason => IsSupported ? null
        : RuntimeFeature.IsDynamicCodeCompiled ? LacksRequirement
        : $"{LacksRequirement}, or this program was compiled for processors without (IlcInstructionSet)";

    protected string LacksRequirement => $"this processor lacks {Requirement}";

    /// <inheritdoc cref="Product{TFp32,THalf,TInt8,TLanes,TVector}.Multiply"/>
    public abstract void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch);

    public abstract void Lstm(in CellWeights weights, in CellArguments arguments);

    public abstract void GruResetAfter(in CellWeights weights, in CellArguments arguments);

    public abstract void GruResetBefore(in CellWeights weights, in CellArguments arguments);

    public abstract void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments arguments);

    public void Unary(UnaryFunction function, float* x, float* y, int count) => Unary(function, 0f, 0f, x, y, count);

    public abstract void Unary(UnaryFunction function, float alpha, float beta, float* x, float* y, int count);

    public void Binary(BinaryFunction function, float* left, float* right, bool rightIsScalar, float* y, int count) =>
        Binary(function, left, false, right, rightIsScalar, y, count);

    /// <summary>Each operand is an array of <paramref name="count"/> or a single element; not both single.</summary>
    public abstract void Binary(BinaryFunction function, float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count);

    /// <summary>whenTrue where the condition is not 0, else whenFalse; all arrays.</summary>
    public abstract void Select(float* condition, float* whenTrue, float* whenFalse, float* y, int count);

    public abstract void Softmax(float* x, float* y, int count, bool logarithm);

    /// <summary>Each row of <paramref name="length"/> to one element of y.</summary>
    public abstract void Reduce(ReduceFunction function, float* x, float* y, int rows, int length);

    /// <summary>Each row minus its mean, over its standard deviation, times scale plus bias; those may be null.</summary>
    public abstract void LayerNorm(float* x, float* y, int rows, int length, float* scale, float* bias, float epsilon);
}

/// <summary>Binds the primitives of a variant to the code that is written once over them.</summary>
internal sealed unsafe partial class KernelVariant<TFp32, THalf, TInt8, TUnits, TLanes, TVector>(string name, string description, string requirement)
    : KernelVariant(name, description, requirement)
    where TFp32 : struct, IFp32Kernel
    where THalf : struct, IHalfKernel
    where TInt8 : struct, IInt8Kernel
    where TUnits : struct, ICellUnits
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    public override bool IsSupported { get; } =
        TFp32.TileVectors <= Panels.MaximumTileVectors && THalf.TileVectors <= Panels.MaximumTileVectors && TInt8.TileVectors <= Panels.MaximumTileVectors
            ? TFp32.IsSupported && THalf.IsSupported && TInt8.IsSupported && TUnits.IsSupported && TLanes.IsSupported
            : throw new InvalidOperationException(
                $"Kernel '{name}' takes tiles of {TFp32.TileVectors}, {THalf.TileVectors} and {TInt8.TileVectors} vectors; scratch is sized for {Panels.MaximumTileVectors}.");

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch) =>
        Product<TFp32, THalf, TInt8, TLanes, TVector>.Multiply(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Lstm(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, THalf, TInt8, TUnits, TLanes, TVector>.Lstm(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetAfter(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, THalf, TInt8, TUnits, TLanes, TVector>.GruResetAfter(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetBefore(in CellWeights weights, in CellArguments arguments) =>
        Cells<TFp32, THalf, TInt8, TUnits, TLanes, TVector>.GruResetBefore(weights, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments arguments) =>
        Cells<TFp32, THalf, TInt8, TUnits, TLanes, TVector>.Rnn(weights, activation, arguments);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Unary(UnaryFunction function, float alpha, float beta, float* x, float* y, int count) =>
        Elementwise<TLanes, TVector>.Unary(function, alpha, beta, x, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Binary(BinaryFunction function, float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count) =>
        Elementwise<TLanes, TVector>.Binary(function, left, leftIsScalar, right, rightIsScalar, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Select(float* condition, float* whenTrue, float* whenFalse, float* y, int count) =>
        Elementwise<TLanes, TVector>.Select(condition, whenTrue, whenFalse, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Softmax(float* x, float* y, int count, bool logarithm) =>
        Elementwise<TLanes, TVector>.Softmax(x, y, count, logarithm);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Reduce(ReduceFunction function, float* x, float* y, int rows, int length) =>
        Reductions<TLanes, TVector>.Reduce(function, x, y, rows, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void LayerNorm(float* x, float* y, int rows, int length, float* scale, float* bias, float epsilon) =>
        Reductions<TLanes, TVector>.LayerNorm(x, y, rows, length, scale, bias, epsilon);
}
