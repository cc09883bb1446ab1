using System.Runtime.CompilerServices;
using RnnRuntime.Interop;

namespace RnnRuntime.Kernels;

/// <summary>
/// The kernels of one table of the C library. A call goes through a pointer and costs some nanoseconds more than a managed one; in exchange a
/// collection that another thread causes does not stop it.
/// </summary>
internal sealed unsafe class NativeVariant : KernelVariant
{
    private readonly NativeTable* _table;

    /// <param name="name">Name of the table, and of the variant.</param>
    /// <param name="description">What it is.</param>
    /// <param name="requirement">What the processor and its operating system must have.</param>
    public NativeVariant(string name, string description, string requirement)
        : base(name, description, requirement)
    {
        _table = NativeKernels.Default.Find(name);
        UnavailableReason =
            NativeKernels.Default.Obstacle is { } obstacle ? obstacle
            : _table == null ? $"the library '{NativeKernels.Default.Path}' has no such kernels"
            : _table->IsSupported == 0 ? LacksRequirement
            : null;
    }

    public override bool IsSupported => UnavailableReason is null;

    public override string? UnavailableReason { get; }

    /// <summary>The C functions, for runs that stay in native code; set where the variant is supported.</summary>
    public NativeTable* Table => _table;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch)
    {
        fixed (void* weights = &matrix, work = &scratch)
        {
            _table->Multiply(weights, x, xStride, init, initStride, y, yStride, vectors, work);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyAdd(float* a, nint aStride, float* b, nint bStride, int terms, float* init, float* y, int count) =>
        _table->MultiplyAdd(a, aStride, b, bStride, terms, init, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Lstm(in CellWeights weights, in CellArguments arguments)
    {
        fixed (void* w = &weights, a = &arguments)
        {
            _table->Lstm(w, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetAfter(in CellWeights weights, in CellArguments arguments)
    {
        fixed (void* w = &weights, a = &arguments)
        {
            _table->GruResetAfter(w, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void GruResetBefore(in CellWeights weights, in CellArguments arguments)
    {
        fixed (void* w = &weights, a = &arguments)
        {
            _table->GruResetBefore(w, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments arguments)
    {
        fixed (void* w = &weights, a = &arguments)
        {
            _table->Rnn(w, (int)activation, a);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Unary(UnaryFunction function, float alpha, float beta, float* x, float* y, int count) =>
        _table->Unary((int)function, alpha, beta, x, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Binary(BinaryFunction function, float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count) =>
        _table->Binary((int)function, left, leftIsScalar ? 1 : 0, right, rightIsScalar ? 1 : 0, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Select(float* condition, float* whenTrue, float* whenFalse, float* y, int count) =>
        _table->Select(condition, whenTrue, whenFalse, y, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Softmax(float* x, float* y, int count, bool logarithm) => _table->Softmax(x, y, count, logarithm ? 1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Reduce(ReduceFunction function, float* x, float* y, int rows, int length) =>
        _table->Reduce((int)function, x, y, rows, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void LayerNorm(float* x, float* y, int rows, int length, float* scale, float* bias, float epsilon) =>
        _table->LayerNorm(x, y, rows, length, scale, bias, epsilon);
}
