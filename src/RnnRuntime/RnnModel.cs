using System.Collections.Immutable;
using RnnRuntime.Formats;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;
using RnnRuntime.Threading;

namespace RnnRuntime;

/// <summary>
/// A network bound to this machine: its weights packed once for the chosen kernels. Thread-safe; any number of sessions share it.
/// Its memory is freed when it and all its sessions are disposed.
/// </summary>
public sealed class RnnModel : IDisposable
{
    private const int PooledArenas = 64;
    private const nint UncheckedSessionBytes = 64 << 20;
    private const int MaximumStreams = 1 << 16;
    private const int MaximumChunkLength = 1 << 16;
    private const int DefaultChunkVectors = 32;

    private readonly ExecutionPlan _plan;
    private readonly ArenaPool _arenas = new(PooledArenas);
    private readonly GoldenVectors? _golden;
    private readonly int _threads;
    private readonly Lock _teamLock = new();
    private WorkerTeam? _team;
    private int _disposed;
    private int _references = 1;

    private RnnModel(RnnGraph graph, GoldenVectors? golden, RnnOptions? options)
    {
        options ??= new RnnOptions();
        CheckThreads(options);
        Graph = graph;
        _threads = options.Threads;
        _golden = golden;
        StaysManaged = options.StaysManaged;
        _plan = PlanBuilder.Build(graph, KernelRegistry.Choose(options.Kernel), options.Sparse, new SplitRule(options.Threads, options.SmallestPart));

        // Packing read spans of a mapped file, which do not keep the mapping; the graph does.
        GC.KeepAlive(graph);
        if (options.VerifyGolden)
        {
            try
            {
                VerifyGolden();
            }
            catch
            {
                _team?.Dispose();
                _plan.Dispose();
                throw;
            }
        }
    }

    /// <summary>The portable network.</summary>
    public RnnGraph Graph { get; }

    /// <summary>The inputs in order, as they are for one step of one stream.</summary>
    public ImmutableArray<TensorInfo> Inputs => Graph.Inputs;

    /// <summary>The outputs in order.</summary>
    public ImmutableArray<TensorInfo> Outputs => Graph.Outputs;

    /// <summary>The state variables in order.</summary>
    public ImmutableArray<TensorInfo> States => Graph.States;

    /// <summary>Name of the kernel variant in use.</summary>
    public string Kernel => _plan.Variant.Name;

    /// <summary>Bytes of packed weights, shared by all sessions.</summary>
    public long WeightBytes => _plan.WeightBytes;

    /// <summary>Whether the file holds a golden input and output.</summary>
    public bool HasGolden => _golden is not null;

    /// <summary>
    /// Loads a <c>.rnn</c> file through a memory map, which stays open as long as this model's <see cref="Graph"/>, or one made from it, is in use.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="RnnFormatException">The file is not a valid model, or its golden outputs are not met.</exception>
    /// <exception cref="ArgumentException">The kernel is unknown or cannot run here.</exception>
    public static RnnModel Load(string path, RnnOptions? options = null)
    {
        var file = new MappedFile(path);
        try
        {
            return Load(file.Memory, options);
        }
        catch
        {
            ((IDisposable)file).Dispose();
            throw;
        }
    }

    /// <summary>Loads a model from memory, which must not change while the model is in use.</summary>
    /// <exception cref="RnnFormatException">The bytes are not a valid model, or its golden outputs are not met.</exception>
    /// <exception cref="ArgumentException">The kernel is unknown or cannot run here.</exception>
    public static RnnModel Load(ReadOnlyMemory<byte> data, RnnOptions? options = null)
    {
        var contents = RnnFileReader.Read(data);
        return new RnnModel(contents.Graph, contents.Golden, options);
    }

    /// <summary>Binds a network that was built in code.</summary>
    /// <exception cref="ArgumentException">The kernel is unknown or cannot run here.</exception>
    public static RnnModel FromGraph(RnnGraph graph, RnnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new RnnModel(graph, null, options);
    }

    /// <summary>
    /// Makes a session, in its initial state. Its memory comes from a pool where a session of the same size was disposed before.
    /// </summary>
    /// <param name="streams">Streams that advance together, 1 to 65,536.</param>
    /// <param name="chunkLength">
    /// Time steps that run together inside long calls, and at most in one named call, 1 to 65,536. Null takes enough for a good
    /// use of the weights, 32 for one stream and fewer for more; 1 makes the smallest session.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="InsufficientMemoryException">The session needs more memory than this process may have.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public RnnSession CreateSession(int streams = 1, int? chunkLength = null)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var layout = Layout(streams, chunkLength);
        if (layout.TotalBytes > UncheckedSessionBytes && AvailableBytes() is var available and > 0 && layout.TotalBytes > available)
        {
            throw new InsufficientMemoryException(
                $"A session of {streams} streams and chunks of {layout.ChunkLength} time steps needs {layout.TotalBytes} bytes; this process may have {available}.");
        }

        return OpenSession(layout);
    }

    /// <summary>Of the machine or the container: a limit of managed objects alone makes the first of these numbers the smaller one.</summary>
    private static long AvailableBytes()
    {
        var memory = GC.GetGCMemoryInfo();
        return Math.Max(memory.TotalAvailableMemoryBytes, memory.HighMemoryLoadThresholdBytes);
    }

    /// <summary>Also for a fork of a session that outlives the model's disposal.</summary>
    internal RnnSession OpenSession(ArenaLayout layout)
    {
        Acquire();
        try
        {
            StartTeam();
            return new RnnSession(this, _plan, layout, _arenas.Rent(layout.TotalBytes));
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Bytes of the memory that such a session takes.</summary>
    /// <inheritdoc cref="CreateSession"/>
    public long SessionBytes(int streams = 1, int? chunkLength = null) => Layout(streams, chunkLength).TotalBytes;

    /// <summary>Describes the plan as it is for such a session.</summary>
    /// <inheritdoc cref="CreateSession"/>
    public RnnPlanInfo DescribePlan(int streams = 1, int? chunkLength = null)
    {
        var layout = Layout(streams, chunkLength);
        var buffers = _plan.Buffers.Where(buffer => buffer.Parent is null && buffer.Kind != BufferKind.Constant).Select(buffer => new PlanBufferInfo(
            buffer.Name, buffer.Kind.ToString().ToLowerInvariant(), layout.Offsets[buffer.Index], buffer.Bytes(layout.Streams, layout.ChunkLength),
            buffer.FirstStep, buffer.LastStep));
        var steps = _plan.Steps.Select(step => new PlanStepInfo(
            step.Name, step.Operation, step.Kernel, step.WeightBytes, step.MultiplyAdds, step.LargestPair, step.Density)
        {
            Threads = step.Threads(layout.Streams),
        });
        return new RnnPlanInfo(
            Kernel, WeightBytes, layout.TotalBytes, layout.PersistentBytes, layout.Streams, layout.ChunkLength, NativeProgram.ObstacleOf(_plan, layout),
            [.. steps], [.. buffers.OrderBy(buffer => buffer.Offset).ThenBy(buffer => buffer.FirstStep)]);
    }

    /// <summary>Writes the network as a <c>.rnn</c> file, with its golden vectors where it has them. The same network gives the same bytes.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        using var stream = File.Create(path);
        RnnFileWriter.Write(stream, Graph, _golden);
        GC.KeepAlive(this);
    }

    /// <summary>Runs the golden input and compares the outputs; see <see cref="RnnOptions.VerifyGolden"/>.</summary>
    /// <returns>The largest absolute difference.</returns>
    /// <exception cref="RnnFormatException">There is none, or an output differs by more than 1e-4 of the larger of 1 and its magnitude.</exception>
    public float VerifyGolden() =>
        GoldenCheck.Verify(this, _golden ?? throw new RnnFormatException("golden", "golden.input.*", "nothing", "a golden input and output to verify"));

    /// <summary>Refuses new sessions, and frees the weights once the last session is disposed.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    internal GoldenVectors? Golden => _golden;

    internal ExecutionPlan Plan => _plan;

    /// <summary>See <see cref="RnnOptions.StaysManaged"/>.</summary>
    internal bool StaysManaged { get; }

    /// <summary>Threads that help its sessions; null where none do, and before the first session.</summary>
    internal WorkerTeam? Team => _team;

    /// <summary>The same network with other golden vectors.</summary>
    internal static RnnModel FromGraph(RnnGraph graph, GoldenVectors golden, RnnOptions? options) => new(graph, golden, options);

    internal void Return(AlignedBlock arena)
    {
        _arenas.Return(arena);
        Release();
    }

    private void Acquire()
    {
        // Counts up only from above zero: at zero the weights are gone.
        int seen;
        do
        {
            seen = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(seen == 0, this);
        }
        while (Interlocked.CompareExchange(ref _references, seen + 1, seen) != seen);
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _team?.Dispose();
            _arenas.Dispose();
            _plan.Dispose();
        }
    }

    /// <summary>Made with the first session: a model that is only looked at starts no thread.</summary>
    internal void StartTeam()
    {
        if (_threads > 1 && _plan.IsSplit)
        {
            lock (_teamLock)
            {
                _team ??= new WorkerTeam(_threads);
            }
        }
    }

    private static void CheckThreads(RnnOptions options)
    {
        if (options.Threads < 1 || options.Threads > options.MostThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Threads,
                $"{nameof(RnnOptions)}.{nameof(RnnOptions.Threads)} is {options.Threads}; expected 1 to {options.MostThreads}, the processors that this process may use.");
        }
    }

    /// <param name="streams">Streams.</param>
    /// <param name="chunkLength">Steps of a chunk, or null.</param>
    /// <param name="keeps">Whether the plan remembers it, as for a session; not for a look at what one would be.</param>
    internal ArenaLayout Layout(int streams, int? chunkLength, bool keeps = true)
    {
        CheckRange(streams, MaximumStreams, nameof(streams));
        CheckRange(chunkLength ?? 1, MaximumChunkLength, nameof(chunkLength));

        // Sixteen vectors at a time make a panel of weights worth its way from memory; more streams do the same. Native cells, which take the input product of one
        // stream between their steps, begin above sixteen steps.
        var chunk = chunkLength ?? Math.Max(1, DefaultChunkVectors / streams);
        var largest = _plan.Inputs.Concat(_plan.Outputs).Select(port => port.Buffer.Elements).Append(_plan.StateElements + 16).Max();
        if ((long)streams * Math.Max(chunk, largest) * sizeof(float) > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(streams), streams, $"{streams} streams in chunks of {chunk} time steps, of at most {largest} values each, are more than one session can address.");
        }

        try
        {
            return keeps ? _plan.Layout(streams, chunk) : ArenaLayout.Create(_plan.Buffers, streams, chunk);
        }
        catch (OverflowException exception)
        {
            throw new ArgumentOutOfRangeException($"A session of {streams} streams and chunks of {chunk} time steps needs more memory than can be addressed.", exception);
        }
    }

    private static void CheckRange(int value, int maximum, string name)
    {
        if (value < 1 || value > maximum)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Expected 1 to {maximum}; found {value}.");
        }
    }
}
