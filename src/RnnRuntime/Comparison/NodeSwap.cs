using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Comparison;

/// <summary>Puts the weights of one graph's node into another graph.</summary>
internal static class NodeSwap
{
    /// <summary>The graph with this node in the place of its own of the same name.</summary>
    public static RnnGraph Replace(RnnGraph graph, Node node) => new(
        graph.InputValues, graph.OutputValues, graph.StateVariables,
        [.. graph.Nodes.Select(own => own.Name == node.Name ? node : own)], graph.Metadata);

    /// <summary>
    /// The source with the inputs and outputs of the target, which has the same name in another graph. Null where they are not alike: another
    /// operator, other shapes, or a kind of node whose trained values are not weights.
    /// </summary>
    public static Node? Rewire(Node source, Node target)
    {
        if (source.GetType() != target.GetType() || source.Operator != target.Operator
            || !AreAlike(source.Inputs.AsSpan(), target.Inputs.AsSpan()) || !AreAlike(source.Outputs.AsSpan(), target.Outputs.AsSpan()))
        {
            return null;
        }

        var map = new Dictionary<Value, Value>();
        foreach (var (from, to) in source.Inputs.Concat(source.Outputs).Zip(target.Inputs.Concat(target.Outputs)))
        {
            map[from] = to;
        }

        return WithOutputs(source, map) is { } node ? NodeRewriter.WithInputs(node, value => map[value]) : null;
    }

    /// <summary>Whether the trained values of both are the same bytes.</summary>
    public static bool HaveSameWeights(Node left, Node right) =>
        left.Constants.Length == right.Constants.Length && left.Constants.Zip(right.Constants).All(pair =>
            pair.First.Type == pair.Second.Type && pair.First.Shape == pair.Second.Shape && pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span));

    /// <summary>The names of a cell's gates in the order of its weights' blocks of rows; none for other nodes.</summary>
    public static string[] GatesOf(Node node) => node switch
    {
        LstmNode or SequenceNode { Cell: SequenceCell.Lstm } => ["i", "f", "g", "o"],
        GruNode or SequenceNode { Cell: SequenceCell.Gru } => ["r", "z", "n"],
        RnnNode or SequenceNode => ["h"],
        _ => [],
    };

    /// <summary>The target with one gate's rows of the source's weights, as float32; a projection is no gate's.</summary>
    public static Node WithGate(Node target, Node source, int gate) => (target, source) switch
    {
        (LstmNode t, LstmNode s) => t with
        {
            InputWeights = Mix(t.InputWeights, s.InputWeights, gate, 4), RecurrentWeights = Mix(t.RecurrentWeights, s.RecurrentWeights, gate, 4),
        },
        (GruNode t, GruNode s) => t with
        {
            InputWeights = Mix(t.InputWeights, s.InputWeights, gate, 3), RecurrentWeights = Mix(t.RecurrentWeights, s.RecurrentWeights, gate, 3),
        },
        (RnnNode t, RnnNode s) => t with
        {
            InputWeights = Mix(t.InputWeights, s.InputWeights, gate, 1), RecurrentWeights = Mix(t.RecurrentWeights, s.RecurrentWeights, gate, 1),
        },
        (SequenceNode t, SequenceNode s) => t with
        {
            InputWeights = Mix(t.InputWeights, s.InputWeights, gate, t.Gates), RecurrentWeights = Mix(t.RecurrentWeights, s.RecurrentWeights, gate, t.Gates),
            Projection = t.Projection is { } projection ? AsFloat32(projection, WeightValues.ToFloat32(projection)) : null,
        },
        _ => throw new ArgumentException($"'{target.Name}' ({target.Operator}) has no gates."),
    };

    private static Weights Mix(Weights target, Weights source, int gate, int gates)
    {
        var values = WeightValues.ToFloat32(target);
        var length = values.Length / gates;
        WeightValues.ToFloat32(source).AsSpan(gate * length, length).CopyTo(values.AsSpan(gate * length));
        return AsFloat32(target, values);
    }

    private static Weights AsFloat32(Weights weights, float[] values) =>
        new(new Constant(weights.Values.Name, TensorType.Float32, weights.Values.Shape, MemoryMarshal.AsBytes<float>(values).ToArray()), null);

    private static Node? WithOutputs(Node node, Dictionary<Value, Value> map) => node switch
    {
        LstmNode n => n with { NewHidden = map[n.NewHidden], NewCell = map[n.NewCell] },
        GruNode n => n with { NewHidden = map[n.NewHidden] },
        RnnNode n => n with { NewHidden = map[n.NewHidden] },
        SequenceNode n => n with { Output = map[n.Output], NewHidden = map[n.NewHidden], NewCell = n.NewCell is null ? null : map[n.NewCell] },
        LinearNode n => n with { Output = map[n.Output] },
        EmbeddingNode n => n with { Output = map[n.Output] },
        CausalConv1dNode n => n with { Output = map[n.Output], NewHistory = n.NewHistory is null ? null : map[n.NewHistory] },
        ConvNode n => n with { Output = map[n.Output] },
        LayerNormNode n => n with { Output = map[n.Output] },
        ConstantNode n => n with { Output = map[n.Output] },
        _ => null,
    };

    private static bool AreAlike(ReadOnlySpan<Value> left, ReadOnlySpan<Value> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Length; i++)
        {
            if (left[i].Type != right[i].Type || left[i].Shape != right[i].Shape)
            {
                return false;
            }
        }

        return true;
    }
}
