using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Models;

/// <summary>ONNX Runtime on one thread. Everything is bound once; two bindings take turns, so that states are never copied.</summary>
internal sealed class OnnxModelPeer : IModelPeer
{
    private readonly ModelProblem _problem;
    private readonly SessionOptions _options = OnnxRuntimePeer.OneThread();
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly Dictionary<string, OrtValue> _inputs = [];
    private readonly Dictionary<string, OrtValue> _outputs = [];
    private readonly Dictionary<string, (OrtValue A, OrtValue B)> _states = [];
    private readonly OrtIoBinding _forward;
    private readonly OrtIoBinding _back;
    private bool _turn;

    internal OnnxModelPeer(ModelProblem problem)
    {
        _problem = problem;
        _session = new InferenceSession(problem.Onnx, _options);
        foreach (ModelInput input in problem.Inputs)
        {
            _inputs.Add(input.Name, Allocate(input.IsFloat ? TensorElementType.Float : TensorElementType.Int64, [.. input.Shape.Select(extent => (long)extent)]));
        }

        foreach (ModelState state in problem.States)
        {
            long[] shape = [.. state.Shape.Select(extent => (long)extent)];
            _states.Add(state.Input, (Allocate(TensorElementType.Float, shape), Allocate(TensorElementType.Float, shape)));
        }

        Load(0);
        AllocateOutputs();
        _forward = Bind(forward: true);
        _back = Bind(forward: false);
    }

    public string Name => "ONNX Runtime";

    public bool IsInt8 => false;

    public ReadOnlySpan<float> Output => _outputs.Values.First().GetTensorDataAsSpan<float>();

    public void Step()
    {
        _session.RunWithBinding(_runOptions, _turn ? _back : _forward);
        _turn = !_turn;
    }

    public void Load(int step)
    {
        foreach (ModelInput input in _problem.Inputs)
        {
            OrtValue value = _inputs[input.Name];
            if (input.IsFloat)
            {
                _problem.Frame(input, step).CopyTo(value.GetTensorMutableDataAsSpan<float>());
            }
            else
            {
                long[] numbers = input.Fixed is { } number ? [number] : [.. _problem.Indices(input, step)];
                numbers.CopyTo(value.GetTensorMutableDataAsSpan<long>());
            }
        }
    }

    public IReadOnlyDictionary<string, float[]> Results() =>
        _outputs.Select(output => (output.Key, output.Value))
            .Concat(_states.Select(state => (state.Key, Value: _turn ? state.Value.B : state.Value.A)))
            .ToDictionary(pair => pair.Key, pair => pair.Value.GetTensorDataAsSpan<float>().ToArray());

    public void Dispose()
    {
        _forward.Dispose();
        _back.Dispose();
        foreach (OrtValue value in _inputs.Values.Concat(_outputs.Values).Concat(_states.Values.SelectMany(pair => new[] { pair.A, pair.B })))
        {
            value.Dispose();
        }

        _session.Dispose();
        _runOptions.Dispose();
        _options.Dispose();
    }

    /// <summary>The file may leave extents open: one call that ONNX Runtime allocates for tells them.</summary>
    private void AllocateOutputs()
    {
        string[] names = [.. _session.OutputNames.Where(name => _problem.States.All(state => state.Output != name))];
        string[] inputNames = [.. _inputs.Keys, .. _states.Keys];
        OrtValue[] inputs = [.. _inputs.Values, .. _states.Values.Select(pair => pair.A)];
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_runOptions, inputNames, inputs, names);
        for (int i = 0; i < names.Length; i++)
        {
            _outputs.Add(names[i], Allocate(TensorElementType.Float, results[i].GetTensorTypeAndShape().Shape));
        }
    }

    private static OrtValue Allocate(TensorElementType type, long[] shape)
    {
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        value.GetTensorMutableRawData().Clear();
        return value;
    }

    private OrtIoBinding Bind(bool forward)
    {
        OrtIoBinding binding = _session.CreateIoBinding();
        foreach (ModelInput input in _problem.Inputs)
        {
            binding.BindInput(input.Name, _inputs[input.Name]);
        }

        foreach (ModelState state in _problem.States)
        {
            (OrtValue a, OrtValue b) = _states[state.Input];
            binding.BindInput(state.Input, forward ? a : b);
            binding.BindOutput(state.Output, forward ? b : a);
        }

        foreach ((string name, OrtValue value) in _outputs)
        {
            binding.BindOutput(name, value);
        }

        return binding;
    }
}
