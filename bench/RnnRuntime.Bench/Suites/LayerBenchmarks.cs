using BenchmarkDotNet.Attributes;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Suites;

/// <summary>What the suites of layers share: the parameters and the peer that they select.</summary>
public abstract class LayerBenchmarks
{
    private IPeer? _peer;

    /// <summary>Layer sizes.</summary>
    public static IEnumerable<LayerSize> Sizes => LayerSize.Selected();

    /// <summary>ONNX Runtime and the registry's kernels.</summary>
    public virtual IEnumerable<Variant> Variants => Variant.Selected();

    /// <summary>The layer's size.</summary>
    [ParamsSource(nameof(Sizes), Priority = 0)]
    public LayerSize Size { get; set; }

    /// <summary>The implementation.</summary>
    [ParamsSource(nameof(Variants), Priority = 1)]
    public Variant Variant { get; set; } = null!;

    internal abstract CellShape Shape(LayerSize size);

    /// <summary>Builds the model and checks that it can be called.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _peer = Variant.Create(new CellProblem(Shape(Size)));
        _peer.Step();
    }

    /// <summary>Releases the model.</summary>
    [GlobalCleanup]
    public void Cleanup() => _peer?.Dispose();

    /// <summary>Calls the implementation once.</summary>
    protected void Call() => _peer!.Step();
}

/// <summary>One step of an LSTM and one stream a call: the regime of a deadline.</summary>
public class StepBenchmarks : LayerBenchmarks
{
    /// <summary>One step.</summary>
    [Benchmark]
    public void Step() => Call();

    internal override CellShape Shape(LayerSize size) => new(size.Input, size.Hidden);
}

/// <summary>The same of a GRU.</summary>
public class GruStepBenchmarks : LayerBenchmarks
{
    /// <summary>Other runtimes have a GRU in float32 only.</summary>
    public override IEnumerable<Variant> Variants => base.Variants.Where(variant => !(variant.IsPeer && variant.IsInt8));

    /// <summary>One step.</summary>
    [Benchmark]
    public void Step() => Call();

    internal override CellShape Shape(LayerSize size) => new(size.Input, size.Hidden, Cell: Cell.Gru);
}

/// <summary>A hundred steps of one stream in a call; times are per step.</summary>
public class SequenceBenchmarks : LayerBenchmarks
{
    private const int TimeSteps = 100;

    /// <summary>A hundred steps.</summary>
    [Benchmark(OperationsPerInvoke = TimeSteps)]
    public void Sequence() => Call();

    internal override CellShape Shape(LayerSize size) => new(size.Input, size.Hidden, TimeSteps: TimeSteps);
}

/// <summary>One step of sixteen streams a call; times are per step of all streams.</summary>
public class BatchBenchmarks : LayerBenchmarks
{
    private const int Streams = 16;

    /// <summary>One step of all streams.</summary>
    [Benchmark]
    public void Batch() => Call();

    internal override CellShape Shape(LayerSize size) => new(size.Input, size.Hidden, Streams);
}
