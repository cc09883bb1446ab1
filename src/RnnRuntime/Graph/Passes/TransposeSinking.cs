using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// Moves transpositions behind elementwise operations whose operands are all transposed alike, so that two of them meet and
/// <see cref="ViewComposition"/> drops both (channels first to channels last and back, between convolutions).
/// </summary>
internal static class TransposeSinking
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var index = new GraphIndex(graph);
        var views = new Dictionary<Value, ViewNode>();
        var constants = new HashSet<Value>();
        var nodes = ImmutableArray.CreateBuilder<Node>();
        foreach (var node in graph.Nodes)
        {
            if (node is UnaryNode or BinaryNode or SelectNode or FusedNode && Sunk(node, views, constants, index) is { } sunk)
            {
                foreach (var part in sunk)
                {
                    nodes.Add(part);
                }

                views.Add(node.Outputs[0], (ViewNode)sunk[^1]);
                continue;
            }

            if (node is ViewNode view)
            {
                views.Add(view.Output, view);
            }
            else if (node is ConstantNode constant)
            {
                constants.Add(constant.Output);
            }

            nodes.Add(node);
        }

        return NodeRewriter.Rebuild(graph, nodes.ToImmutable(), ImmutableDictionary<Value, Value>.Empty);
    }

    /// <summary>Views that undo the transposition, the operation on them, and the transposition of its result; null where that does not fit.</summary>
    private static List<Node>? Sunk(Node node, Dictionary<Value, ViewNode> views, HashSet<Value> constants, GraphIndex index)
    {
        var output = node.Outputs[0];
        if (node.Inputs.Any(input => input.Type != TensorType.Float32) || output.Type != TensorType.Float32)
        {
            return null;
        }

        int[]? order = null;
        foreach (var input in node.Inputs)
        {
            if (views.TryGetValue(input, out var view) && input.Shape == output.Shape)
            {
                var own = Order(view);
                if (own is null || (order is not null && !order.AsSpan().SequenceEqual(own)))
                {
                    return null;
                }

                order = own;
            }
            else if (input.Shape.ElementCount != 1 && !constants.Contains(input))
            {
                return null;
            }
        }

        if (order is null || order.Select((axis, place) => axis == place).All(same => same))
        {
            return null;
        }

        var parts = new List<Node>();
        var moved = new Dictionary<Value, Value>();
        foreach (var input in node.Inputs.Distinct())
        {
            if (input.Shape.ElementCount != 1)
            {
                var straight = Straightened(input, output.Shape.Rank, order, views, index);
                parts.Add(straight);
                moved.Add(input, straight.Output);
            }
        }

        var result = new Value(index.NewName(output.Name), TensorType.Float32, Permuted(output.Shape, order));
        parts.Add(WithOutput(NodeRewriter.WithInputs(node, value => moved.GetValueOrDefault(value, value)), result));
        var strides = ViewNode.RowMajorStrides(result.Shape);
        var back = new int[order.Length];
        for (var place = 0; place < order.Length; place++)
        {
            back[order[place]] = strides[place];
        }

        parts.Add(new ViewNode(index.NewName(node.Name), result, output, [.. back], 0));
        return parts;
    }

    /// <summary>The axes of a view by descending stride: in this order its elements run forward in memory. Null where one is repeated or runs backward.</summary>
    private static int[]? Order(ViewNode view) => view.Strides.Where((stride, axis) => stride <= 0 && view.Output.Shape[axis] > 1).Any()
        ? null
        : [.. Enumerable.Range(0, view.Strides.Length).OrderByDescending(axis => view.Output.Shape[axis] == 1 ? int.MaxValue : view.Strides[axis])];

    private static ViewNode Straightened(Value input, int rank, int[] order, Dictionary<Value, ViewNode> views, GraphIndex index)
    {
        // A constant has the extents that it lacks as 1.
        var (source, offset) = views.TryGetValue(input, out var view) && input.Shape.Rank == rank ? (view.Input, view.Offset) : (input, 0);
        var own = source == input ? ViewNode.RowMajorStrides(input.Shape) : [.. view!.Strides];
        var (extents, strides) = (new int[rank], new int[rank]);
        for (var place = 0; place < rank; place++)
        {
            var axis = order[place] - (rank - input.Shape.Rank);
            (extents[place], strides[place]) = axis < 0 ? (1, 0) : (input.Shape[axis], own[axis]);
        }

        var value = new Value(index.NewName(input.Name), TensorType.Float32, new TensorShape(extents));
        return new ViewNode(index.NewName(input.Name), source, value, [.. strides], offset);
    }

    private static TensorShape Permuted(TensorShape shape, int[] order) => new([.. order.Select(axis => shape[axis])]);

    private static Node WithOutput(Node node, Value output) => node switch
    {
        UnaryNode n => n with { Output = output },
        BinaryNode n => n with { Output = output },
        SelectNode n => n with { Output = output },
        FusedNode n => n with { Output = output },
        _ => throw new ArgumentException($"'{node.Operator}' is not elementwise.", nameof(node)),
    };
}
