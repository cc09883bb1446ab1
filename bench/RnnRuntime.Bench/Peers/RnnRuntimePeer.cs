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
    /// <param name="options">What else the model is given.</param>
    internal RnnRuntimePeer(
        CellProblem problem, RnnPrecision? precision, string? kernel = null, SparseChoice sparse = SparseChoice.Measured, RnnOptions? options = null)
    {
        CellShape shape = problem.Shape;
        _model = RnnModel.FromGraph(CellGraph.Build(problem, precision), (options ?? new RnnOptions()) with { Kernel = kernel, Sparse = sparse });
        _session = _model.CreateSession(shape.Streams, shape.TimeSteps);
        _frames = problem.Frames;
        _output = new float[shape.TimeSteps * shape.Streams * shape.Hidden];
        Weights = WeightTypes.Of(precision);
        Name = sparse == SparseChoice.Measured ? NameOf(precision) : $"{NameOf(precision)} {(sparse == SparseChoice.Always ? "sparse" : "dense")}";
    }

    public string Name { get; init; }

    public bool IsInt8 => Weights == WeightType.Int8;

    public WeightType Weights { get; }

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
