using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Threading;

namespace RnnRuntime.Plan;

/// <summary>The memory of one session as plan steps see it. Not thread-safe.</summary>
internal sealed unsafe class StepContext
{
    private readonly nint[] _addresses;
    private readonly nint[] _timeStrides;

    public StepContext(ExecutionPlan plan, ArenaLayout layout, AlignedBlock arena, WorkerTeam? team = null)
        : this(plan, layout, (nint)arena.Pointer, team)
    {
    }

    /// <param name="plan">The plan.</param>
    /// <param name="layout">Where buffers lie in an arena.</param>
    /// <param name="arena">Address of the arena.</param>
    /// <param name="team">Threads that help, or null.</param>
    public StepContext(ExecutionPlan plan, ArenaLayout layout, nint arena, WorkerTeam? team = null)
    {
        Team = team;
        Streams = layout.Streams;
        _addresses = new nint[plan.Buffers.Length];
        _timeStrides = new nint[plan.Buffers.Length];
        foreach (var buffer in plan.Buffers)
        {
            _addresses[buffer.Index] = AddressOf(buffer);
            _timeStrides[buffer.Index] = buffer.Kind == BufferKind.Frames ? (nint)layout.Streams * buffer.Stride : 0;
        }

        nint AddressOf(BufferInfo buffer) => buffer switch
        {
            { Parent: { } parent } => AddressOf(parent) + ((nint)buffer.ParentOffset * BufferInfo.ElementSize),
            { Kind: BufferKind.Constant } => buffer.ConstantAddress,
            _ => arena + layout.Offsets[buffer.Index],
        };
    }

    public int Streams { get; }

    /// <summary>Threads that help, where the model has any.</summary>
    public WorkerTeam? Team { get; }

    /// <summary>Index of the first time step that a plan step works on, within the chunk.</summary>
    public int FirstTimeStep { get; set; }

    /// <summary>How many time steps it works on.</summary>
    public int TimeSteps { get; set; }

    /// <summary>See <see cref="CellArguments.Backwards"/>.</summary>
    public int Backwards { get; set; }

    /// <summary>Vectors to work on: time steps times streams.</summary>
    public int Vectors => TimeSteps * Streams;

    /// <summary>The buffer's first vector for the current time steps; states and constants have one for all.</summary>
    public float* Frames(BufferInfo buffer) => (float*)_addresses[buffer.Index] + (FirstTimeStep * _timeStrides[buffer.Index]);

    /// <summary>Floats from one time step's vectors to the next one's; 0 where there is one for all.</summary>
    public nint TimeStride(BufferInfo buffer) => _timeStrides[buffer.Index];

    /// <summary>The buffer's start, whatever the time step.</summary>
    public float* Start(BufferInfo buffer) => (float*)_addresses[buffer.Index];
}
