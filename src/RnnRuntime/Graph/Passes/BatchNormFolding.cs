using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// Arithmetic with constants on a layer's output, one number for each filter as batch normalisation does in inference, becomes part of
/// the layer's weights and bias. It is computed in double and rounded once. An operation whose result is rounded to integers stays as it is:
/// another last bit could be another integer.
/// </summary>
internal static class BatchNormFolding
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var index = new GraphIndex(graph);
        var constants = new ConstantMaker(graph);
        var replacements = new Dictionary<Node, Node?>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
        {
            if (LayerOf(node) is ({ } output, { IsFloat32: true } weights, var bias))
            {
                Fold(index, constants, replacements, node, output, weights, bias);
            }
        }

        return replacements.Count == 0 ? graph : DeadCode.Run(new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables,
            [.. graph.Nodes.Select(node => replacements.GetValueOrDefault(node, node)).OfType<Node>()], graph.Metadata));
    }

    private static void Fold(
        GraphIndex index, ConstantMaker constants, Dictionary<Node, Node?> replacements, Node layer, Value output, Weights weights, Constant? bias)
    {
        var map = new FilterMap(weights.Rows);
        var filters = new FilterAxis(weights.Rows, 1);
        var folded = new List<BinaryNode>();

        // What comes before a folded operation, the layer or a view, makes the operation's output from now on: no reader has to change.
        var views = new Dictionary<ViewNode, Value>(ReferenceEqualityComparer.Instance);
        var (value, view) = (output, (ViewNode?)null);
        while (index.SoleReader(value) is { } reader)
        {
            if (reader is ViewNode next && filters.Through(next) is { } behind)
            {
                (filters, view, value) = (behind, next, next.Output);
            }
            else if (reader is BinaryNode binary && binary.Output.Shape == value.Shape && Operand(index, filters, binary, value) is { } numbers &&
                index.SoleReader(binary.Output) is not UnaryNode { Function: UnaryOperator.Round } && map.Apply(binary.Function, numbers, ReferenceEquals(binary.Left, value)))
            {
                folded.Add(binary);
                value = binary.Output;
                if (view is null)
                {
                    output = value;
                }
                else
                {
                    views[view] = value;
                }
            }
            else
            {
                break;
            }
        }

        if (folded.Count == 0 || map.Weights(weights) is not { } newWeights || map.Bias(bias) is not { } shifts)
        {
            return;
        }

        weights = newWeights.Length == 0 ? weights : new Weights(constants.Floats($"{layer.Name}.weights", newWeights, weights.Rows, weights.Columns), null);
        replacements.Add(layer, With(layer, output, weights, constants.Floats($"{layer.Name}.bias", shifts, shifts.Length)));
        folded.ForEach(binary => replacements.Add(binary, null));
        foreach (var (before, newOutput) in views)
        {
            replacements.Add(before, before with { Output = newOutput });
        }
    }

    /// <summary>The constant on the other side of an operation, as a number for each filter.</summary>
    private static float[]? Operand(GraphIndex index, FilterAxis filters, BinaryNode binary, Value value) =>
        index.ConstantOf(ReferenceEquals(binary.Left, value) ? binary.Right : binary.Left) is { } constant ? filters.NumbersOf(constant, value.Shape) : null;

    private static (Value Output, Weights Weights, Constant? Bias)? LayerOf(Node node) => node switch
    {
        LinearNode linear => (linear.Output, linear.Weights, linear.Bias),
        ConvNode convolution => (convolution.Output, convolution.Weights, convolution.Bias),
        CausalConv1dNode convolution => (convolution.Output, convolution.Weights, convolution.Bias),
        _ => null,
    };

    private static Node With(Node node, Value output, Weights weights, Constant bias) => node switch
    {
        LinearNode linear => linear with { Output = output, Weights = weights, Bias = bias },
        ConvNode convolution => convolution with { Output = output, Weights = weights, Bias = bias },
        CausalConv1dNode convolution => convolution with { Output = output, Weights = weights, Bias = bias },
        _ => throw new ArgumentException($"{node.Operator} has no weights and bias.", nameof(node)),
    };

    /// <summary>factor * x + shift for each filter.</summary>
    private sealed class FilterMap
    {
        private readonly double[] _factors;
        private readonly double[] _shifts;

        public FilterMap(int filters)
        {
            (_factors, _shifts) = (new double[filters], new double[filters]);
            _factors.AsSpan().Fill(1);
        }

        /// <summary>What the operation does to the layer's output becomes part of the map; false where that is no such map.</summary>
        public bool Apply(BinaryOperator function, ReadOnlySpan<float> numbers, bool outputIsLeft)
        {
            for (var i = 0; i < _factors.Length; i++)
            {
                var (factor, shift) = (_factors[i], _shifts[i]);
                double number = numbers[i];
                switch (function)
                {
                    case BinaryOperator.Add:
                        _shifts[i] = shift + number;
                        break;
                    case BinaryOperator.Subtract:
                        (_factors[i], _shifts[i]) = outputIsLeft ? (factor, shift - number) : (-factor, number - shift);
                        break;
                    case BinaryOperator.Multiply:
                        (_factors[i], _shifts[i]) = (factor * number, shift * number);
                        break;
                    case BinaryOperator.Divide when outputIsLeft:
                        (_factors[i], _shifts[i]) = (factor / number, shift / number);
                        break;
                    default:
                        return false;
                }
            }

            return true;
        }

        /// <summary>The weights with the map, row after row; empty where they stay as they are, null where float32 cannot hold them.</summary>
        public float[]? Weights(Weights weights)
        {
            if (_factors.All(factor => factor == 1))
            {
                return [];
            }

            var rows = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).ToArray();
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = (float)(rows[i] * _factors[i / weights.Columns]);
            }

            return rows.All(float.IsFinite) ? rows : null;
        }

        public float[]? Bias(Constant? bias)
        {
            var shifts = new float[_shifts.Length];
            var own = bias is null ? default : MemoryMarshal.Cast<byte, float>(bias.Data.Span);
            for (var i = 0; i < shifts.Length; i++)
            {
                shifts[i] = (float)((own.IsEmpty ? 0 : own[i] * _factors[i]) + _shifts[i]);
            }

            return shifts.All(float.IsFinite) ? shifts : null;
        }
    }
}
