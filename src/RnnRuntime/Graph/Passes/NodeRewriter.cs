using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>Replaces the values that nodes read.</summary>
internal static class NodeRewriter
{
    /// <summary>The node with every input mapped; the same node where none changes.</summary>
    public static Node WithInputs(Node node, Func<Value, Value> map)
    {
        if (node.Inputs.All(input => ReferenceEquals(map(input), input)))
        {
            return node;
        }

        return node switch
        {
            LstmNode n => n with { Input = map(n.Input), Hidden = map(n.Hidden), Cell = map(n.Cell) },
            GruNode n => n with { Input = map(n.Input), Hidden = map(n.Hidden) },
            RnnNode n => n with { Input = map(n.Input), Hidden = map(n.Hidden) },
            SequenceNode n => n with { Input = map(n.Input), Hidden = map(n.Hidden), CellState = Optional(n.CellState), Lengths = Optional(n.Lengths) },
            LinearNode n => n with { Input = map(n.Input) },
            EmbeddingNode n => n with { Indices = map(n.Indices) },
            CausalConv1dNode n => n with { Input = map(n.Input), History = Optional(n.History) },
            ConvNode n => n with { Input = map(n.Input) },
            DelayNode n => n with { Input = map(n.Input), History = map(n.History) },
            UnaryNode n => n with { Input = map(n.Input) },
            BinaryNode n => n with { Left = map(n.Left), Right = map(n.Right) },
            SelectNode n => n with { Condition = map(n.Condition), WhenTrue = map(n.WhenTrue), WhenFalse = map(n.WhenFalse) },
            FusedNode n => n with { Operands = [.. n.Operands.Select(map)] },
            CastNode n => n with { Input = map(n.Input) },
            SoftmaxNode n => n with { Input = map(n.Input) },
            LayerNormNode n => n with { Input = map(n.Input) },
            ReduceNode n => n with { Input = map(n.Input) },
            MatMulNode n => n with { Left = map(n.Left), Right = map(n.Right) },
            GatherNode n => n with { Data = map(n.Data), Indices = map(n.Indices) },
            ViewNode n => n with { Input = map(n.Input) },
            ConcatNode n => n with { Parts = [.. n.Parts.Select(map)] },
            PickNode n => n with { Sources = [.. n.Sources.Select(map)] },
            _ => throw new NotSupportedException($"Node '{node.Name}': the operator '{node.Operator}' has no rule for replacing its inputs."),
        };

        Value? Optional(Value? value) => value is null ? null : map(value);
    }

    /// <summary>The graph with other nodes, and every value replaced that the map has; a replacement may itself be replaced.</summary>
    public static RnnGraph Rebuild(RnnGraph graph, ImmutableArray<Node> nodes, IReadOnlyDictionary<Value, Value> replaced)
    {
        return new RnnGraph(
            graph.InputValues, [.. graph.OutputValues.Select(output => (output.Name, Map(output.Value)))],
            [.. graph.StateVariables.Select(state => state with { Output = Map(state.Output) })],
            [.. nodes.Select(node => WithInputs(node, Map))], graph.Metadata);

        Value Map(Value value)
        {
            while (replaced.TryGetValue(value, out var other))
            {
                value = other;
            }

            return value;
        }
    }
}
