using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>The packed weights of a convolution, one matrix and one bias a group, and where products go that are wider than the output.</summary>
/// <param name="Matrices">One a group, all of one size.</param>
/// <param name="Biases">Addresses of as many floats as a matrix has lanes.</param>
/// <param name="Filters">Lanes of a group that are outputs.</param>
/// <param name="Block">The most positions of one product within a frame.</param>
/// <param name="Rows">[Block][lanes], or null where the kernel can write to the output.</param>
/// <param name="Scratch">For quantised products.</param>
internal sealed record ConvProduct(
    ImmutableArray<PackedMatrix> Matrices, ImmutableArray<nint> Biases, int Filters, int Block, BufferInfo? Rows, ScratchBuffers Scratch)
{
    public IEnumerable<BufferInfo> Buffers => Scratch.All.Concat(new[] { Rows }.OfType<BufferInfo>());
}

/// <summary>A convolution as products of packed weights with windows.</summary>
internal abstract unsafe class ConvStep(string name, KernelVariant variant, ConvGeometry geometry, ConvProduct product, BufferInfo x, BufferInfo y)
    : PlanStep(name, "conv")
{
    public override string Kernel => KernelName(variant, product.Matrices.AsSpan());

    public override double Density => DensityOf(product.Matrices.AsSpan());

    public override int LargestPair => product.Matrices.Max(matrix => matrix.LargestPair);

    public override long WeightBytes => product.Matrices.Sum(matrix => (long)matrix.DataBytes);

    public override long MultiplyAdds => product.Matrices.Sum(matrix => (long)matrix.Lanes * matrix.Columns) * geometry.Positions;

    public override IEnumerable<BufferInfo> Buffers => new[] { x, y }.Concat(product.Buffers);

    protected BufferInfo X => x;

    protected BufferInfo Y => y;

    protected ConvGeometry Geometry => geometry;

    protected ConvProduct Product => product;

    /// <summary>What a step of a program has of every such step.</summary>
    protected NativeConvolution Native(NativeProgramWriter program) => new()
    {
        Matrices = program.Copy(product.Matrices.AsSpan()),
        Biases = program.Copy(product.Biases.AsSpan()),
        Rows = program.Start(product.Rows),
        Scratch = program.Scratch(product.Scratch),
        X = program.Buffer(x),
        Y = program.Buffer(y),
        Axes = geometry.ToNative(),
        Groups = geometry.Groups,
        Filters = geometry.Filters,
        GroupFilters = product.Filters,
        GroupChannels = geometry.GroupChannels,
        Block = product.Block,
    };

    /// <summary>Up to a block of windows of one frame to as many rows of its output; <paramref name="output"/> is the group's first row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void Multiply(StepContext context, int group, float* windows, nint windowStride, float* output, int count, in ProductScratch bound)
    {
        ref readonly var matrix = ref product.Matrices.ItemRef(group);
        var bias = (float*)product.Biases[group];
        if (product.Rows is null)
        {
            variant.Multiply(matrix, windows, windowStride, bias, 0, output, geometry.Filters, count, bound);
            return;
        }

        var rows = context.Start(product.Rows);
        variant.Multiply(matrix, windows, windowStride, bias, 0, rows, matrix.Lanes, count, bound);
        for (var row = 0; row < count; row++)
        {
            new ReadOnlySpan<float>(rows + ((nint)row * matrix.Lanes), product.Filters).CopyTo(
                new Span<float>(output + ((nint)row * geometry.Filters), product.Filters));
        }
    }

    /// <summary>One window of every frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void MultiplyFrames(StepContext context, int group, float* windows, nint windowStride, float* output, in ProductScratch bound) =>
        variant.Multiply(
            product.Matrices.ItemRef(group), windows, windowStride, (float*)product.Biases[group], 0, output, y.Stride, context.Vectors, bound);
}

/// <summary>
/// Windows are runs of the input, or of a copy of it with zeros around, and are multiplied where they lie. A frame of few windows
/// that has others beside it goes through the weights once for all frames, a window at a time.
/// </summary>
internal sealed unsafe class ContiguousConvStep(
    string name, KernelVariant variant, ConvGeometry geometry, ConvProduct product, bool acrossFrames, BufferInfo x, BufferInfo y, BufferInfo? padded)
    : ConvStep(name, variant, geometry, product, x, y)
{
    // Sizes are at hand as fields: a small convolution takes no longer than finding them out in each step would.
    private readonly int _positions = geometry.Inner.Output;
    private readonly int _groups = geometry.Groups;
    private readonly int _filters = geometry.Filters;
    private readonly int _block = product.Block;
    private readonly nint _windowStride = (nint)geometry.Inner.Stride * geometry.Channels;
    private readonly nint _paddedRow = (nint)geometry.Inner.Reach * geometry.Channels;
    private readonly nint[] _rowOffsets = [.. Enumerable.Range(0, geometry.Rows).Select(row => Offset(geometry, row, padded is not null))];
    private readonly PaddedRow _padding = PaddedRow.Of(geometry.Inner, geometry.Channels);

    public override IEnumerable<BufferInfo> Buffers => base.Buffers.Concat(new[] { padded }.OfType<BufferInfo>());

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Convolution, Native(program) with
        {
            RowOffsets = program.Copy<nint>(_rowOffsets),
            Padded = program.Buffer(padded),
            RowCount = _rowOffsets.Length,
            Positions = _positions,
            AcrossFrames = acrossFrames ? 1 : 0,
            PaddingSkipped = _padding.Skipped,
            PaddingBefore = _padding.Before,
            PaddingCopied = _padding.Copied,
            PaddingAfter = _padding.After,
            WindowStride = _windowStride,
            PaddedRow = _paddedRow,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var bound = Product.Scratch.Bind(context);
        var vectors = context.Vectors;
        var together = acrossFrames && vectors >= (nint)_rowOffsets.Length * _positions;
        for (nint frame = 0; frame < vectors; frame++)
        {
            var input = context.Frames(X) + (frame * X.Stride);
            var output = context.Frames(Y) + (frame * Y.Stride);
            for (nint row = 0; row < _rowOffsets.Length; row++)
            {
                var windows = input + _rowOffsets[row];
                if (padded is not null)
                {
                    var copy = context.Start(padded) + (row * _paddedRow) + (together ? frame * padded.Stride : 0);
                    _padding.Write(windows, copy);
                    windows = copy;
                }

                if (!together)
                {
                    MultiplyRow(context, windows, output + (row * _positions * _filters), bound);
                }
            }

            if (together && padded is null)
            {
                break;
            }
        }

        if (together)
        {
            MultiplyTogether(context, bound);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyRow(StepContext context, float* windows, float* output, in ProductScratch bound)
    {
        for (int position = 0, count; position < _positions; position += count)
        {
            count = Math.Min(_block, _positions - position);
            for (var group = 0; group < _groups; group++)
            {
                Multiply(
                    context, group, windows + (position * _windowStride) + (group * Geometry.GroupChannels), _windowStride,
                    output + ((nint)position * _filters) + (group * Product.Filters), count, bound);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyTogether(StepContext context, in ProductScratch bound)
    {
        for (nint row = 0; row < _rowOffsets.Length; row++)
        {
            var windows = padded is null ? context.Frames(X) + _rowOffsets[row] : context.Start(padded) + (row * _paddedRow);
            for (var position = 0; position < _positions; position++)
            {
                for (var group = 0; group < _groups; group++)
                {
                    MultiplyFrames(
                        context, group, windows + (position * _windowStride) + (group * Geometry.GroupChannels), padded is null ? X.Stride : padded.Stride,
                        context.Frames(Y) + (((row * _positions) + position) * _filters) + (group * Product.Filters), bound);
                }
            }
        }
    }

    /// <summary>Where a row's first window starts in a frame; with padding, where the inner axis starts.</summary>
    private static nint Offset(ConvGeometry geometry, int row, bool isPadded)
    {
        var offset = isPadded ? 0 : geometry.Inner.Start * geometry.ElementStride(ConvGeometry.AxisCount - 1);
        for (var axis = ConvGeometry.AxisCount - 2; axis >= 0; axis--)
        {
            var (_, output, _, stride, _, start) = geometry.Axes[axis];
            offset += (start + ((row % output) * (nint)stride)) * geometry.ElementStride(axis);
            row /= output;
        }

        return offset;
    }

    /// <summary>A row with zeros where windows reach beyond it. Scratch is shared with other steps: the zeros are written each time.</summary>
    private readonly record struct PaddedRow(int Skipped, int Before, int Copied, int After)
    {
        public static PaddedRow Of(ConvAxis axis, int channels)
        {
            var length = (int)axis.Reach;
            var head = Math.Clamp(-axis.Start, 0, length);
            var end = (int)Math.Clamp((long)axis.Length - axis.Start, head, length);
            return new PaddedRow((axis.Start + head) * channels, head * channels, (end - head) * channels, (length - end) * channels);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Write(float* source, float* result)
        {
            new Span<float>(result, Before).Clear();
            new ReadOnlySpan<float>(source + Skipped, Copied).CopyTo(new Span<float>(result + Before, Copied));
            new Span<float>(result + Before + Copied, After).Clear();
        }
    }
}

/// <summary>Windows are gathered, a block of positions at a time.</summary>
internal sealed unsafe class GatherConvStep(
    string name, KernelVariant variant, ConvGeometry geometry, ConvProduct product, BufferInfo x, BufferInfo y, BufferInfo columns)
    : ConvStep(name, variant, geometry, product, x, y)
{
    public override IEnumerable<BufferInfo> Buffers => base.Buffers.Append(columns);

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Convolution, Native(program) with
        {
            Columns = program.Start(columns),
            Positions = Geometry.Positions,
            WindowColumns = Geometry.Columns,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var bound = Product.Scratch.Bind(context);
        var windows = context.Start(columns);
        var gatherer = new WindowReader(Geometry);
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var input = context.Frames(X) + (frame * X.Stride);
            var output = context.Frames(Y) + (frame * Y.Stride);
            for (int position = 0, count; position < Geometry.Positions; position += count)
            {
                count = Math.Min(Product.Block, Geometry.Positions - position);
                for (var group = 0; group < Geometry.Groups; group++)
                {
                    for (var i = 0; i < count; i++)
                    {
                        gatherer.MoveTo(position + i);
                        gatherer.Gather(input + (group * Geometry.GroupChannels), windows + ((nint)i * Geometry.Columns));
                    }

                    Multiply(
                        context, group, windows, Geometry.Columns, output + ((nint)position * Geometry.Filters) + (group * Product.Filters), count, bound);
                }
            }
        }
    }
}

/// <summary>Each channel by itself: elementwise multiply-adds over the channels, bias first, then the taps that are not padding in order.</summary>
internal sealed unsafe class DepthwiseConvStep(
    string name, KernelVariant variant, ConvGeometry geometry, nint weights, nint bias, BufferInfo x, BufferInfo y)
    : PlanStep(name, "conv")
{
    public override string Kernel => $"{variant.Name} float32";

    public override long WeightBytes => (long)geometry.Taps * geometry.Channels * sizeof(float);

    public override long MultiplyAdds => (long)geometry.Taps * geometry.Channels * geometry.Positions;

    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Depthwise, new NativeDepthwise
        {
            Weights = (float*)weights,
            Bias = (float*)bias,
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Axes = geometry.ToNative(),
            Channels = geometry.Channels,
            Positions = geometry.Positions,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var reader = new WindowReader(geometry);
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var input = context.Frames(x) + (frame * x.Stride);
            var output = context.Frames(y) + (frame * y.Stride);
            for (var position = 0; position < geometry.Positions; position++, output += geometry.Channels)
            {
                reader.MoveTo(position);
                reader.SumTaps(variant, input, (float*)weights, (float*)bias, output);
            }
        }
    }
}
