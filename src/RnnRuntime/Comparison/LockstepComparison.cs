using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>Two networks in lock step: what both have is held against each other after every step.</summary>
internal sealed class LockstepComparison
{
    private const int WindowsOfOutputs = 500;
    private const int WindowsOfValues = 50;

    private readonly RnnGraph _reference;
    private readonly RnnGraph _candidate;
    private readonly RnnInputs _inputs;
    private readonly long _steps;
    private readonly Taps _referenceTaps;
    private readonly Taps _candidateTaps;
    private readonly Dictionary<(int Reference, int Candidate), SignalMeter> _meters = [];
    private readonly List<string> _leftOut = [];

    public LockstepComparison(RnnGraph reference, RnnGraph candidate, RnnInputs inputs, long steps)
    {
        (_reference, _candidate, _inputs, _steps) = (reference, candidate, inputs, steps);
        _referenceTaps = Taps.All(reference);
        _candidateTaps = Taps.All(candidate);
    }

    public RnnComparison Run(RnnComparisonOptions options, Action<double> report)
    {
        var outputs = OutputPairs.Of(_reference, _candidate).Select(pair => (
            Info: _reference.Outputs[pair.Reference], Pair: pair, Meter: Meter(pair, WindowsOfOutputs),
            Decisions: new DecisionMeter(_reference.Outputs[pair.Reference].Shape.ElementCount, options.Threshold))).ToArray();
        var states = MatchStates();
        var nodes = MatchNodes();
        var language = CrossEntropyMeter.Find(_reference, _inputs, options.LogitsOutput);

        using var reference = new TracedRun(_referenceTaps.Graph, _inputs, options.Kernel, _meters.Keys.Select(pair => pair.Reference).ToHashSet().Contains);
        using var candidate = new TracedRun(_candidateTaps.Graph, _inputs, options.Kernel, _meters.Keys.Select(pair => pair.Candidate).ToHashSet().Contains);
        var atOnce = Math.Min(TracedRun.StepsAtOnce(_referenceTaps.Graph), TracedRun.StepsAtOnce(_candidateTaps.Graph));
        foreach (var (step, inputStep, steps) in TracedRun.Parts(_steps, _inputs.Steps, atOnce))
        {
            reference.Run(inputStep, steps);
            candidate.Run(inputStep, steps);
            for (var t = 0; t < steps; t++)
            {
                foreach (var (pair, meter) in _meters)
                {
                    meter.Add(reference.Trace(pair.Reference, t), candidate.Trace(pair.Candidate, t));
                }

                foreach (var (_, pair, _, decisions) in outputs)
                {
                    var expected = reference.Trace(pair.Reference, t);
                    var found = candidate.Trace(pair.Candidate, t);
                    decisions.Add(expected, found);
                    if (pair.Reference == language?.Output)
                    {
                        language.Add(inputStep + t, expected, found);
                    }
                }
            }

            report((double)(step + steps) / _steps);
        }

        return new RnnComparison(
            _steps, 0, Decibels.Of(1, OutputPairs.RelativeNoise(outputs.Select(output => output.Meter.Error))),
            [.. outputs.Select(output => new OutputComparison(
                output.Info.Name, output.Info.Shape, output.Meter.Error, output.Meter.Windows, output.Meter.Decades, output.Decisions.Kind, output.Decisions.Changed))],
            [.. states.Select(state => new StateComparison(state.Name, state.Shape, state.Meter.Error, state.Meter.Windows, state.Meter.Decades))],
            [.. nodes.Select(node => Describe(node.Reference, node.Candidate, node.Values))],
            language?.Result, [], [.. _leftOut]);
    }

    private List<(string Name, TensorShape Shape, SignalMeter Meter)> MatchStates()
    {
        var states = new List<(string Name, TensorShape Shape, SignalMeter Meter)>();
        foreach (var state in _reference.StateVariables)
        {
            var at = _referenceTaps.IndexOf(state.Output);
            if (at < 0)
            {
                continue;
            }

            var other = _candidate.StateVariables.FirstOrDefault(candidate => candidate.Name == state.Name && candidate.Output.Shape == state.Output.Shape);
            if (other is not null && _candidateTaps.IndexOf(other.Output) is >= 0 and var found)
            {
                states.Add((state.Name, state.Output.Shape, Meter((at, found), WindowsOfOutputs)));
            }
            else
            {
                _leftOut.Add($"state '{state.Name}' {state.Output.Shape}: the candidate has none of this name and shape");
            }
        }

        LeaveOut("state", _candidate.StateVariables.Select(state => state.Name), _reference.StateVariables.Select(state => state.Name));
        return states;
    }

    private List<(Node Reference, Node Candidate, ImmutableArray<(Value Value, SignalMeter Meter)> Values)> MatchNodes()
    {
        var others = _candidate.Nodes.ToDictionary(node => node.Name, StringComparer.Ordinal);
        var values = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _candidateTaps.Values.Length; i++)
        {
            values[_candidateTaps.Values[i].Name] = i;
        }

        var nodes = new List<(Node, Node, ImmutableArray<(Value, SignalMeter)>)>();
        foreach (var node in _reference.Nodes)
        {
            if (!others.TryGetValue(node.Name, out var other))
            {
                _leftOut.Add($"node '{node.Name}' ({node.Operator}): the candidate has none of this name");
                continue;
            }

            if (!NodeSwap.HaveSameWeights(node, other) && NodeSwap.Rewire(other, node) is null)
            {
                _leftOut.Add($"node '{node.Name}': {other.Operator} in the candidate, {node.Operator} in the reference, or of other shapes; what it costs is not measured");
            }

            nodes.Add((node, other, [.. node.Outputs.SelectMany(value => Match(value, values))]));
        }

        LeaveOut("node", _candidate.Nodes.Select(node => node.Name), _reference.Nodes.Select(node => node.Name));
        return nodes;
    }

    private IEnumerable<(Value, SignalMeter)> Match(Value value, Dictionary<string, int> candidates)
    {
        var at = _referenceTaps.IndexOf(value);
        if (at < 0 || value.Type != TensorType.Float32)
        {
            yield break;
        }

        if (candidates.TryGetValue(value.Name, out var found) && _candidateTaps.Values[found] is var other && other.Type == value.Type && other.Shape == value.Shape)
        {
            yield return (value, Meter((at, found), WindowsOfValues));
        }
        else
        {
            _leftOut.Add($"value '{value.Name}' {value.Shape}: the candidate computes none of this name and shape");
        }
    }

    /// <summary>Outputs and states come first: a value that is one of them has the meter that it has as such.</summary>
    private SignalMeter Meter((int Reference, int Candidate) pair, int windows)
    {
        if (!_meters.TryGetValue(pair, out var meter))
        {
            meter = new SignalMeter(_referenceTaps.Values[pair.Reference].Shape.ElementCount, _steps, windows);
            _meters.Add(pair, meter);
        }

        return meter;
    }

    private void LeaveOut(string kind, IEnumerable<string> candidates, IEnumerable<string> references) =>
        _leftOut.AddRange(candidates.Except(references, StringComparer.Ordinal).Select(name => $"{kind} '{name}': only the candidate has it"));

    private static NodeComparison Describe(Node reference, Node candidate, ImmutableArray<(Value Value, SignalMeter Meter)> values) => new(
        reference.Name, reference.Operator, PrecisionOf(reference), PrecisionOf(candidate),
        [.. values.Select(value => new ValueComparison(value.Value.Name, value.Value.Shape, value.Meter.Error, value.Meter.Windows))], null);

    private static TensorType? PrecisionOf(Node node) => node.Constants.FirstOrDefault(constant => constant.Type != TensorType.Int32)?.Type;
}
