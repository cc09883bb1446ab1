using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Crossover;

/// <summary>One layer in one precision: a step a call, one stream.</summary>
internal sealed class LayerPeer : IPeer
{
    private readonly RnnModel _model;
    private readonly RnnSession _session;
    private readonly float[] _input;
    private readonly float[] _output;

    /// <param name="graph">One input, one output.</param>
    /// <param name="precision">What the weights become; null leaves them float32.</param>
    /// <param name="kernel">A kernel's name.</param>
    internal LayerPeer(RnnGraph graph, RnnPrecision? precision, string kernel)
    {
        if (precision is { } asked)
        {
            graph = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = asked, NeverSlower = false }).Graph;
        }

        _model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
        _session = _model.CreateSession(1, 1);
        var random = new Random(1);
        _input = [.. Enumerable.Range(0, graph.Inputs[0].Shape.ElementCount).Select(_ => (random.NextSingle() * 2) - 1)];
        _output = new float[graph.Outputs[0].Shape.ElementCount];
        Name = precision is null ? "float32" : precision.Value.ToString().ToLowerInvariant();
        IsInt8 = precision == RnnPrecision.Int8;
    }

    public string Name { get; }

    public bool IsInt8 { get; }

    public ReadOnlySpan<float> Output => _output;

    public void Step() => _session.Run(_input, _output);

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }
}
