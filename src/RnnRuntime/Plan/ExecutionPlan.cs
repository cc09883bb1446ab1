using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>A state variable in the arena.</summary>
/// <param name="Variable">The graph's state variable.</param>
/// <param name="Buffer">Where each stream's value lies.</param>
/// <param name="Ring">Set where the value is kept as a ring.</param>
/// <param name="Initial">The plan's copy of the initial value; 0 means zeros.</param>
internal sealed record StateSlot(StateVariable Variable, BufferInfo Buffer, RingBuffer? Ring, nint Initial);

/// <summary>An input or output of the model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its type and shape.</param>
/// <param name="Buffer">Its frames.</param>
/// <param name="IndexLimit">Indices must be below this; 0 where any number may come.</param>
internal sealed record Port(string Name, Value Value, BufferInfo Buffer, int IndexLimit);

/// <summary>
/// A graph bound to this machine: packed weights and steps in order. Immutable and shared by any number of sessions on any threads;
/// <see cref="Dispose"/> frees the weights and must come after the last session's.
/// </summary>
internal sealed class ExecutionPlan : IDisposable
{
    private readonly Packer _weights;
    private readonly ConcurrentDictionary<(int Streams, int ChunkLength), ArenaLayout> _layouts = new();

    public ExecutionPlan(
        KernelVariant variant, Packer weights, ImmutableArray<PlanStep> steps, ImmutableArray<BufferInfo> buffers,
        ImmutableArray<Port> inputs, ImmutableArray<Port> outputs, ImmutableArray<StateSlot> states, bool hasFeedback)
    {
        Variant = variant;
        _weights = weights;
        Steps = steps;
        Buffers = buffers;
        Inputs = inputs;
        Outputs = outputs;
        States = states;
        HasFeedback = hasFeedback;
        IsSplit = steps.Any(step => step.IsSplit);
        StateElements = checked(states.Sum(slot => slot.Buffer.Elements));
        StateHash = HashStates(states);
        SetLifetimes();
    }

    public KernelVariant Variant { get; }

    public ImmutableArray<PlanStep> Steps { get; }

    public ImmutableArray<BufferInfo> Buffers { get; }

    public ImmutableArray<Port> Inputs { get; }

    public ImmutableArray<Port> Outputs { get; }

    public ImmutableArray<StateSlot> States { get; }

    /// <summary>
    /// Whether a state is fed back through several nodes. Then the whole graph runs once a time step; otherwise each node
    /// runs over the chunk's time steps before the next.
    /// </summary>
    public bool HasFeedback { get; }

    /// <summary>Whether several threads may share a step.</summary>
    public bool IsSplit { get; }

    /// <summary>Floats of all state variables of one stream.</summary>
    public int StateElements { get; }

    /// <summary>A hash of the state variables' names and shapes, so that a saved state is not loaded into another model.</summary>
    public uint StateHash { get; }

    public long WeightBytes => _weights.TotalBytes;

    public ArenaLayout Layout(int streams, int chunkLength) =>
        _layouts.GetOrAdd((streams, chunkLength), key => ArenaLayout.Create(Buffers, key.Streams, key.ChunkLength));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(StepContext context, int timeSteps)
    {
        context.FirstTimeStep = 0;
        if (!HasFeedback)
        {
            context.TimeSteps = timeSteps;
            ExecuteSteps(context);
            return;
        }

        context.TimeSteps = 1;
        for (var t = 0; t < timeSteps; t++)
        {
            context.FirstTimeStep = t;
            ExecuteSteps(context);
        }
    }

    public void Dispose() => _weights.Dispose();

    /// <summary>FNV-1a: the same on every machine and in every run.</summary>
    private static uint HashStates(ImmutableArray<StateSlot> states)
    {
        var hash = 2166136261u;
        foreach (var character in states.SelectMany(slot => $"{slot.Variable.Name}{slot.Variable.Input.Shape};"))
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteSteps(StepContext context)
    {
        foreach (var step in Steps)
        {
            step.Execute(context);
        }

        // A call of many time steps ends a cell's weights where an even number of steps leaves them; what matters is that single steps take turns.
        context.Backwards ^= 1;
    }

    private void SetLifetimes()
    {
        for (var i = 0; i < Steps.Length; i++)
        {
            foreach (var buffer in Steps[i].Buffers.Select(buffer => buffer.Root))
            {
                buffer.FirstStep = Math.Min(buffer.FirstStep, i);
                buffer.LastStep = Math.Max(buffer.LastStep, i);
            }
        }

        // Inputs stay for later calls. Outputs are read after the last step; with feedback the graph runs again for the next time
        // step of the chunk, so that nothing else may use their memory at all.
        foreach (var port in Inputs)
        {
            port.Buffer.Root.FirstStep = -1;
            port.Buffer.Root.LastStep = Steps.Length;
        }

        foreach (var port in Outputs)
        {
            var buffer = port.Buffer.Root;
            buffer.FirstStep = HasFeedback ? -1 : Math.Min(buffer.FirstStep, Steps.Length);
            buffer.LastStep = Steps.Length;
        }
    }
}
