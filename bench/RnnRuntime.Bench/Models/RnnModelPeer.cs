using System.Collections.Immutable;
using RnnRuntime.Import;

namespace RnnRuntime.Bench.Models;

/// <summary>This project's runtime through its public API: the file imported, one session, spans in and out.</summary>
internal sealed class RnnModelPeer : IModelPeer
{
    private readonly ModelProblem _problem;
    private readonly RnnSession _session;
    private readonly ImmutableArray<ModelInput> _inputs;
    private readonly float[][] _frames;
    private readonly int[][] _indices;
    private readonly float[][] _outputs;
    private readonly bool _isPlain;

    /// <param name="problem">The model.</param>
    /// <param name="kernel">A kernel's name, or null for the one that the runtime chooses.</param>
    internal RnnModelPeer(ModelProblem problem, string? kernel = null)
    {
        _problem = problem;
        RnnGraph graph = RnnImporter.Import(problem.Onnx, problem.ImportOptions);
        Model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
        _session = Model.CreateSession(chunkLength: 1);
        _inputs = [.. Model.Inputs.Select(input => problem.Inputs.Single(given => given.Name == input.Name))];
        _frames = [.. _inputs.Select(input => new float[input.IsFloat ? input.Elements : 0])];
        _indices = [.. _inputs.Select(input => new int[input.IsFloat ? 0 : input.Elements])];
        _outputs = [.. Model.Outputs.Select(output => new float[output.Shape.ElementCount])];
        _isPlain = _inputs.Length == 1 && _outputs.Length == 1;
        Load(0);
    }

    public string Name => "RnnRuntime";

    public bool IsInt8 => false;

    public ReadOnlySpan<float> Output => _outputs[0];

    internal RnnModel Model { get; }

    public void Step()
    {
        if (_isPlain)
        {
            if (_inputs[0].IsFloat)
            {
                _session.Run(_frames[0], _outputs[0]);
            }
            else
            {
                _session.Run(_indices[0], _outputs[0]);
            }

            return;
        }

        for (int i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i].IsFloat)
            {
                _session.SetInput(i, _frames[i]);
            }
            else
            {
                _session.SetInput(i, _indices[i]);
            }
        }

        _session.Run();
        for (int i = 0; i < _outputs.Length; i++)
        {
            _session.GetOutput(i, _outputs[i]);
        }
    }

    public void Load(int step)
    {
        for (int i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i].IsFloat)
            {
                _frames[i] = _problem.Frame(_inputs[i], step);
            }
            else
            {
                _indices[i] = _problem.Indices(_inputs[i], step);
            }
        }
    }

    public IReadOnlyDictionary<string, float[]> Results()
    {
        var results = Model.Outputs.Select((output, i) => (output.Name, Values: _outputs[i])).ToDictionary(pair => pair.Name, pair => pair.Values);
        foreach (TensorInfo state in Model.States)
        {
            var values = new float[state.Shape.ElementCount];
            _session.GetState(state.Name, values);
            results.Add(state.Name, values);
        }

        return results;
    }

    public void Dispose()
    {
        _session.Dispose();
        Model.Dispose();
    }
}
