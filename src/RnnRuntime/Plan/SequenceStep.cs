using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// The packed cells over the sequence in each frame. The final states' own memory is the working state. A reversed sequence is the same
/// memory walked from its last row with negative strides; the streams then run from the last as well, which changes no bit.
/// </summary>
internal sealed unsafe class SequenceStep(
    string name, string operation, CellKind kind, UnaryFunction activation, KernelVariant variant, CellWeights weights,
    SequenceSize size, bool reverse, SequenceBuffers buffers, SequenceWork work, ScratchBuffers scratch) : PlanStep(name, operation)
{
    private readonly int _gatesStride = BufferInfo.PaddedStride(weights.Input.Lanes);

    public override string Kernel => KernelName(variant, weights.Recurrent, weights.Input, weights.Candidate);

    public override double Density => DensityOf(weights.Input, weights.Recurrent, weights.Candidate);

    public override int LargestPair => Math.Max(weights.Input.LargestPair, Math.Max(weights.Recurrent.LargestPair, weights.Candidate.LargestPair));

    public override long WeightBytes => weights.Input.DataBytes + weights.Recurrent.DataBytes + weights.Candidate.DataBytes;

    public override long MultiplyAdds => size.Rows * (
        ((long)weights.Input.Lanes * weights.Input.Columns) + ((long)weights.Recurrent.Lanes * weights.Recurrent.Columns) +
        ((long)weights.Candidate.Lanes * weights.Candidate.Columns));

    public override IEnumerable<BufferInfo> Buffers => buffers.All.Concat(work.All).Concat(scratch.All);

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Sequence, new NativeSequence
        {
            Weights = weights,
            Scratch = program.Scratch(scratch),
            X = program.Buffer(buffers.X),
            Hidden = program.Buffer(buffers.Hidden),
            CellState = program.Buffer(buffers.Cell),
            Y = program.Buffer(buffers.Y),
            NewHidden = program.Buffer(buffers.NewHidden),
            NewCell = program.Buffer(buffers.NewCell),
            Gates = program.Start(work.Gates),
            Candidate = program.Start(work.Candidate),
            PaddedHidden = program.Start(work.Padded?.Hidden),
            PaddedCell = program.Start(work.Padded?.Cell),
            PaddedY = program.Start(work.Padded?.Y),
            GatesStride = _gatesStride,
            Cell = (int)kind,
            Activation = (int)activation,
            TimeSteps = size.TimeSteps,
            Streams = size.Streams,
            Inputs = size.Inputs,
            Units = size.Units,
            IsReversed = reverse ? 1 : 0,
            IsOneRow = work.IsOneRow ? 1 : 0,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        // Field by field: an initialiser builds a copy, whose narrow stores a wide load then waits for. Every field has to be set here.
        Unsafe.SkipInit(out CellArguments arguments);
        arguments.Gates = context.Start(work.Gates);
        arguments.GatesStride = _gatesStride;
        arguments.Scratch = scratch.Bind(context);
        if (work.IsOneRow)
        {
            arguments.X = context.Frames(buffers.X);
            arguments.XStride = buffers.X.Stride;
            arguments.Y = context.Frames(buffers.Y);
            arguments.YStride = buffers.Y.Stride;
            arguments.StateStride = buffers.NewHidden.Stride;
            arguments.TimeSteps = 1;
            arguments.Streams = context.Vectors;
            Run(
                context, ref arguments, context.Frames(buffers.Hidden), buffers.Hidden.Stride, context.Frames(buffers.NewHidden),
                FrameOf(context, buffers.Cell, 0), buffers.Cell?.Stride ?? 0, FrameOf(context, buffers.NewCell, 0));
            return;
        }

        for (var frame = 0; frame < context.Vectors; frame++)
        {
            arguments.X = FrameOf(context, buffers.X, frame);
            arguments.XStride = size.Inputs;
            arguments.Y = FrameOf(context, buffers.Y, frame);
            arguments.YStride = size.Units;
            arguments.StateStride = size.Units;
            arguments.TimeSteps = size.TimeSteps;
            arguments.Streams = size.Streams;
            var hidden = FrameOf(context, buffers.Hidden, frame);
            var cell = FrameOf(context, buffers.Cell, frame);
            var newHidden = FrameOf(context, buffers.NewHidden, frame);
            var newCell = FrameOf(context, buffers.NewCell, frame);
            if (work.Padded is null)
            {
                Run(context, ref arguments, hidden, size.Units, newHidden, cell, size.Units, newCell);
            }
            else
            {
                RunPadded(context, ref arguments, work.Padded, hidden, newHidden, cell, newCell);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunPadded(
        StepContext context, ref CellArguments arguments, SequenceRows rows, float* hidden, float* newHidden, float* cell, float* newCell)
    {
        var output = arguments.Y;
        arguments.Y = context.Start(rows.Y);
        arguments.YStride = size.PaddedUnits;
        arguments.StateStride = size.PaddedUnits;
        var state = rows.Cell is null ? null : context.Start(rows.Cell);
        Run(context, ref arguments, hidden, size.Units, context.Start(rows.Hidden), cell, size.Units, state);
        CopyRows(context.Start(rows.Y), size.PaddedUnits, output, size.Units, size.Rows, size.Units);
        CopyRows(context.Start(rows.Hidden), size.PaddedUnits, newHidden, size.Units, size.Streams, size.Units);
        if (newCell != null)
        {
            CopyRows(state, size.PaddedUnits, newCell, size.Units, size.Streams, size.Units);
        }
    }

    /// <summary>Copies the initial states to where the final ones will be, and runs the cell there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(
        StepContext context, ref CellArguments arguments, float* hidden, nint hiddenStride, float* newHidden, float* cell, nint cellStride, float* newCell)
    {
        arguments.Hidden = newHidden;
        CopyRows(hidden, hiddenStride, newHidden, arguments.StateStride, arguments.Streams, size.PaddedUnits);
        if (cell != null)
        {
            arguments.Cell = newCell;
            CopyRows(cell, cellStride, newCell, arguments.StateStride, arguments.Streams, size.PaddedUnits);
        }
        else
        {
            arguments.Cell = work.Candidate is null ? null : context.Start(work.Candidate);
        }

        if (reverse)
        {
            Reverse(ref arguments);
        }

        switch (kind)
        {
            case CellKind.Lstm: variant.Lstm(weights, arguments); break;
            case CellKind.GruResetAfter: variant.GruResetAfter(weights, arguments); break;
            case CellKind.GruResetBefore: variant.GruResetBefore(weights, arguments); break;
            default: variant.Rnn(weights, activation, arguments); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Reverse(ref CellArguments arguments)
    {
        arguments.X += (size.Rows - 1) * arguments.XStride;
        arguments.XStride = -arguments.XStride;
        arguments.Y += (size.Rows - 1) * arguments.YStride;
        arguments.YStride = -arguments.YStride;
        arguments.Hidden += (size.Streams - 1) * arguments.StateStride;
        if (arguments.Cell != null)
        {
            arguments.Cell += (size.Streams - 1) * arguments.StateStride;
        }

        arguments.StateStride = -arguments.StateStride;
    }

    /// <summary>Copies H values a row; what is beyond them, up to <paramref name="width"/>, becomes zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyRows(float* from, nint fromStride, float* to, nint toStride, int rows, int width)
    {
        var padding = width - size.Units;
        for (nint row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from + (row * fromStride), size.Units).CopyTo(new Span<float>(to + (row * toStride), size.Units));
            if (padding > 0)
            {
                new Span<float>(to + (row * toStride) + size.Units, padding).Clear();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* FrameOf(StepContext context, BufferInfo? buffer, nint frame) =>
        buffer is null ? null : context.Frames(buffer) + (frame * buffer.Stride);
}
