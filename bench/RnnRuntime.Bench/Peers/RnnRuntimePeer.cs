using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Peers;

/// <summary>This project's runtime through its public API: one session, spans in and out.</summary>
internal sealed class RnnRuntimePeer : IPeer
{
    private readonly RnnModel _model;
    private readonly RnnSession _session;
    private readonly float[] _frames;
    private readonly float[] _output;

    /// <param name="problem">Weights and frames.</param>
    /// <param name="precision">What the weights become first; null leaves them float32.</param>
    /// <param name="kernel">A kernel's name, or null for the one that the runtime chooses.</param>
    /// <param name="sparse">Which weights are stored without their zeros.</param>
    internal RnnRuntimePeer(LstmProblem problem, RnnPrecision? precision, string? kernel = null, SparseChoice sparse = SparseChoice.Measured)
    {
        LstmShape shape = problem.Shape;
        var builder = new RnnGraphBuilder();
        TensorRef x = builder.Input("x", shape.Input);
        builder.Output("y", builder.Lstm(x, shape.Hidden, problem.InputWeights, problem.RecurrentWeights, problem.Bias));
        RnnGraph graph = builder.Build();
        if (precision is { } asked)
        {
            graph = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = asked, NeverSlower = false }).Graph;
        }

        _model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel, Sparse = sparse });
        _session = _model.CreateSession(shape.Streams, shape.TimeSteps);
        _frames = problem.Frames;
        _output = new float[shape.TimeSteps * shape.Streams * shape.Hidden];
        IsInt8 = precision == RnnPrecision.Int8;
        Name = sparse == SparseChoice.Measured ? NameOf(precision) : $"{NameOf(precision)} {(sparse == SparseChoice.Always ? "sparse" : "dense")}";
    }

    public string Name { get; }

    public bool IsInt8 { get; }

    public ReadOnlySpan<float> Output => _output;

    internal static string NameOf(RnnPrecision? precision) => precision switch
    {
        null => "RnnRuntime f32",
        RnnPrecision.BFloat16 => "RnnRuntime bf16",
        RnnPrecision.Float16 => "RnnRuntime fp16",
        _ => "RnnRuntime int8",
    };

    public void Step() => _session.Run(_frames, _output);

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }
}
