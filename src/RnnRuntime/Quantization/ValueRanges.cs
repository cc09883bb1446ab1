using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// The largest magnitude that values can have whatever the inputs are, where the operators bound it tightly: functions such as tanh, and what
/// moves, chooses or blends their results. A value without such a bound has none here; sums have none, since their bound is seldom reached.
/// </summary>
internal sealed class ValueRanges
{
    /// <summary>A state's bound grows from its initial value to that of what replaces it; one that still grows after so many rounds is none.</summary>
    private const int GrowingRounds = 3;

    private readonly RnnGraph _graph;
    private readonly Dictionary<Value, float> _ranges = [];

    private ValueRanges(RnnGraph graph) => _graph = graph;

    public static ValueRanges Of(RnnGraph graph)
    {
        var ranges = new ValueRanges(graph);
        ranges.Run();
        return ranges;
    }

    /// <summary>The bound, or null.</summary>
    public float? this[Value value] => _ranges.TryGetValue(value, out var range) && float.IsFinite(range) ? range : null;

    /// <summary>The bound of the vectors that a matrix of a node multiplies, or null.</summary>
    public float? Of(Node node, NodeMatrix matrix)
    {
        var range = (node, matrix.Role) switch
        {
            (LstmNode n, "recurrent") => Math.Max(Range(n.Hidden), Range(n.NewHidden)),
            (GruNode n, "recurrent") => Math.Max(Range(n.Hidden), Range(n.NewHidden)),
            (RnnNode n, "recurrent") => Math.Max(Range(n.Hidden), Range(n.NewHidden)),
            (SequenceNode n, "recurrent") => Math.Max(Range(n.Hidden), Range(n.NewHidden)),
            (SequenceNode n, "projection") => Range(n.Activations[0]) * Range(n.Activations[2]),
            _ => matrix.Vector is { } vector ? Range(vector) : float.PositiveInfinity,
        };
        return float.IsFinite(range) && range >= Weights.SmallestRange ? range : null;
    }

    private void Run()
    {
        foreach (var state in _graph.StateVariables)
        {
            _ranges[state.Input] = state.Initial is { } initial ? Largest(initial) : 0;
        }

        for (var round = 1; ; round++)
        {
            foreach (var node in _graph.Nodes)
            {
                Visit(node);
            }

            var grown = _graph.StateVariables.Where(state => Range(state.Output) > Range(state.Input)).ToArray();
            if (grown.Length == 0)
            {
                return;
            }

            foreach (var state in grown)
            {
                _ranges[state.Input] = round < GrowingRounds ? Range(state.Output) : float.PositiveInfinity;
            }
        }
    }

    private float Range(Value value) => _ranges.GetValueOrDefault(value, float.PositiveInfinity);

    private void Visit(Node node)
    {
        switch (node)
        {
            case LstmNode n:
                _ranges[n.NewHidden] = 1;
                break;
            case GruNode n:
                _ranges[n.NewHidden] = Math.Max(1, Range(n.Hidden));
                break;
            case RnnNode n:
                _ranges[n.NewHidden] = Range(n.Activation, float.PositiveInfinity, 0);
                break;
            case SequenceNode n:
                _ranges[n.NewHidden] = HiddenOf(n);

                // Rows behind a sequence's length are zeros, and where it is 0 the state stays what it was.
                _ranges[n.Output] = _ranges[n.NewHidden];
                _ranges[n.NewHidden] = n.Lengths is null ? _ranges[n.NewHidden] : Math.Max(_ranges[n.NewHidden], Range(n.Hidden));
                break;
            case DelayNode n:
                _ranges[n.NewHistory] = _ranges[n.Output] = Math.Max(Range(n.Input), Range(n.History));
                break;
            case ConstantNode { Data.Type: TensorType.Float32 } n:
                _ranges[n.Output] = Largest(n.Data);
                break;
            case UnaryNode n:
                _ranges[n.Output] = Range(n.Function, Range(n.Input), n.Alpha);
                break;
            case BinaryNode n:
                _ranges[n.Output] = Range(n.Function, Range(n.Left), Range(n.Right));
                break;
            case FusedNode n:
                _ranges[n.Output] = RangeOf(n);
                break;
            case SelectNode n:
                _ranges[n.Output] = Math.Max(Range(n.WhenTrue), Range(n.WhenFalse));
                break;
            case SoftmaxNode { Logarithm: false } n:
                _ranges[n.Output] = 1;
                break;
            case ReduceNode { Function: not ReduceOperator.ReduceSum } n:
                _ranges[n.Output] = Range(n.Input);
                break;
            case ViewNode n:
                _ranges[n.Output] = Range(n.Input);
                break;
            case ConcatNode n:
                _ranges[n.Output] = n.Parts.Max(Range);
                break;
            case PickNode n:
                _ranges[n.Output] = Math.Max(Math.Abs(n.Fill), n.Sources.Max(Range));
                break;
            case GatherNode n:
                _ranges[n.Output] = Range(n.Data);
                break;
        }
    }

    private float HiddenOf(SequenceNode node) => node.Cell switch
    {
        SequenceCell.Lstm when node.Projection is null => Range(node.Activations[0]) * Range(node.Activations[2]),
        SequenceCell.Gru when node.Activations[0].Function is UnaryOperator.Sigmoid or UnaryOperator.HardSigmoid =>
            Math.Max(Range(node.Activations[1]), Range(node.Hidden)),
        SequenceCell.Rnn => Range(node.Activations[0]),
        _ => float.PositiveInfinity,
    };

    private static float Range(CellActivation activation) => Range(activation.Function, float.PositiveInfinity, activation.Alpha);

    private static float Range(UnaryOperator function, float x, float alpha) => function switch
    {
        UnaryOperator.Tanh or UnaryOperator.Sigmoid or UnaryOperator.HardSigmoid or UnaryOperator.Softsign or UnaryOperator.Not => 1,
        UnaryOperator.ScaledTanh => Math.Abs(alpha),
        UnaryOperator.Identity or UnaryOperator.Relu or UnaryOperator.Negate or UnaryOperator.Abs or UnaryOperator.ThresholdedRelu => x,
        UnaryOperator.LeakyRelu => x * Math.Max(1, Math.Abs(alpha)),
        _ => float.PositiveInfinity,
    };

    private static float Range(BinaryOperator function, float left, float right) => function switch
    {
        BinaryOperator.Multiply => left == 0 || right == 0 ? 0 : left * right,
        BinaryOperator.Minimum or BinaryOperator.Maximum => Math.Max(left, right),
        BinaryOperator.Equal or BinaryOperator.Less or BinaryOperator.Greater => 1,
        _ => float.PositiveInfinity,
    };

    private float RangeOf(FusedNode node)
    {
        var ranges = node.Operands.Select(Range).ToList();
        foreach (var operation in node.Operations)
        {
            ranges.Add(operation switch
            {
                { Unary: { } unary } => Range(unary, ranges[operation.First], operation.Alpha),
                { Binary: { } binary } => Range(binary, ranges[operation.First], ranges[operation.Second]),
                _ => Math.Max(ranges[operation.Second], ranges[operation.Third]),
            });
        }

        return ranges[^1];
    }

    private static float Largest(Constant constant) => WeightValues.LargestMagnitude(MemoryMarshal.Cast<byte, float>(constant.Data.Span));
}
