using RnnRuntime.Bench.Peers;
using RnnRuntime.Interop;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Interop;

/// <summary>
/// A layer as a host in C runs it: <c>rnn_run</c> of the C library over the program that a session of one stream has. All that it reads and writes lies outside
/// managed memory.
/// </summary>
internal sealed unsafe class NativeRun : IDisposable
{
    private readonly RnnModel _model;
    private readonly AlignedBlock _arena;
    private readonly AlignedBlock _data;
    private readonly NativeProgram _program;
    private readonly int _outputs;

    /// <param name="problem">A layer of one stream.</param>
    /// <param name="kernel">A kernel of the C library.</param>
    internal NativeRun(CellProblem problem, string kernel)
    {
        _model = RnnModel.FromGraph(CellGraph.Build(problem, null), new RnnOptions { Kernel = kernel });
        TimeSteps = problem.Shape.TimeSteps;
        ArenaLayout layout = _model.Plan.Layout(1, TimeSteps);
        _arena = new AlignedBlock(layout.TotalBytes);
        (NativeProgram? program, string? obstacle) = NativeProgram.Create(_model.Plan, layout, new StepContext(_model.Plan, layout, _arena));
        _program = program ?? throw new InvalidOperationException($"{kernel} does not run natively: {obstacle}.");
        _outputs = TimeSteps * problem.Shape.Hidden;
        _data = new AlignedBlock((problem.Frames.Length + _outputs) * sizeof(float));
        Input = (float*)_data.Pointer;
        Output = Input + problem.Frames.Length;
        problem.Frames.CopyTo(new Span<float>(Input, problem.Frames.Length));
        Function = NativeKernels.Default.Run;
    }

    internal delegate* unmanaged<void*, void*, void*, int, void> Function { get; }

    internal void* Program => _program.Header;

    internal float* Input { get; }

    internal float* Output { get; }

    internal int TimeSteps { get; }

    internal ReadOnlySpan<float> Outputs => new(Output, _outputs);

    internal void Call() => Function(Program, Input, Output, TimeSteps);

    public void Dispose()
    {
        _program.Dispose();
        _data.Dispose();
        _arena.Dispose();
        _model.Dispose();
    }
}
