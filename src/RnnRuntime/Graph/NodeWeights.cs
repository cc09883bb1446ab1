using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>One matrix of trained weights of a node.</summary>
/// <param name="Role">What the node calls it: input, recurrent, projection, weights or table.</param>
/// <param name="Weights">The matrix.</param>
/// <param name="Vector">The value whose vectors it multiplies; null where that is none of the graph's values.</param>
/// <param name="Gates">How many blocks of rows, one a gate or a group of a convolution, it consists of.</param>
internal readonly record struct NodeMatrix(string Role, Weights Weights, Value? Vector, int Gates);

/// <summary>The weights of every kind of node, in one place for what treats all kinds alike.</summary>
internal static class NodeWeights
{
    public static ImmutableArray<NodeMatrix> Of(Node node) => node switch
    {
        LstmNode n => [new("input", n.InputWeights, n.Input, 4), new("recurrent", n.RecurrentWeights, n.Hidden, 4)],
        GruNode n => [new("input", n.InputWeights, n.Input, 3), new("recurrent", n.RecurrentWeights, n.Hidden, 3)],
        RnnNode n => [new("input", n.InputWeights, n.Input, 1), new("recurrent", n.RecurrentWeights, n.Hidden, 1)],
        LinearNode n => [new("weights", n.Weights, n.Input, 1)],
        EmbeddingNode n => [new("table", n.Table, null, 1)],
        CausalConv1dNode n => [new("weights", n.Weights, n.Input, 1)],
        ConvNode n => [new("weights", n.Weights, n.Input, n.Groups)],
        SequenceNode n =>
        [
            new("input", n.InputWeights, n.Input, n.Gates),
            new("recurrent", n.RecurrentWeights, n.Hidden, n.Gates),
            .. n.Projection is { } projection ? new[] { new NodeMatrix("projection", projection, null, 1) } : [],
        ],
        _ => [],
    };

    /// <summary>The node with each matrix replaced; the node itself where the map changes none.</summary>
    public static Node Map(Node node, Func<NodeMatrix, Weights> map)
    {
        var before = Of(node);
        var after = before.Select(map).ToArray();
        if (before.Select(matrix => matrix.Weights).SequenceEqual(after, ReferenceEqualityComparer.Instance))
        {
            return node;
        }

        return node switch
        {
            LstmNode n => n with { InputWeights = after[0], RecurrentWeights = after[1] },
            GruNode n => n with { InputWeights = after[0], RecurrentWeights = after[1] },
            RnnNode n => n with { InputWeights = after[0], RecurrentWeights = after[1] },
            LinearNode n => n with { Weights = after[0] },
            EmbeddingNode n => n with { Table = after[0] },
            CausalConv1dNode n => n with { Weights = after[0] },
            ConvNode n => n with { Weights = after[0] },
            SequenceNode n => n with { InputWeights = after[0], RecurrentWeights = after[1], Projection = after.Length > 2 ? after[2] : null },
            _ => throw new NotSupportedException($"Node '{node.Name}': the operator '{node.Operator}' has no rule for replacing its weights."),
        };
    }
}
