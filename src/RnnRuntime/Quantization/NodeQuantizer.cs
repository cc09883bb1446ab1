using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>What becomes of the weights of one node, and why.</summary>
internal readonly record struct NodeDecision(TensorType Type, string Reason);

/// <summary>Gives each node of a graph the type that was decided for it, and vectors that int8 weights multiply the range that is known.</summary>
internal static class NodeQuantizer
{
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
            return new(stored, "stored so");
        }

        if (asked == TensorType.Float32)
        {
            return new(asked, "asked for");
        }

        if (matrices.Select(matrix => WeightQuantizer.Obstacle(matrix.Weights, asked)).FirstOrDefault(reason => reason is not null) is { } obstacle)
        {
            return new(TensorType.Float32, obstacle);
        }

        if (node is ConvNode convolution && convolution.Groups > 1 && convolution.Groups == convolution.Weights.Rows && convolution.Groups == convolution.Input.Shape[-1])
        {
            return new(TensorType.Float32, "one filter a channel: computed in float32 whatever is stored");
        }

        return !neverSlower || node is EmbeddingNode || Crossovers.Gains(node, asked)
            ? new(asked, "")
            : new(TensorType.Float32, $"{Names.Of(asked)} would slow it down: {matrices.Sum(matrix => (long)matrix.Weights.Values.Shape.ElementCount)} weights");
    }

    /// <param name="graph">The graph.</param>
    /// <param name="types">The type of the weights of each node that has any, by the node's name.</param>
    /// <param name="measured">Ranges of values that no operator bounds, by the value.</param>
    public static RnnGraph Quantize(RnnGraph graph, IReadOnlyDictionary<string, TensorType> types, IReadOnlyDictionary<Value, float> measured)
    {
        var ranges = ValueRanges.Of(graph);
        var names = TargetNames(graph, types);
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

            if (!made.TryGetValue((weights.Values, type), out var converted))
            {
                made.Add((weights.Values, type), converted = WeightQuantizer.Quantize(weights, type, names[(weights.Values, type)]));
            }

            var range = type != TensorType.Int8 || node is EmbeddingNode ? 0 : ranges.Of(node, matrix) ?? Measured(node, matrix);
            return converted with { Range = range };
        }

        float Measured(Node node, NodeMatrix matrix)
        {
            // A sequence's hidden state goes from its first value through those of its output.
            var vectors = new[] { matrix.Vector, matrix.Role == "recurrent" ? (node as SequenceNode)?.Output : null }.OfType<Value>();
            var largest = vectors.Select(vector => measured.GetValueOrDefault(vector)).DefaultIfEmpty(0).Max();
            return largest >= Weights.SmallestRange ? largest : 0;
        }
    }

    /// <summary>A tensor keeps its name; one that nodes share and want in several types has a name for each.</summary>
    private static Dictionary<(Constant, TensorType), string> TargetNames(RnnGraph graph, IReadOnlyDictionary<string, TensorType> types)
    {
        var targets = from node in graph.Nodes
                      from matrix in NodeWeights.Of(node)
                      where matrix.Weights.IsFloat32
                      select (matrix.Weights.Values, Type: types[node.Name]);
        var taken = graph.Nodes.SelectMany(node => node.Constants).Select(constant => constant.Name).ToHashSet(StringComparer.Ordinal);
        var names = new Dictionary<(Constant, TensorType), string>();
        foreach (var group in targets.Distinct().GroupBy(target => target.Values, ReferenceEqualityComparer.Instance))
        {
            foreach (var (values, type) in group)
            {
                var name = values.Name;
                if (group.Count() > 1 && type != TensorType.Float32)
                {
                    for (var i = 0; !taken.Add(name); i++)
                    {
                        name = $"{values.Name}.{Names.Of(type)}{(i == 0 ? "" : i)}";
                    }
                }

                names.Add((values, type), name);
            }
        }

        return names;
    }
}
