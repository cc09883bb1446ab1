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
    /// <param name="int8">Quantise the weights first.</param>
    /// <param name="kernel">A kernel's name, or null for the one that the runtime chooses.</param>
    /// <param name="sparse">Which weights are stored without their zeros.</param>
    internal RnnRuntimePeer(LstmProblem problem, bool int8, string? kernel = null, SparseChoice sparse = SparseChoice.Measured)
    {
        LstmShape shape = problem.Shape;
        var builder = new RnnGraphBuilder();
        TensorRef x = builder.Input("x", shape.Input);
        builder.Output("y", builder.Lstm(x, shape.Hidden, problem.InputWeights, problem.RecurrentWeights, problem.Bias));
        RnnGraph graph = builder.Build();
        RnnGraph bound = int8 ? RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false }).Graph : graph;
        _model = RnnModel.FromGraph(bound, new RnnOptions { Kernel = kernel, Sparse = sparse });
        _session = _model.CreateSession(shape.Streams, shape.TimeSteps);
        _frames = problem.Frames;
        _output = new float[shape.TimeSteps * shape.Streams * shape.Hidden];
        IsInt8 = int8;
        Name = sparse == SparseChoice.Measured ? NameOf(int8) : $"{NameOf(int8)} {(sparse == SparseChoice.Always ? "sparse" : "dense")}";
    }

    public string Name { get; }

    public bool IsInt8 { get; }

    public ReadOnlySpan<float> Output => _output;

    internal static string NameOf(bool int8) => int8 ? "RnnRuntime int8" : "RnnRuntime f32";

    public void Step() => _session.Run(_frames, _output);

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }
}
