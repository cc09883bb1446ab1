using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>The cell that a <see cref="RecurrentStep"/> runs.</summary>
internal enum CellKind
{
    Lstm,
    GruResetAfter,
    GruResetBefore,
    Rnn,
}

/// <summary>Where a recurrent step finds its data.</summary>
/// <param name="X">Input frames.</param>
/// <param name="Gates">Pre-activations, frames.</param>
/// <param name="Hidden">Hidden state.</param>
/// <param name="Cell">Cell state (LSTM), scratch a stream (GRU); null for a plain RNN.</param>
/// <param name="Y">Output frames.</param>
/// <param name="HiddenInput">Frames that give the hidden state before each step, where it is not the step's own state.</param>
/// <param name="CellInput">The same for the cell state.</param>
/// <param name="CellOutput">Frames that receive the cell state after each step, where something reads it.</param>
internal sealed record RecurrentBuffers(
    BufferInfo X, BufferInfo Gates, BufferInfo Hidden, BufferInfo? Cell, BufferInfo Y,
    BufferInfo? HiddenInput, BufferInfo? CellInput, BufferInfo? CellOutput);

/// <summary>A recurrent cell over all time steps of the chunk and all streams.</summary>
internal sealed unsafe class RecurrentStep(
    string name, string operation, CellKind kind, UnaryFunction activation, KernelVariant variant, CellWeights weights,
    RecurrentBuffers buffers, ScratchBuffers scratch) : PlanStep(name, operation)
{
    private readonly bool _stepByStep = buffers.HiddenInput is not null || buffers.CellInput is not null || buffers.CellOutput is not null;

    public override string Kernel => KernelName(variant, weights.Recurrent, weights.Input, weights.Candidate);

    public override double Density => DensityOf(weights.Input, weights.Recurrent, weights.Candidate);

    public override int LargestPair => Math.Max(weights.Input.LargestPair, Math.Max(weights.Recurrent.LargestPair, weights.Candidate.LargestPair));

    public override long WeightBytes => weights.Input.DataBytes + weights.Recurrent.DataBytes + weights.Candidate.DataBytes;

    public override long MultiplyAdds =>
        ((long)weights.Input.Lanes * weights.Input.Columns) + ((long)weights.Recurrent.Lanes * weights.Recurrent.Columns) +
        ((long)weights.Candidate.Lanes * weights.Candidate.Columns);

    public override IEnumerable<BufferInfo> Buffers =>
        new[] { buffers.X, buffers.Gates, buffers.Hidden, buffers.Cell, buffers.Y, buffers.HiddenInput, buffers.CellInput, buffers.CellOutput }
            .OfType<BufferInfo>().Concat(scratch.All);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        // Field by field: an initialiser builds a copy, whose narrow stores a wide load then waits for. Every field has to be set here.
        Unsafe.SkipInit(out CellArguments arguments);
        arguments.X = context.Frames(buffers.X);
        arguments.XStride = buffers.X.Stride;
        arguments.Gates = context.Frames(buffers.Gates);
        arguments.GatesStride = buffers.Gates.Stride;
        arguments.Hidden = context.Start(buffers.Hidden);
        arguments.Cell = buffers.Cell is null ? null : context.Start(buffers.Cell);
        arguments.StateStride = buffers.Hidden.Stride;
        arguments.Y = context.Frames(buffers.Y);
        arguments.YStride = buffers.Y.Stride;
        arguments.TimeSteps = context.TimeSteps;
        arguments.Streams = context.Streams;
        arguments.Scratch = scratch.Bind(context);
        if (_stepByStep)
        {
            ExecuteStepByStep(context, arguments);
        }
        else
        {
            Run(arguments);
        }
    }

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Recurrent, new NativeRecurrent
        {
            Weights = weights,
            Scratch = program.Scratch(scratch),
            Cell = (int)kind,
            Activation = (int)activation,
            Units = buffers.Hidden.Elements,
            X = program.Buffer(buffers.X),
            Gates = program.Buffer(buffers.Gates),
            Hidden = program.Buffer(buffers.Hidden),
            CellState = program.Buffer(buffers.Cell),
            Y = program.Buffer(buffers.Y),
            HiddenInput = program.Buffer(buffers.HiddenInput),
            CellInput = program.Buffer(buffers.CellInput),
            CellOutput = program.Buffer(buffers.CellOutput),
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(in CellArguments arguments)
    {
        switch (kind)
        {
            case CellKind.Lstm: variant.Lstm(weights, arguments); break;
            case CellKind.GruResetAfter: variant.GruResetAfter(weights, arguments); break;
            case CellKind.GruResetBefore: variant.GruResetBefore(weights, arguments); break;
            default: variant.Rnn(weights, activation, arguments); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteStepByStep(StepContext context, CellArguments arguments)
    {
        var steps = arguments.TimeSteps;
        arguments.TimeSteps = 1;
        for (var t = 0; t < steps; t++)
        {
            CopyFrames(context, buffers.HiddenInput, buffers.Hidden, t, intoState: true);
            CopyFrames(context, buffers.CellInput, buffers.Cell, t, intoState: true);
            Run(arguments);
            CopyFrames(context, buffers.CellOutput, buffers.Cell, t, intoState: false);
            arguments.X += (nint)arguments.Streams * arguments.XStride;
            arguments.Gates += (nint)arguments.Streams * arguments.GatesStride;
            arguments.Y += (nint)arguments.Streams * arguments.YStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyFrames(StepContext context, BufferInfo? frames, BufferInfo? state, int t, bool intoState)
    {
        if (frames is null || state is null)
        {
            return;
        }

        for (var b = 0; b < context.Streams; b++)
        {
            var frame = new Span<float>(context.Frames(frames) + ((((nint)t * context.Streams) + b) * frames.Stride), state.Elements);
            var own = new Span<float>(context.Start(state) + ((nint)b * state.Stride), state.Elements);
            if (intoState)
            {
                frame.CopyTo(own);
            }
            else
            {
                own.CopyTo(frame);
            }
        }
    }
}
