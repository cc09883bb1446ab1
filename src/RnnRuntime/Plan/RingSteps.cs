using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// A step that remembers its last inputs in a ring. Where the history is not the step's own state but a value of the graph, it is copied in
/// before each time step and out after it.
/// </summary>
internal abstract unsafe class RingStep(
    string name, string operation, BufferInfo x, BufferInfo y, RingBuffer? ring, BufferInfo? historyInput, BufferInfo? historyOutput)
    : PlanStep(name, operation)
{
    protected BufferInfo X => x;

    protected BufferInfo Y => y;

    protected RingBuffer? Ring => ring;

    public override IEnumerable<BufferInfo> Buffers =>
        new[] { x, y, ring?.Data, ring?.Position, historyInput, historyOutput }.OfType<BufferInfo>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (var t = 0; t < context.TimeSteps; t++)
        {
            Exchange(context, historyInput, t, intoRing: true);
            for (var b = 0; b < context.Streams; b++)
            {
                var frame = ((nint)t * context.Streams) + b;
                Step(context, b, frame, context.Frames(x) + (frame * x.Stride));
            }

            ring?.Advance(context);
            Exchange(context, historyOutput, t, intoRing: false);
        }

        Finish(context);
    }

    /// <summary>What a step of a program has of every such step.</summary>
    protected NativeRingStep Native(NativeProgramWriter program) => new()
    {
        X = program.Buffer(x),
        Y = program.Buffer(y),
        HistoryInput = program.Buffer(historyInput),
        HistoryOutput = program.Buffer(historyOutput),
        Ring = program.Ring(ring),
    };

    /// <summary>Reads the ring for one frame, then pushes the frame's input.</summary>
    protected abstract void Step(StepContext context, int stream, nint frame, float* input);

    /// <summary>What is left to do for all frames together.</summary>
    protected virtual void Finish(StepContext context)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exchange(StepContext context, BufferInfo? history, int t, bool intoRing)
    {
        for (var b = 0; history is not null && ring is not null && b < context.Streams; b++)
        {
            var entries = new Span<float>(context.Frames(history) + ((((nint)t * context.Streams) + b) * history.Stride), history.Elements);
            if (intoRing)
            {
                ring.CopyIn(context, b, entries);
            }
            else
            {
                ring.CopyOut(context, b, entries);
            }
        }
    }
}

/// <summary>Gathers the taps of every frame, oldest first, then multiplies all frames at once.</summary>
internal sealed unsafe class ConvolutionStep(
    string name, KernelVariant variant, PackedMatrix matrix, nint bias, int kernelSize, int dilation,
    BufferInfo x, BufferInfo y, BufferInfo taps, RingBuffer? ring, BufferInfo? historyInput, BufferInfo? historyOutput, ScratchBuffers scratch)
    : RingStep(name, "causal_conv1d", x, y, ring, historyInput, historyOutput)
{
    private readonly int _channels = x.Elements;

    public override string Kernel => KernelName(variant, matrix);

    public override double Density => DensityOf(matrix);

    public override int LargestPair => matrix.LargestPair;

    public override long WeightBytes => matrix.DataBytes;

    public override long MultiplyAdds => (long)matrix.Lanes * matrix.Columns;

    public override IEnumerable<BufferInfo> Buffers => base.Buffers.Append(taps).Concat(scratch.All);

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.CausalConvolution, Native(program) with
        {
            Matrix = matrix,
            Scratch = program.Scratch(scratch),
            Bias = (float*)bias,
            Taps = program.Buffer(taps),
            KernelSize = kernelSize,
            Dilation = dilation,
            Channels = _channels,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Step(StepContext context, int stream, nint frame, float* input)
    {
        var row = context.Start(taps) + (frame * taps.Stride);
        var current = new ReadOnlySpan<float>(input, _channels);
        for (var tap = 0; tap < kernelSize - 1; tap++)
        {
            var past = new ReadOnlySpan<float>(Ring!.Entry(context, stream, (kernelSize - 1 - tap) * dilation), _channels);
            past.CopyTo(new Span<float>(row + ((nint)tap * _channels), _channels));
        }

        current.CopyTo(new Span<float>(row + ((nint)(kernelSize - 1) * _channels), _channels));
        Ring?.Push(context, variant, stream, input);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Finish(StepContext context) =>
        variant.Multiply(
            matrix, context.Start(taps), taps.Stride, (float*)bias, 0, context.Frames(Y), Y.Stride, context.Vectors, scratch.Bind(context));
}

/// <summary>The input of some steps ago.</summary>
internal sealed unsafe class DelayStep(
    string name, KernelVariant variant, BufferInfo x, BufferInfo y, RingBuffer ring, BufferInfo? historyInput, BufferInfo? historyOutput)
    : RingStep(name, "delay", x, y, ring, historyInput, historyOutput)
{
    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Delay, Native(program));
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Step(StepContext context, int stream, nint frame, float* input)
    {
        new ReadOnlySpan<float>(Ring!.Entry(context, stream, Ring.Length), Ring.Width).CopyTo(
            new Span<float>(context.Frames(Y) + (frame * Y.Stride), Ring.Width));
        Ring.Push(context, variant, stream, input);
    }
}
