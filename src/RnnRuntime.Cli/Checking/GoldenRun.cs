using System.Collections.Immutable;
using RnnRuntime.Cli.Running;
using RnnRuntime.Cli.Sources;
using RnnRuntime.Formats;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Checking;

/// <summary>
/// Golden arrays bound to a model: what feeds each input, where each state begins, what each output has to be. Arrays of the model's own shapes
/// are one step; with one more leading axis they are a sequence.
/// </summary>
internal sealed class GoldenRun
{
    private readonly ModelSource _source;
    private readonly RnnModel _model;
    private readonly InputFeed[] _feeds;
    private readonly List<(string Name, float[] Value)> _states = [];
    private readonly List<GoldenResult> _results = [];
    private readonly int? _timeSteps;

    public GoldenRun(ModelSource source, RnnImportOptions import, IReadOnlyList<InputArray> arrays)
    {
        _source = source;
        _model = source.Model;
        _feeds = new InputFeed[_model.Inputs.Length];
        var expected = new List<(InputArray Array, TensorInfo Tensor, int Output)>();
        foreach (var array in arrays)
        {
            if (IndexOf(_model.Inputs, array.Name) is >= 0 and var input)
            {
                _feeds[input] = InputFeed.FromArray(input, _model.Inputs[input], array.Array, array.Source);
                _timeSteps = Common(array, _feeds[input].TimeSteps);
            }
            else if (IndexOf(_model.Outputs, array.Name) is >= 0 and var output)
            {
                expected.Add((array, _model.Outputs[output], output));
            }
            else if (IndexOf(_model.States, array.Name) is >= 0 and var state)
            {
                AddState(array, _model.States[state]);
            }
            else if (source.StateOf(array.Name) is var paired && paired != array.Name)
            {
                expected.Add((array, _model.States[IndexOf(_model.States, paired)], -1));
            }
            else
            {
                CheckConstant(array, import, source);
            }
        }

        if (Array.FindIndex(_feeds, feed => feed is null) is >= 0 and var missing)
        {
            var tensor = _model.Inputs[missing];
            throw new CliException($"--check: no array for input '{tensor.Name}' ({Text.Of(tensor)})");
        }

        if (expected.Count == 0)
        {
            throw new CliException($"--check: no array for an output; outputs are {Names(_model.Outputs.Select(output => output.Name))}");
        }

        foreach (var (array, tensor, output) in expected)
        {
            // Where no input has a time axis, an output may.
            var isSequence = !IsStep(tensor, output, array.Array.Shape) && array.Array.Shape is [_, .. var rest] && IsStep(tensor, output, rest);
            _timeSteps = isSequence ? Common(array, array.Array.Shape[0]) : _timeSteps;
            if (!isSequence && !(IsStep(tensor, output, array.Array.Shape) && (_timeSteps is null || output < 0)))
            {
                int[] wanted = [.. _timeSteps is { } steps ? [steps] : Array.Empty<int>(), .. (output < 0 ? source.ShapeOf(tensor) : tensor.Shape).Dimensions];
                throw new CliException($"{array.Source}: expected {Text.Of(tensor.Type)} [{string.Join(", ", wanted)}], found {array.Array.Describe()}");
            }

            _results.Add(new GoldenResult(array, tensor, output, isSequence));
        }
    }

    /// <summary>Runs a model with the same inputs and outputs, and gives one result for each golden array.</summary>
    public IReadOnlyList<GoldenResult> Run(RnnModel model, double tolerance)
    {
        using var session = model.CreateSession(1, 1);
        foreach (var (name, value) in _states)
        {
            session.SetState(name, value);
        }

        var steps = _timeSteps ?? 1;
        for (var step = 0; step < steps; step++)
        {
            foreach (var feed in _feeds)
            {
                feed.Give(session, step, 1);
            }

            session.Run();
            foreach (var result in _results)
            {
                result.Compare(session, step, step == steps - 1, tolerance);
            }
        }

        return _results;
    }

    /// <summary>The same as a model carries it: every input of every step, from the initial state.</summary>
    public GoldenVectors ToVectors()
    {
        using var session = _model.CreateSession(1, 1);
        foreach (var (name, value) in _states)
        {
            var initial = new float[value.Length];
            session.GetState(name, initial);
            if (!initial.AsSpan().SequenceEqual(value))
            {
                throw new CliException($"--embed-golden: a model carries goldens that start from its initial state; state '{name}' starts from other values here");
            }
        }

        var outputs = _results.Where(result => result.Output >= 0).ToImmutableDictionary(result => result.Tensor.Name, result => result.ToConstant());
        return outputs.IsEmpty
            ? throw new CliException("--embed-golden: there is no array for an output that is no state")
            : new GoldenVectors(
                _timeSteps ?? 1,
                _model.Inputs.Zip(_feeds).ToImmutableDictionary(pair => pair.First.Name, pair => pair.Second.ToConstant(pair.First, _timeSteps ?? 1)),
                outputs);
    }

    private bool IsStep(TensorInfo tensor, int output, int[] shape) =>
        output < 0 ? _source.IsValueOf(tensor, shape) : tensor.Shape.Dimensions.AsSpan().SequenceEqual(shape);

    private int? Common(InputArray array, int? steps) => steps is null || _timeSteps is null || steps == _timeSteps
        ? steps ?? _timeSteps
        : throw new CliException($"{array.Source}: '{array.Name}' has {steps} time steps, an array before it {_timeSteps}");

    private void AddState(InputArray array, TensorInfo state)
    {
        if (!_source.IsValueOf(state, array.Array.Shape))
        {
            throw new CliException($"{array.Source}: state '{state.Name}' is {Text.Of(state.Type)} {_source.ShapeOf(state)}; found {array.Array.Describe()}");
        }

        _states.Add((state.Name, array.Array.ToFloat32(array.Source)));
    }

    /// <summary>An array of an input that is a constant now has to hold that constant.</summary>
    private static void CheckConstant(InputArray array, RnnImportOptions import, ModelSource source)
    {
        var values = array.Array.ToFloat64(array.Source);
        if (import.Fix.TryGetValue(array.Name, out var number) ? values.All(value => value == number)
            : import.Constants.TryGetValue(array.Name, out var constants) ? constants.AsSpan().SequenceEqual(values)
            : throw Unknown(array, source))
        {
            return;
        }

        throw new CliException($"{array.Source}: '{array.Name}' is a constant of the model with other values");
    }

    private static CliException Unknown(InputArray array, ModelSource source)
    {
        var outputs = source.Model.Outputs.Select(output => output.Name).Concat(source.Report?.States.Select(state => state.Output) ?? []).Distinct();
        return new CliException(
            $"{array.Source}: the model has no '{array.Name}'; inputs are {Names(source.Model.Inputs.Select(input => input.Name))}, outputs {Names(outputs)}, states {Names(source.Model.States.Select(state => state.Name))}");
    }

    private static int IndexOf(ImmutableArray<TensorInfo> tensors, string name)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'").DefaultIfEmpty("none"));
}
