using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// Makes one node of elementwise operations that feed each other and nobody else. Only results of the whole shape are joined, so that no
/// operation runs more often than before.
/// </summary>
internal static class ElementwiseFusion
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var index = new GraphIndex(graph);
        var place = new Dictionary<Node, int>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
        {
            place.Add(node, place.Count);
        }

        var joined = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        var fused = new Dictionary<Node, FusedNode>(ReferenceEqualityComparer.Instance);
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var root = graph.Nodes[i];
            if (!IsElementwise(root) || joined.Contains(root))
            {
                continue;
            }

            var cluster = Grow(root, index, joined, place);
            if (cluster.Count > 1)
            {
                fused.Add(root, Fuse(root, cluster, index));
                joined.UnionWith(cluster);
            }
        }

        return fused.Count == 0 ? graph : new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables,
            [.. graph.Nodes.Where(node => !joined.Contains(node) || fused.ContainsKey(node)).Select(node => fused.TryGetValue(node, out var whole) ? whole : node)],
            graph.Metadata);
    }

    private static bool IsElementwise(Node node) =>
        node is UnaryNode { Function: not UnaryOperator.Identity } or BinaryNode { Left.Type: TensorType.Float32 } or SelectNode;

    /// <summary>The root and all that only it, or what is joined already, reads; in the graph's order.</summary>
    private static List<Node> Grow(Node root, GraphIndex index, HashSet<Node> taken, Dictionary<Node, int> place)
    {
        var cluster = new SortedList<int, Node> { { place[root], root } };
        var inputs = new HashSet<Value>(root.Inputs);
        var shape = root.Outputs[0].Shape;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var input in inputs.ToArray())
            {
                if (index.Producer(input) is not { } producer || !IsElementwise(producer) || taken.Contains(producer) || input.Shape != shape ||
                    index.IsKept(input) || !index.Readers(input).All(reader => cluster.ContainsKey(place[reader])))
                {
                    continue;
                }

                var count = inputs.Count - 1 + producer.Inputs.Count(value => !inputs.Contains(value));
                if (count > ShapeRules.MaxFusedInputs || cluster.Count == ShapeRules.MaxFusedOperations)
                {
                    continue;
                }

                inputs.Remove(input);
                inputs.UnionWith(producer.Inputs);
                cluster.Add(place[producer], producer);
                changed = true;
            }
        }

        return [.. cluster.Values];
    }

    private static FusedNode Fuse(Node root, List<Node> cluster, GraphIndex index)
    {
        var inside = cluster.Select(node => node.Outputs[0]).ToHashSet();
        ImmutableArray<Value> operands = [.. cluster.SelectMany(node => node.Inputs).Where(value => !inside.Contains(value)).Distinct()];
        var slots = new Dictionary<Value, int>();
        foreach (var operand in operands)
        {
            slots.Add(operand, slots.Count);
        }

        var operations = ImmutableArray.CreateBuilder<FusedOperation>();
        foreach (var node in cluster)
        {
            operations.Add(node switch
            {
                UnaryNode unary => new FusedOperation(unary.Function, null, slots[unary.Input], -1, -1, unary.Alpha, unary.Beta),
                BinaryNode binary => new FusedOperation(null, binary.Function, slots[binary.Left], slots[binary.Right], -1),
                SelectNode select => new FusedOperation(null, null, slots[select.Condition], slots[select.WhenTrue], slots[select.WhenFalse]),
                _ => throw new ArgumentException($"'{node.Operator}' is not elementwise.", nameof(cluster)),
            });
            slots.Add(node.Outputs[0], slots.Count);
        }

        return new FusedNode(index.NewName(root.Name), operands, root.Outputs[0], operations.ToImmutable());
    }
}
