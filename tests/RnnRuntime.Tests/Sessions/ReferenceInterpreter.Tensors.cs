using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <content>Nodes over whole tensors. What only moves elements is exact.</content>
internal sealed partial class ReferenceInterpreter
{
    private void RunTensors(Node node)
    {
        switch (node)
        {
            case BinaryNode binary:
                var (left, right) = (Spread(binary.Left, binary.Output.Shape), Spread(binary.Right, binary.Output.Shape));
                _values[binary.Output] = [.. left.Zip(right, (l, r) => Apply(binary.Function, l, r))];
                break;
            case SelectNode select:
                var (then, otherwise) = (Spread(select.WhenTrue, select.Output.Shape), Spread(select.WhenFalse, select.Output.Shape));
                _values[select.Output] = [.. Spread(select.Condition, select.Output.Shape).Select((condition, i) => condition != 0 ? then[i] : otherwise[i])];
                break;
            case FusedNode fused: Run(fused); break;
            case CastNode cast:
                _values[cast.Output] = [.. _values[cast.Input].Select(value => cast.Output.Type == TensorType.Int32 ? Math.Truncate(value) : value)];
                break;
            case ViewNode view:
                _values[view.Output] = [.. Indices(view.Output.Shape).Select(index => _values[view.Input][view.Offset + index.Zip(view.Strides, (i, stride) => i * stride).Sum()])];
                break;
            case ConcatNode concat: Run(concat); break;
            case PickNode pick:
                var sources = pick.Sources.SelectMany(source => _values[source]).ToArray();
                _values[pick.Output] = [.. Numbers(pick.Map).Select(place => place < 0 ? pick.Fill : sources[(int)place])];
                break;
            case GatherNode gather:
                _values[gather.Output] = [.. Indices(gather.Output.Shape).Select(index => Element(gather.Data,
                [
                    .. index[..gather.Axis],
                    (int)Element(gather.Indices, index[gather.Axis..(gather.Axis + gather.Indices.Shape.Rank)]),
                    .. index[(gather.Axis + gather.Indices.Shape.Rank)..],
                ]))];
                break;
            case MatMulNode product:
                var inner = product.Left.Shape[-1];
                _values[product.Output] = [.. Indices(product.Output.Shape).Select(index => Enumerable.Range(0, inner).Sum(k =>
                    Element(product.Left, [.. index[..^1], k]) * Element(product.Right, [.. index[..^2], k, index[^1]])))];
                break;
            case ReduceNode reduce:
                _values[reduce.Output] = [.. _values[reduce.Input].Chunk(reduce.Input.Shape[-1]).Select(row => reduce.Function switch
                {
                    ReduceOperator.ReduceSum => row.Sum(),
                    ReduceOperator.ReduceMean => row.Average(),
                    ReduceOperator.ReduceMaximum => row.Max(),
                    _ => row.Min(),
                })];
                break;
            case LayerNormNode norm:
                _values[norm.Output] = [.. _values[norm.Input].Chunk(norm.Input.Shape[-1]).SelectMany(row => Normalised(norm, row))];
                break;
            case ConvNode convolution:
                var alone = new RnnGraph([convolution.Input], [("y", convolution.Output)], [], [convolution], _graph.Metadata);
                var numbers = new ConvCase(
                    convolution.Input.Shape[0], [.. convolution.Input.Shape.Dimensions[1..^1]], convolution.Input.Shape[-1], convolution.Weights.Rows,
                    [.. convolution.Kernel], [.. convolution.Strides], [.. convolution.Dilations], [.. convolution.PadsBefore], [.. convolution.PadsAfter],
                    convolution.Groups, Seed: 0);
                _values[convolution.Output] = numbers.Reference(alone, Singles(convolution.Input)).Output;
                break;
            case SequenceNode sequence:
                int[] lengths = sequence.Lengths is null ? [] : [.. _values[sequence.Lengths].Select(value => (int)value)];
                var results = new SequenceReference(sequence).Run(
                    Singles(sequence.Input), lengths, Singles(sequence.Hidden), sequence.CellState is null ? [] : Singles(sequence.CellState));
                foreach (var (output, result) in sequence.Outputs.Zip(results))
                {
                    _values[output] = result;
                }

                break;
            default: throw new NotSupportedException($"The reference has no rule for {node.Operator}.");
        }
    }

    private void Run(FusedNode node)
    {
        var slots = node.Operands.Select(operand => Spread(operand, node.Output.Shape)).ToList();
        foreach (var operation in node.Operations)
        {
            slots.Add([.. Enumerable.Range(0, node.Output.Shape.ElementCount).Select(i => operation switch
            {
                { Unary: { } unary } => Apply(unary, slots[operation.First][i], operation.Alpha, operation.Beta),
                { Binary: { } binary } => Apply(binary, slots[operation.First][i], slots[operation.Second][i]),
                _ => slots[operation.First][i] != 0 ? slots[operation.Second][i] : slots[operation.Third][i],
            })]);
        }

        _values[node.Output] = slots[^1];
    }

    private void Run(ConcatNode node)
    {
        _values[node.Output] = [.. Indices(node.Output.Shape).Select(index =>
        {
            var part = 0;
            for (; index[node.Axis] >= node.Parts[part].Shape[node.Axis]; part++)
            {
                index[node.Axis] -= node.Parts[part].Shape[node.Axis];
            }

            return Element(node.Parts[part], index);
        })];
    }

    private static double[] Normalised(LayerNormNode node, double[] row)
    {
        var mean = row.Average();
        var deviation = Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + node.Epsilon);
        var (scale, bias) = (Optional(node.Scale), Optional(node.Bias));
        return [.. row.Select((value, i) => ((value - mean) / deviation * (scale?[i] ?? 1)) + (bias?[i] ?? 0))];
    }

    /// <summary>The value's elements repeated to a shape that it broadcasts to.</summary>
    private double[] Spread(Value value, TensorShape shape) => [.. Indices(shape).Select(index => Element(value, index))];

    /// <summary>The element at the last of these indices, as many as the value has extents; along an extent of 1 it is the only one.</summary>
    private double Element(Value value, int[] index)
    {
        var position = 0;
        for (var axis = 0; axis < value.Shape.Rank; axis++)
        {
            var place = value.Shape[axis] == 1 ? 0 : index[index.Length - value.Shape.Rank + axis];
            position = (position * value.Shape[axis]) + place;
        }

        return _values[value][position];
    }

    private float[] Singles(Value value) => Array.ConvertAll(_values[value], number => (float)number);

    /// <summary>Every index of a shape in row-major order.</summary>
    private static IEnumerable<int[]> Indices(TensorShape shape)
    {
        for (var i = 0; i < shape.ElementCount; i++)
        {
            var index = new int[shape.Rank];
            for (int axis = shape.Rank - 1, rest = i; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
            }

            yield return index;
        }
    }

    private static double Apply(UnaryOperator function, double x, double alpha, double beta) => function switch
    {
        UnaryOperator.Identity => x,
        UnaryOperator.Tanh => Math.Tanh(x),
        UnaryOperator.Sigmoid => Sigmoid(x),
        UnaryOperator.Relu => Math.Max(x, 0),
        UnaryOperator.Exp => Math.Exp(x),
        UnaryOperator.Negate => -x,
        UnaryOperator.Abs => Math.Abs(x),
        UnaryOperator.Sqrt => Math.Sqrt(x),
        UnaryOperator.Reciprocal => 1 / x,
        UnaryOperator.Log => Math.Log(x),
        UnaryOperator.LeakyRelu => x >= 0 ? x : alpha * x,
        UnaryOperator.Elu => x >= 0 ? x : alpha * (Math.Exp(x) - 1),
        UnaryOperator.HardSigmoid => Math.Max(0, Math.Min(1, (alpha * x) + beta)),
        UnaryOperator.ThresholdedRelu => x > alpha ? x : 0,
        UnaryOperator.ScaledTanh => alpha * Math.Tanh(beta * x),
        UnaryOperator.Affine => (alpha * x) + beta,
        UnaryOperator.Softplus => Math.Log(1 + Math.Exp(x)),
        UnaryOperator.Softsign => x / (1 + Math.Abs(x)),
        UnaryOperator.Not => x == 0 ? 1 : 0,
        UnaryOperator.Round => Math.Round(x, MidpointRounding.ToEven),
        _ => throw new NotSupportedException($"The reference has no rule for {function}."),
    };

    private static double Apply(BinaryOperator function, double left, double right) => function switch
    {
        BinaryOperator.Add => left + right,
        BinaryOperator.Subtract => left - right,
        BinaryOperator.Multiply => left * right,
        BinaryOperator.Divide => left / right,
        BinaryOperator.Minimum => Math.Min(left, right),
        BinaryOperator.Maximum => Math.Max(left, right),
        BinaryOperator.Power => Math.Pow(left, right),
        BinaryOperator.PRelu => left >= 0 ? left : right * left,
        BinaryOperator.Equal => left == right ? 1 : 0,
        BinaryOperator.Less => left < right ? 1 : 0,
        BinaryOperator.Greater => left > right ? 1 : 0,
        _ => throw new NotSupportedException($"The reference has no rule for {function}."),
    };
}
