using System.Collections.Immutable;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>The decision for each node with weights of a graph, and the graph that comes of them.</summary>
internal sealed class PrecisionPlan
{
    /// <summary>Fastest first; each has less noise than the one before it.</summary>
    private static readonly TensorType[] Widening = [TensorType.Int8, TensorType.BFloat16, TensorType.Float16, TensorType.Float32];

    private readonly RnnGraph _graph;
    private readonly IReadOnlyDictionary<Value, ActivationRange> _measured;
    private readonly bool _neverSlower;
    private readonly Dictionary<string, NodeDecision> _decisions = new(StringComparer.Ordinal);

    /// <param name="graph">The float32 graph.</param>
    /// <param name="keep">Nodes that stay as they are.</param>
    /// <param name="precision">What the others become; mixed begins with the fastest.</param>
    /// <param name="neverSlower">Whether a node keeps float32 where its type would slow it down.</param>
    /// <param name="measured">How large values were on typical inputs; empty where there were none.</param>
    public PrecisionPlan(RnnGraph graph, IReadOnlySet<string> keep, RnnPrecision precision, bool neverSlower, IReadOnlyDictionary<Value, ActivationRange> measured)
    {
        (_graph, _measured, _neverSlower) = (graph, measured, neverSlower);
        foreach (var node in graph.Nodes.Where(NodeQuantizer.IsCandidate))
        {
            _decisions.Add(node.Name, keep.Contains(node.Name) ? NodeQuantizer.Decide(node, TensorType.Float32, neverSlower) : Decide(node, precision));
        }
    }

    public ImmutableArray<RnnQuantizationChoice> Choices =>
    [
        .. _graph.Nodes.Where(node => _decisions.ContainsKey(node.Name))
            .Select(node => new RnnQuantizationChoice(node.Name, node.Operator, _decisions[node.Name].Type, _decisions[node.Name].Reason)),
    ];

    public RnnGraph ToGraph() => NodeQuantizer.Quantize(_graph, _decisions.ToDictionary(pair => pair.Key, pair => pair.Value.Type), _measured);

    /// <summary>
    /// Gives the node that costs most the next wider type until the outputs are near enough to the reference's: first of the int8 nodes, then of
    /// the bfloat16 ones, then of the float16 ones.
    /// </summary>
    /// <param name="reference">What the outputs are held to; with all nodes float32 they are equal.</param>
    /// <param name="probes">What both are given, each from the initial state; the worst counts.</param>
    /// <param name="mostSteps">Steps of a probe that are run at most.</param>
    /// <param name="minimumDecibels">The least signal-to-noise ratio.</param>
    public void Widen(RnnGraph reference, IReadOnlyList<RnnInputs> probes, int mostSteps, double minimumDecibels)
    {
        foreach (var type in Widening[..^1])
        {
            var comparison = RnnComparer.Compare(reference, ToGraph(), probes[0], new RnnComparisonOptions { Steps = Math.Min(probes[0].Steps, mostSteps) });
            var costly = comparison.Nodes.Where(node => node.Cost is not null && _decisions[node.Name].Type == type)
                .OrderByDescending(node => node.Cost!.Share).ThenBy(node => node.Name, StringComparer.Ordinal);
            foreach (var node in costly)
            {
                if (Worst(reference, probes, mostSteps) >= minimumDecibels)
                {
                    return;
                }

                _decisions[node.Name] = Wider(_graph.Nodes.First(own => own.Name == node.Name), type, node.Cost!.Share);
            }
        }
    }

    private double Worst(RnnGraph reference, IReadOnlyList<RnnInputs> probes, int mostSteps)
    {
        var candidate = ToGraph();
        return probes.Min(inputs => RnnComparer.Compare(
            reference, candidate, inputs, new RnnComparisonOptions { SensitivitySteps = 0, Steps = Math.Min(inputs.Steps, mostSteps) }).SnrDecibels);
    }

    private NodeDecision Decide(Node node, RnnPrecision precision) => precision switch
    {
        RnnPrecision.Int8 => NodeQuantizer.Decide(node, TensorType.Int8, _neverSlower),
        RnnPrecision.Float16 => NodeQuantizer.Decide(node, TensorType.Float16, _neverSlower),
        RnnPrecision.BFloat16 => NodeQuantizer.Decide(node, TensorType.BFloat16, _neverSlower),
        RnnPrecision.Mixed => Fastest(node),
        RnnPrecision.Float32 => new NodeDecision(NodeWeights.Of(node)[0].Weights.Values.Type, ""),
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, $"Expected a precision; found {precision}."),
    };

    private NodeDecision Fastest(Node node) => Narrowest(node, Widening.AsSpan(..^1));

    private NodeDecision Wider(Node node, TensorType type, double share) =>
        Narrowest(node, Widening.AsSpan((Array.IndexOf(Widening, type) + 1)..^1)) with
        {
            Reason = FormattableString.Invariant($"as {Names.Of(type)} it causes {share * 100:0.#} % of the noise"),
        };

    /// <summary>The first of the types that the node can have, or float32 and why the last of them is not.</summary>
    private NodeDecision Narrowest(Node node, ReadOnlySpan<TensorType> types)
    {
        var decision = NodeQuantizer.Decide(node, TensorType.Float32, _neverSlower) with { Reason = "" };
        foreach (var type in types)
        {
            decision = NodeQuantizer.Decide(node, type, _neverSlower) is var found && found.Type == type ? found : decision with { Reason = found.Reason };
            if (decision.Type == type)
            {
                return decision;
            }
        }

        return decision;
    }
}
