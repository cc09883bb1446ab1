using System.Runtime.InteropServices;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>What becomes of the weights of one node, and why.</summary>
internal readonly record struct NodeDecision(TensorType Type, string Reason);

/// <summary>Gives each node of a graph the type that was decided for it, and vectors that int8 weights multiply the range that is known.</summary>
internal static class NodeQuantizer
{
    /// <summary>
    /// A measured range saves a pass over the vector and costs accuracy where vectors are smaller than it: it is taken where the noise grows by no more
    /// than this, 1 dB.
    /// </summary>
    private const double MostNoiseOfRange = 1.26;

    /// <summary>Whether the node has weights that could be of another type.</summary>
    public static bool IsCandidate(Node node) => NodeWeights.Of(node).Length > 0;

    /// <summary>The type of a node's weights where one is asked for.</summary>
    /// <param name="node">A node with weights.</param>
    /// <param name="asked">The type.</param>
    /// <param name="neverSlower">Whether a node that the type would slow down keeps float32.</param>
    public static NodeDecision Decide(Node node, TensorType asked, bool neverSlower)
    {
        var matrices = NodeWeights.Of(node);
        var stored = matrices[0].Weights.Values.Type;
        if (stored != TensorType.Float32)
        {
            return new(stored, stored == asked ? "" : "stored so already");
        }

        if (asked == TensorType.Float32)
        {
            return new(asked, "kept as it is");
        }

        if (matrices.Select(matrix => WeightQuantizer.Obstacle(matrix.Weights, asked)).FirstOrDefault(reason => reason is not null) is { } obstacle)
        {
            return new(TensorType.Float32, obstacle);
        }

        if (node is ConvNode { IsDepthwise: true })
        {
            return new(TensorType.Float32, "one filter a channel: computed in float32 whatever is stored");
        }

        return neverSlower && Crossovers.Obstacle(node, asked) is { } slower ? new(TensorType.Float32, slower) : new(asked, "");
    }

    /// <param name="graph">The graph.</param>
    /// <param name="types">The type of the weights of each node that has any, by the node's name.</param>
    /// <param name="measured">How large values were on typical inputs; empty where there were none.</param>
    public static RnnGraph Quantize(RnnGraph graph, IReadOnlyDictionary<string, TensorType> types, IReadOnlyDictionary<Value, ActivationRange> measured)
    {
        var ranges = ValueRanges.Of(graph);
        var names = new TensorNames(graph);
        var made = new Dictionary<(Constant, TensorType), Weights>();
        return new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables, [.. graph.Nodes.Select(node => NodeWeights.Map(node, matrix => Convert(node, matrix)))],
            graph.Metadata);

        Weights Convert(Node node, NodeMatrix matrix)
        {
            var (weights, type) = (matrix.Weights, types[node.Name]);
            if (!weights.IsFloat32 || type == TensorType.Float32)
            {
                return weights;
            }

            if (type == TensorType.Int8 && Factors(node, matrix) is { } factors)
            {
                var name = names.New(weights.Values, $"{matrix.Role}.int8");
                var divided = WeightQuantizer.ToInt8(ColumnEqualizer.Divide(weights, factors), name, names.Free($"{name}.scales"));
                return divided with { Factors = ConstantOf(names.Free($"{name}.factors"), factors) };
            }

            if (!made.TryGetValue((weights.Values, type), out var converted))
            {
                var name = names.New(weights.Values, Names.Of(type));
                made.Add((weights.Values, type), converted = WeightQuantizer.Quantize(weights, type, name, type == TensorType.Int8 ? names.Free($"{name}.scales") : ""));
            }

            return converted with { Range = type == TensorType.Int8 && node is not EmbeddingNode ? ranges.Of(node, matrix) ?? Measured(node, matrix) : 0 };
        }

        float[]? Factors(Node node, NodeMatrix matrix) =>
            matrix.Role is "input" or "weights" && node is not ConvNode { Groups: > 1 } && matrix.Vector is { } vector && measured.TryGetValue(vector, out var input)
                ? ColumnEqualizer.Factors(matrix.Weights, input)
                : null;

        float Measured(Node node, NodeMatrix matrix)
        {
            // A sequence's hidden state goes from its first value through those of its output.
            var vectors = new[] { matrix.Vector, matrix.Role == "recurrent" ? (node as SequenceNode)?.Output : null }.OfType<Value>();
            var found = vectors.Select(measured.GetValueOrDefault).OfType<ActivationRange>().ToArray();
            var range = found.Select(each => each.Range).DefaultIfEmpty(0).Max();
            return range >= Weights.SmallestRange && (double)range * range <= MostNoiseOfRange * found.Max(each => each.MeanSquareOfLargest) ? range : 0;
        }
    }

    private static Constant ConstantOf(string name, float[] values) =>
        new(name, TensorType.Float32, new TensorShape(values.Length), MemoryMarshal.AsBytes<float>(values).ToArray());

    /// <summary>Names for tensors: the old one where every use of it is converted alike, a longer one otherwise.</summary>
    private sealed class TensorNames(RnnGraph graph)
    {
        private readonly Dictionary<Constant, int> _uses = graph.Nodes.SelectMany(node => NodeWeights.Of(node)).GroupBy(matrix => matrix.Weights.Values)
            .ToDictionary(group => group.Key, group => group.Count());

        private readonly HashSet<string> _taken =
        [
            .. graph.Nodes.SelectMany(node => node.Constants).Concat(graph.StateVariables.Select(state => state.Initial).OfType<Constant>()).Select(constant => constant.Name),
        ];

        public string New(Constant values, string ending) => _uses[values] == 1 ? values.Name : Free($"{values.Name}.{ending}");

        /// <summary>The name, or one like it that nothing has yet.</summary>
        public string Free(string stem)
        {
            var name = stem;
            for (var i = 2; !_taken.Add(name); i++)
            {
                name = $"{stem}{i}";
            }

            return name;
        }
    }
}
