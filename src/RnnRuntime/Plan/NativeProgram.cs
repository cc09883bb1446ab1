using System.Runtime.CompilerServices;
using RnnRuntime.Interop;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// A session's plan as a program of the C library: one call runs any number of time steps and returns to managed code only at their end, so that a
/// collection that another thread causes does not stop it. Not thread-safe.
/// </summary>
internal sealed unsafe class NativeProgram : IDisposable
{
    private readonly NativeProgramWriter _writer;
    private readonly NativeProgramHeader* _header;
    private readonly delegate* unmanaged<void*, void*, void*, int, void> _run;

    private NativeProgram(NativeProgramWriter writer, NativeProgramHeader* header)
    {
        _writer = writer;
        _header = header;
        _run = NativeKernels.Default.Run;
    }

    /// <summary>The program and its function, for callers that are no managed code; valid until this is disposed.</summary>
    public (nint Program, nint Run) Handle => ((nint)_header, (nint)_run);

    /// <summary>Why such a plan runs in managed code, or null.</summary>
    public static string? ObstacleOf(ExecutionPlan plan, ArenaLayout layout)
    {
        using var writer = new NativeProgramWriter(new StepContext(plan, layout, arena: 0));
        return Write(plan, layout, writer);
    }

    /// <summary>The program, or why there is none.</summary>
    public static (NativeProgram? Program, string? Obstacle) Create(ExecutionPlan plan, ArenaLayout layout, StepContext context)
    {
        var writer = new NativeProgramWriter(context);
        if (Write(plan, layout, writer) is { } obstacle)
        {
            writer.Dispose();
            return (null, obstacle);
        }

        return (new NativeProgram(writer, writer.Copy([HeaderOf(plan, layout, writer, ((NativeVariant)plan.Variant).Table)])), null);
    }

    /// <summary>What rnn_run is given: the operations that were written.</summary>
    public static NativeProgramHeader HeaderOf(ExecutionPlan plan, ArenaLayout layout, NativeProgramWriter writer, NativeTable* kernels)
    {
        var isPlain = plan.Inputs.Length == 1 && plan.Outputs.Length == 1;
        return new NativeProgramHeader
        {
            Kernels = kernels,
            Operations = writer.Operations(),
            OperationCount = writer.OperationCount,
            Streams = layout.Streams,
            ChunkLength = layout.ChunkLength,
            HasFeedback = plan.HasFeedback ? 1 : 0,
            Input = isPlain ? PortOf(plan.Inputs[0]) : default,
            Output = isPlain ? PortOf(plan.Outputs[0]) : default,
        };

        NativePort PortOf(Port port) => new()
        {
            Buffer = writer.Buffer(port.Buffer),
            Elements = port.Buffer.Elements,
            IsInt32 = port.Value.Type == TensorType.Int32 ? 1 : 0,
        };
    }

    /// <summary>struct rnn_program, for native callers of rnn_run.</summary>
    public NativeProgramHeader* Header => _header;

    /// <summary>Any number of steps of a plan with one input and one output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(void* input, void* output, int timeSteps) => _run(_header, input, output, timeSteps);

    /// <summary>Steps of a chunk whose inputs lie in their buffers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int timeSteps) => _run(_header, null, null, timeSteps);

    public void Dispose() => _writer.Dispose();

    /// <summary>Writes the operations, or says why there are none.</summary>
    public static string? Write(ExecutionPlan plan, ArenaLayout layout, NativeProgramWriter writer)
    {
        if (plan.Variant is not NativeVariant)
        {
            return $"the kernel {plan.Variant.Name} is managed code";
        }

        if (plan.Steps.FirstOrDefault(step => step.Threads(layout.Streams) > 1) is { } shared)
        {
            return $"threads share the step '{shared.Name}' ({shared.Operation})";
        }

        var step = plan.Steps.FirstOrDefault(step => !step.WriteNative(writer));
        return step is null ? null : $"the step '{step.Name}' ({step.Operation}) has no native form";
    }
}
