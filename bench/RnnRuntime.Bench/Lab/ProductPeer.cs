using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Lab;

/// <summary>Packed weights, one copy or as many as no cache holds, with a vector and scratch. All kernels share a layout, so they share this.</summary>
internal sealed unsafe class ProductWeights : IDisposable
{
    private readonly Packer _packer = new(SparseChoice.Never);
    private readonly PackedMatrix _matrix;
    private readonly AlignedBlock _copies;
    private readonly AlignedBlock _work;
    private readonly nint _stride;
    private readonly int _count;
    private readonly nint _floats;
    private int _next;

    /// <param name="rows">Rows, a multiple of 8.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="weights">Their type.</param>
    /// <param name="leastBytes">Copies are made until they have this many bytes.</param>
    internal ProductWeights(int rows, int columns, WeightType weights, long leastBytes)
    {
        (Rows, Columns, Type) = (rows, columns, weights);
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f)];
        _matrix = _packer.Matrix(Quantized(values), Packer.PlainLanes(rows)) with { Range = 1 };
        _stride = ((nint)_matrix.DataBytes + 63) & ~63;
        _count = (int)Math.Max(1, leastBytes / _stride);
        _copies = new AlignedBlock(_count * _stride);
        for (int copy = 0; copy < _count; copy++)
        {
            new ReadOnlySpan<byte>(_matrix.Data, (int)_matrix.DataBytes).CopyTo(new Span<byte>(_copies.Pointer + (copy * _stride), (int)_matrix.DataBytes));
        }

        _floats = ((Math.Max(rows, columns) + 15) & ~15) + (16 * Panels.MaximumWidth);
        _work = new AlignedBlock(6 * _floats * sizeof(float));
        for (int column = 0; column < columns; column++)
        {
            Vector(0)[column] = (random.NextSingle() * 2) - 1;
        }
    }

    internal int Rows { get; }

    internal int Columns { get; }

    internal WeightType Type { get; }

    internal nint Bytes => _matrix.DataBytes;

    internal ReadOnlySpan<float> Output => new(Vector(2), Rows);

    /// <summary>y = W.x with the next copy, whoever multiplied with the one before.</summary>
    internal void Multiply(KernelVariant variant)
    {
        _next = _next + 1 < _count ? _next + 1 : 0;
        PackedMatrix matrix = _matrix with { Data = _copies.Pointer + (_next * _stride) };
        var scratch = new ProductScratch((sbyte*)Vector(3), Vector(5), (int*)Vector(4), _floats * sizeof(float));
        variant.Multiply(matrix, Vector(0), 0, Vector(1), 0, Vector(2), 0, 1, scratch);
    }

    public void Dispose()
    {
        _copies.Dispose();
        _work.Dispose();
        _packer.Dispose();
    }

    private float* Vector(int index) => (float*)_work.Pointer + (index * _floats);

    private Graph.Weights Quantized(float[] values)
    {
        var constant = new Graph.Constant("w", TensorType.Float32, new TensorShape(Rows, Columns), System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        TensorType type = Type switch
        {
            WeightType.Float32 => TensorType.Float32,
            WeightType.BFloat16 => TensorType.BFloat16,
            WeightType.Float16 => TensorType.Float16,
            _ => TensorType.Int8,
        };
        return Quantization.WeightQuantizer.Quantize(new Graph.Weights(constant), type, "q", "s");
    }
}

/// <summary>A kernel's product of one vector, without activations, through the registry's own interface.</summary>
internal sealed class ProductPeer(ProductWeights weights, string kernel) : IPeer
{
    private readonly KernelVariant _variant = KernelRegistry.Choose(kernel);

    public string Name => $"{kernel} {weights.Type.Key()}";

    public bool IsInt8 => weights.Type == WeightType.Int8;

    public WeightType Weights => weights.Type;

    public ReadOnlySpan<float> Output => weights.Output;

    public void Step() => weights.Multiply(_variant);

    public void Dispose()
    {
    }
}
