using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;
using RnnRuntime.Threading;

namespace RnnRuntime.Plan;

/// <summary>The lanes of a linear layer that one thread computes.</summary>
internal sealed class ProductPart(int firstLane, PackedMatrix matrix)
{
    public readonly int FirstLane = firstLane;
    public readonly PackedMatrix Matrix = matrix;
}

/// <summary>A linear layer whose lanes are divided among threads. Used by whoever has the team.</summary>
internal sealed unsafe class SplitProduct : SplitWork
{
    private readonly KernelVariant _variant;
    private readonly nint _bias;
    private readonly Divisions<ProductPart> _divisions;
    private readonly ScratchBuffers[] _scratch;
    private readonly ProductScratch[] _boundScratch;
    private ProductPart[] _parts = [];
    private float* _x;
    private nint _xStride;
    private float* _y;
    private nint _yStride;
    private int _vectors;

    private SplitProduct(KernelVariant variant, nint bias, Divisions<ProductPart> divisions, ScratchBuffers[] scratch)
    {
        _variant = variant;
        _bias = bias;
        _divisions = divisions;
        _scratch = scratch;
        _boundScratch = new ProductScratch[scratch.Length];
    }

    /// <summary>Scratch of the parts.</summary>
    public IEnumerable<BufferInfo> Buffers => _scratch.SelectMany(scratch => scratch.All);

    /// <summary>Null where the layer cannot be divided.</summary>
    public static SplitProduct? Create(KernelVariant variant, PackedMatrix matrix, nint bias, SplitRule rule, Func<int, ScratchBuffers> newScratch)
    {
        var divisions = Divisions<ProductPart>.Create(
            rule, matrix.Lanes, lane => Panels.IsCut(matrix.Lanes, lane), (start, end) => new ProductPart(start, matrix.Part(start, end)), matrix);
        return divisions is null ? null : new SplitProduct(variant, bias, divisions, [.. Enumerable.Range(0, divisions.MostParts).Select(newScratch)]);
    }

    /// <summary>How many threads share the layer for this many vectors.</summary>
    public int PartsFor(int vectors) => Math.Max(1, _divisions.For(vectors).Length);

    /// <summary>Runs the layer on the session's team; false where it is taken or sharing does not pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRun(StepContext context, float* x, nint xStride, float* y, nint yStride, int vectors)
    {
        var parts = _divisions.For(vectors);
        if (parts.Length < 2 || context.Team is not { } team || !team.TryEnter())
        {
            return false;
        }

        for (var part = 0; part < parts.Length; part++)
        {
            _boundScratch[part] = _scratch[part].Bind(context);
        }

        _x = x;
        _xStride = xStride;
        _y = y;
        _yStride = yStride;
        _vectors = vectors;
        _parts = parts;
        team.Run(this, 1, parts.Length);
        team.Exit();
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int phase, int part)
    {
        var lanes = _parts[part];
        _variant.Multiply(
            lanes.Matrix, _x, _xStride, (float*)_bias + lanes.FirstLane, 0, _y + lanes.FirstLane, _yStride, _vectors, _boundScratch[part]);
    }
}
