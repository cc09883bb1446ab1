using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Interop;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Exports;

/// <summary>A model, and what the C front end knows of it. Thread-safe; disposed after its last session.</summary>
internal sealed unsafe class HostedModel : IDisposable
{
    private readonly RnnModel _model;
    private readonly BlockAllocator _memory = new(BlockAllocator.DefaultBlockBytes);
    private readonly Dictionary<(int Streams, int ChunkLength), nint> _blueprints = [];
    private readonly Dictionary<string, nint> _reasons = [];
    private readonly Lock _lock = new();

    private HostedModel(RnnModel model, int threads)
    {
        _model = model;
        var plan = model.Plan;
        Description = _memory.Copy<NativeModelDescription>([new NativeModelDescription
        {
            Inputs = Tensors(model.Inputs, index => plan.Inputs[index].IndexLimit),
            Outputs = Tensors(model.Outputs, _ => 0),
            States = Tensors(model.States, _ => 0),
            Kernel = _memory.CopyText(model.Kernel),
            WeightBytes = model.WeightBytes,
            InputCount = model.Inputs.Length,
            OutputCount = model.Outputs.Length,
            StateCount = model.States.Length,
            HasGolden = model.HasGolden ? 1 : 0,
            Threads = threads,
        }]);
    }

    public NativeModelDescription* Description { get; }

    public static HostedModel Load(byte* data, ulong size, in NativeModelOptions options)
    {
        if (size > int.MaxValue)
        {
            throw new RnnFormatException("file", "length", $"{size} bytes", $"at most {int.MaxValue} bytes");
        }

        // The weights are packed when the model is there. Its graph, which nothing asks for any more, loses the bytes.
        using var bytes = new BorrowedBytes(data, (int)size);
        var kernel = KernelList.Choose(Marshal.PtrToStringUTF8((nint)options.Kernel));
        var threads = Math.Max(1, options.Threads);
        if (options.Threads < 0 || threads > Environment.ProcessorCount)
        {
            throw new ArgumentOutOfRangeException(
                null, $"rnn_model_options.threads is {options.Threads}; expected 0 to {Environment.ProcessorCount}, the processors that this process may use.");
        }

        var model = RnnModel.Load(bytes.Memory, new RnnOptions { Kernel = kernel, Threads = threads, VerifyGolden = options.VerifyGolden != 0 });
        try
        {
            return new HostedModel(model, threads);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>0 takes what <see cref="RnnModel.CreateSession"/> takes by itself.</summary>
    public NativeBlueprint* Blueprint(int streams, int chunkLength)
    {
        var layout = _model.Layout(streams == 0 ? 1 : streams, chunkLength == 0 ? null : chunkLength);
        lock (_lock)
        {
            var key = (layout.Streams, layout.ChunkLength);
            if (!_blueprints.TryGetValue(key, out var blueprint))
            {
                blueprint = (nint)NativeImageWriter.Write(_model.Plan, layout, _memory);
                _blueprints.Add(key, blueprint);
            }

            return (NativeBlueprint*)blueprint;
        }
    }

    /// <summary>The same without its image, in memory of the caller: for a look at what a session would be, which keeps nothing.</summary>
    public NativeBlueprint Describe(int streams, int chunkLength)
    {
        var layout = _model.Layout(streams == 0 ? 1 : streams, chunkLength == 0 ? null : chunkLength, keeps: false);
        var blueprint = NativeImageWriter.Describe(_model.Plan, layout, out var reason);
        nint text = 0;
        lock (_lock)
        {
            if (reason is not null && !_reasons.TryGetValue(reason, out text))
            {
                _reasons.Add(reason, text = (nint)_memory.CopyText(reason));
            }
        }

        blueprint.ManagedReason = (byte*)text;
        return blueprint;
    }

    public HostedSession Host(int streams, int chunkLength, nint arena)
    {
        _model.StartTeam();
        return new HostedSession(_model.Plan, new StepContext(_model.Plan, _model.Layout(streams, chunkLength), arena, _model.Team));
    }

    public void Dispose()
    {
        _model.Dispose();
        _memory.Dispose();
    }

    private NativeTensor* Tensors(ImmutableArray<TensorInfo> tensors, Func<int, int> indexLimit) => _memory.Copy<NativeTensor>([.. tensors.Select((tensor, index) => new NativeTensor
    {
        Name = _memory.CopyText(tensor.Name),
        Dimensions = _memory.Copy(tensor.Shape.Dimensions.AsSpan()),
        Rank = tensor.Shape.Rank,
        Elements = tensor.Shape.ElementCount,
        IsInt32 = tensor.Type == TensorType.Int32 ? 1 : 0,
        IndexLimit = indexLimit(index),
    })]);
}

/// <summary>The steps of a session that managed code runs, in an arena that C owns. Not thread-safe.</summary>
internal sealed class HostedSession(ExecutionPlan plan, StepContext context)
{
    public void Execute(int timeSteps) => plan.Execute(context, timeSteps);
}
