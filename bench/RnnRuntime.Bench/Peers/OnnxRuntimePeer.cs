using Microsoft.ML.OnnxRuntime;

namespace RnnRuntime.Bench.Peers;

/// <summary>
/// ONNX Runtime on one thread, called the fastest way that its API has: buffers of its own bound once, and two bindings that
/// take turns so that one call's output state is the next call's input without a copy.
/// </summary>
internal sealed class OnnxRuntimePeer : IPeer
{
    private readonly SessionOptions _options;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly OrtIoBinding _forward;
    private readonly OrtIoBinding _back;
    private readonly List<OrtValue> _values = [];
    private readonly OrtValue _frames;
    private readonly OrtValue _output;
    private bool _turn;

    internal OnnxRuntimePeer(CellProblem problem, OnnxPrecision precision)
    {
        CellShape shape = problem.Shape;
        IsInt8 = precision != OnnxPrecision.Float32;
        Name = NameOf(precision);
        _options = OneThread();
        _session = new InferenceSession(OnnxCellModel.Build(problem, precision), _options);

        _frames = Allocate([shape.TimeSteps, shape.Streams, shape.Input]);
        Load(problem.Frames);
        _output = Allocate([shape.TimeSteps, 1, shape.Streams, shape.Hidden]);
        long[] state = [1, shape.Streams, shape.Hidden];
        (string Name, OrtValue A, OrtValue B)[] states = [.. OnnxCellModel.States(shape).Select(name => (name, Allocate(state), Allocate(state)))];
        _forward = Bind(states);
        _back = Bind([.. states.Select(pair => (pair.Name, pair.B, pair.A))]);
    }

    public string Name { get; }

    public bool IsInt8 { get; }

    public ReadOnlySpan<float> Output => _output.GetTensorDataAsSpan<float>();

    internal static string NameOf(OnnxPrecision precision) => precision switch
    {
        OnnxPrecision.Float32 => "ONNX Runtime f32",
        OnnxPrecision.Int8Bits7 => "ONNX Runtime int8 q7",
        OnnxPrecision.Int8Bits8 => "ONNX Runtime int8 ±127",
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, null),
    };

    /// <summary>One thread that never spins, all graph optimisations.</summary>
    internal static SessionOptions OneThread()
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        return options;
    }

    /// <summary>Frames of the next calls.</summary>
    internal void Load(ReadOnlySpan<float> frames) => frames.CopyTo(_frames.GetTensorMutableDataAsSpan<float>());

    public void Step()
    {
        _session.RunWithBinding(_runOptions, _turn ? _back : _forward);
        _turn = !_turn;
    }

    public void Dispose()
    {
        _forward.Dispose();
        _back.Dispose();
        _values.ForEach(value => value.Dispose());
        _session.Dispose();
        _runOptions.Dispose();
        _options.Dispose();
    }

    private OrtValue Allocate(long[] shape)
    {
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, shape);
        value.GetTensorMutableDataAsSpan<float>().Clear();
        _values.Add(value);
        return value;
    }

    private OrtIoBinding Bind((string Name, OrtValue Before, OrtValue After)[] states)
    {
        OrtIoBinding binding = _session.CreateIoBinding();
        binding.BindInput("X", _frames);
        binding.BindOutput("Y", _output);
        foreach ((string name, OrtValue before, OrtValue after) in states)
        {
            binding.BindInput($"initial_{name}", before);
            binding.BindOutput($"Y_{name}", after);
        }

        return binding;
    }
}
