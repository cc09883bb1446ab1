using System.Collections.Immutable;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>The decision for each node with weights of a graph, and the graph that comes of them.</summary>
internal sealed class PrecisionPlan
{
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
    /// Gives the node that costs most the next wider type until the outputs are near enough to the reference's: int8 nodes become float16 (float32 where
    /// that would be slower), then float16 nodes float32.
    /// </summary>
    /// <param name="reference">What the outputs are held to.</param>
    /// <param name="inputs">What both are given.</param>
    /// <param name="minimumDecibels">The least signal-to-noise ratio.</param>
    public void Widen(RnnGraph reference, RnnInputs inputs, double minimumDecibels)
    {
        foreach (var type in new[] { TensorType.Int8, TensorType.Float16 })
        {
            var comparison = RnnComparer.Compare(reference, ToGraph(), inputs);
            var costly = comparison.Nodes.Where(node => node.Cost is not null && _decisions[node.Name].Type == type)
                .OrderByDescending(node => node.Cost!.Share).ThenBy(node => node.Name, StringComparer.Ordinal);
            var snr = comparison.SnrDecibels;
            foreach (var node in costly)
            {
                if (snr >= minimumDecibels)
                {
                    return;
                }

                _decisions[node.Name] = Wider(_graph.Nodes.First(own => own.Name == node.Name), type, node.Cost!.Share);
                snr = RnnComparer.Compare(reference, ToGraph(), inputs, new RnnComparisonOptions { SensitivitySteps = 0 }).SnrDecibels;
            }
        }
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

    private NodeDecision Fastest(Node node)
    {
        var int8 = NodeQuantizer.Decide(node, TensorType.Int8, _neverSlower);
        return int8.Type != TensorType.Float32 ? int8 : NodeQuantizer.Decide(node, TensorType.Float16, _neverSlower) is { Type: TensorType.Float16 } half ? half : int8;
    }

    private NodeDecision Wider(Node node, TensorType type, double share)
    {
        var reason = FormattableString.Invariant($"as {Names.Of(type)} it causes {share * 100:0.#} % of the noise");
        var half = NodeQuantizer.Decide(node, TensorType.Float16, _neverSlower);
        return new NodeDecision(type == TensorType.Int8 && half.Type == TensorType.Float16 ? TensorType.Float16 : TensorType.Float32, reason);
    }
}
