using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>
/// Measures what each node costs: the reference with only that node taken from the candidate, and the candidate with only that node taken
/// from the reference, each against the reference over the same steps.
/// </summary>
internal sealed class SensitivityAnalysis : IDisposable
{
    private readonly RnnGraph _reference;
    private readonly RnnGraph _candidate;
    private readonly RnnInputs _inputs;
    private readonly int _steps;
    private readonly string? _kernel;
    private readonly TracedRun _expected;

    private SensitivityAnalysis(RnnGraph reference, RnnGraph candidate, RnnInputs inputs, int steps, string? kernel)
    {
        (_reference, _candidate, _inputs, _steps, _kernel) = (reference, candidate, inputs, steps, kernel);
        _expected = new TracedRun(reference, inputs, kernel);
    }

    /// <summary>The costs by the node's name, of the nodes that both have in the same form with other weights.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="candidate">The candidate, with outputs of the same names.</param>
    /// <param name="inputs">What both are given.</param>
    /// <param name="steps">Steps of each run; with 0 nothing is measured.</param>
    /// <param name="kernel">The kernel variant; null for the best.</param>
    /// <param name="report">Is told the share of the work that is done.</param>
    public static Dictionary<string, NodeCost> Run(
        RnnGraph reference, RnnGraph candidate, RnnInputs inputs, int steps, string? kernel, Action<double> report)
    {
        if (steps == 0)
        {
            return [];
        }

        using var analysis = new SensitivityAnalysis(reference, candidate, inputs, steps, kernel);
        return analysis.Run(report);
    }

    public void Dispose() => _expected.Dispose();

    /// <summary>The nodes whose costs can be measured: of the same name and form in both graphs, with other weights.</summary>
    public static IEnumerable<(Node Reference, Node Candidate)> Changed(RnnGraph reference, RnnGraph candidate)
    {
        var others = candidate.Nodes.ToDictionary(node => node.Name, StringComparer.Ordinal);
        foreach (var node in reference.Nodes)
        {
            if (others.TryGetValue(node.Name, out var other) && !NodeSwap.HaveSameWeights(node, other) && NodeSwap.Rewire(node, other) is not null)
            {
                yield return (node, other);
            }
        }
    }

    private Dictionary<string, NodeCost> Run(Action<double> report)
    {
        var changed = Changed(_reference, _candidate).ToArray();
        var runs = 1 + changed.Sum(pair => 2 + NodeSwap.GatesOf(pair.Reference).Length);
        var done = 0;
        double Measure(RnnGraph graph)
        {
            var noise = RelativeNoise(graph);
            report((double)++done / runs);
            return noise;
        }

        var all = Decibels.Of(1, Measure(_candidate));
        var costs = changed.Select(pair => (
            pair.Reference.Name,
            Noise: Measure(NodeSwap.Replace(_reference, NodeSwap.Rewire(pair.Candidate, pair.Reference)!)),
            Kept: Decibels.Of(1, Measure(NodeSwap.Replace(_candidate, NodeSwap.Rewire(pair.Reference, pair.Candidate)!))),
            Gates: NodeSwap.GatesOf(pair.Reference).Select((gate, index) => (
                Gate: gate,
                Noise: Measure(NodeSwap.Replace(_reference, NodeSwap.WithGate(pair.Reference, pair.Candidate, index))))).ToArray())).ToArray();
        var nodes = new Shares(costs.Select(cost => cost.Noise));
        var gates = new Shares(costs.SelectMany(cost => cost.Gates).Select(gate => gate.Noise));
        return costs.ToDictionary(
            cost => cost.Name,
            cost => new NodeCost(
                cost.Noise, nodes.Of(cost.Noise), cost.Kept, Decibels.Gain(all, cost.Kept),
                [.. cost.Gates.Select(gate => new GateCost(gate.Gate, gate.Noise, gates.Of(gate.Noise)))]));
    }

    private double RelativeNoise(RnnGraph graph)
    {
        _expected.Reset();
        using var found = new TracedRun(graph, _inputs, _kernel);
        var pairs = OutputPairs.Of(_reference, graph);
        var meters = pairs.Select(pair => new SignalMeter(_reference.Outputs[pair.Reference].Shape.ElementCount, _steps, mostWindows: 0)).ToArray();
        foreach (var (_, inputStep, steps) in TracedRun.Parts(_steps, _inputs.Steps, TracedRun.StepsAtOnce(_reference)))
        {
            _expected.Run(inputStep, steps);
            found.Run(inputStep, steps);
            for (var i = 0; i < meters.Length; i++)
            {
                for (var t = 0; t < steps; t++)
                {
                    meters[i].Add(_expected.Trace(pairs[i].Reference, t), found.Trace(pairs[i].Candidate, t));
                }
            }
        }

        return OutputPairs.RelativeNoise(meters.Select(meter => meter.Error));
    }

    /// <summary>Parts of a sum. Where noises are infinite, they share it among them.</summary>
    private readonly struct Shares(IEnumerable<double> noises)
    {
        private readonly double[] _noises = [.. noises];

        public double Of(double noise)
        {
            if (_noises.Count(double.IsPositiveInfinity) is > 0 and var infinite)
            {
                return double.IsPositiveInfinity(noise) ? 1.0 / infinite : 0;
            }

            return noise == 0 ? 0 : noise / _noises.Sum();
        }
    }
}
