using RnnRuntime.Bench.Crossover;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Threads;

/// <summary>A layer whose sessions run on so many threads.</summary>
internal sealed class ThreadsPeer : IPeer
{
    private readonly RnnModel _model;
    private readonly RnnSession _session;
    private readonly float[] _input;
    private readonly float[] _output;

    internal ThreadsPeer(LayerShape shape, ThreadsOptions options, RnnPrecision? precision, int threads)
    {
        RnnGraph graph = shape.ToGraph();
        if (precision is { } asked)
        {
            graph = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = asked, NeverSlower = false }).Graph;
        }

        _model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = options.Kernel, Threads = threads });
        _session = _model.CreateSession(options.Streams, options.TimeSteps);
        var random = new Random(1);
        int vectors = options.Streams * options.TimeSteps;
        _input = [.. Enumerable.Range(0, vectors * shape.Input).Select(_ => (random.NextSingle() * 2) - 1)];
        _output = new float[vectors * shape.Units];
        Name = $"{threads} threads";
        IsInt8 = precision == RnnPrecision.Int8;
        Parts = _model.DescribePlan(options.Streams, options.TimeSteps).Steps.Max(step => step.Threads);
    }

    public string Name { get; }

    public bool IsInt8 { get; }

    public ReadOnlySpan<float> Output => _output;

    /// <summary>Threads that share the layer.</summary>
    internal int Parts { get; }

    public void Step() => _session.Run(_input, _output);

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }
}
