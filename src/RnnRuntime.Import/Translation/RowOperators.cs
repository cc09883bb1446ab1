using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Operators along axes: the axes are moved to the end, where the core works, and back.</summary>
internal static class RowOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("ReduceSum", node => Reduce(node, ReduceOperator.ReduceSum));
        handlers.Add("ReduceMean", node => Reduce(node, ReduceOperator.ReduceMean));
        handlers.Add("ReduceMax", node => Reduce(node, ReduceOperator.ReduceMaximum));
        handlers.Add("ReduceMin", node => Reduce(node, ReduceOperator.ReduceMinimum));
        handlers.Add("Softmax", node => Softmax(node, logarithm: false));
        handlers.Add("LogSoftmax", node => Softmax(node, logarithm: true));
        handlers.Add("LayerNormalization", LayerNormalization);
        handlers.Add("BatchNormalization", BatchNormalization);
    }

    private static ImmutableArray<Operand?> Float(Value value) => [Operand.Of(value, ElementType.Float32)];

    private static ImmutableArray<Operand?> Reduce(NodeContext node, ReduceOperator function)
    {
        var input = node.Float(0, "data");
        var arguments = ReduceArguments.Read(node.Arguments);
        var axes = arguments.Resolve(node.Location, input.Shape.Rank);
        if (axes.Length == 0)
        {
            return Float(input);
        }

        int[] kept = [.. Enumerable.Range(0, input.Shape.Rank).Where(axis => !axes.Contains(axis))];
        var moved = node.Emit.Transpose(input, [.. kept, .. axes]);
        var length = axes.Aggregate(1, (product, axis) => product * input.Shape[axis]);
        var rows = node.Emit.Reshape(moved, [.. kept.Select(axis => input.Shape[axis]), length]);
        var reduced = node.Emit.Reduce(function, rows);
        return Float(arguments.KeepDimensions
            ? node.Emit.Reshape(reduced, [.. input.Shape.Dimensions.Select((extent, axis) => axes.Contains(axis) ? 1 : extent)])
            : reduced);
    }

    private static ImmutableArray<Operand?> Softmax(NodeContext node, bool logarithm)
    {
        var input = node.Float(0, "input");
        var rank = input.Shape.Rank;
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", node.Opset < 13 ? 1 : -1), rank);
        var emit = node.Emit;
        if (node.Opset < 13)
        {
            // Before opset 13 everything from the axis on is one row.
            var rows = input.Shape.Dimensions[..axis].Aggregate(1, (product, extent) => product * extent);
            return Float(emit.Reshape(Row(emit, emit.Reshape(input, rows, input.Shape.ElementCount / rows), logarithm), input.Shape.Dimensions.AsSpan()));
        }

        int[] order = [.. Enumerable.Range(0, rank).Where(other => other != axis), axis];
        var result = Row(emit, emit.Transpose(input, order), logarithm);
        return Float(emit.Transpose(result, Inverse(order)));
    }

    private static Value Row(GraphEmitter emit, Value rows, bool logarithm)
    {
        var output = emit.NewValue(TensorType.Float32, rows.Shape);
        emit.Add(new SoftmaxNode(emit.NewNodeName(), rows, output, logarithm));
        return output;
    }

    private static ImmutableArray<Operand?> LayerNormalization(NodeContext node)
    {
        var emit = node.Emit;
        var input = node.Float(0, "X");
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", -1), input.Shape.Rank);
        var epsilon = node.Attributes.Float("epsilon", 1e-5f);
        node.Attributes.Require("stash_type", 1);
        var normalized = input.Shape.Dimensions[axis..];
        var length = normalized.Aggregate(1, (product, extent) => product * extent);
        var rows = emit.Reshape(input, [.. input.Shape.Dimensions[..axis], length]);
        var scale = Whole(node, 1, "Scale", normalized, length);
        var bias = node.Has(2) ? Whole(node, 2, "B", normalized, length) : null;
        var output = emit.NewValue(TensorType.Float32, rows.Shape);
        emit.Add(new LayerNormNode(emit.NewNodeName(), rows, output, scale, scale is null ? null : bias, epsilon));
        var result = emit.Reshape(output, input.Shape.Dimensions.AsSpan());
        if (scale is null)
        {
            result = emit.Binary(BinaryOperator.Multiply, result, node.Float(1, "Scale"));
        }

        if (node.Has(2) && (scale is null || bias is null))
        {
            result = emit.Binary(BinaryOperator.Add, result, node.Float(2, "B"));
        }

        return [Operand.Of(result, ElementType.Float32), .. Statistics(node, rows, axis, input.Shape, epsilon)];
    }

    /// <summary>The mean and the inverse standard deviation, where the model uses them.</summary>
    private static IEnumerable<Operand?> Statistics(NodeContext node, Value rows, int axis, TensorShape shape, float epsilon)
    {
        if (!node.HasOutput(1) && !node.HasOutput(2))
        {
            return [];
        }

        var emit = node.Emit;
        int[] kept = [.. shape.Dimensions.Select((extent, i) => i < axis ? extent : 1)];
        var mean = emit.Reduce(ReduceOperator.ReduceMean, rows);
        var difference = emit.Binary(BinaryOperator.Subtract, rows, emit.Reshape(mean, [.. mean.Shape.Dimensions, 1]));
        var variance = emit.Reduce(ReduceOperator.ReduceMean, emit.Binary(BinaryOperator.Multiply, difference, difference));
        var deviation = emit.Unary(UnaryOperator.Sqrt, emit.Binary(BinaryOperator.Add, variance, emit.Scalar(epsilon)));
        return
        [
            Operand.Of(emit.Reshape(mean, kept), ElementType.Float32),
            Operand.Of(emit.Reshape(emit.Unary(UnaryOperator.Reciprocal, deviation), kept), ElementType.Float32),
        ];
    }

    /// <summary>A constant that covers the whole row; null where it is computed or broadcasts.</summary>
    private static Constant? Whole(NodeContext node, int input, string name, ImmutableArray<int> shape, int length) =>
        node.ConstantFloat(input, name) is { } tensor && tensor.Shape.AsSpan().SequenceEqual(shape.AsSpan())
            ? node.Emit.NewConstant($"{node.Location}, input {name}", tensor.Reshaped([length]))
            : null;

    private static ImmutableArray<Operand?> BatchNormalization(NodeContext node)
    {
        var emit = node.Emit;
        var input = node.Float(0, "X");
        var epsilon = node.Attributes.Float("epsilon", 1e-5f);
        _ = node.Attributes.Float("momentum", 0.9f);
        node.Attributes.Require("training_mode", 0);
        node.Attributes.Require("spatial", 1);
        for (var i = 1; i < node.Node.Outputs.Length; i++)
        {
            if (node.HasOutput(i))
            {
                throw node.Refuse($"output '{node.Node.Outputs[i]}'", "only the first output, as for inference");
            }
        }

        if (input.Shape.Rank < 2)
        {
            throw node.Refuse("X", $"{node.Operand(0, "X")}", "[N, channels, ...]");
        }

        int[] shape = [input.Shape[1], .. Enumerable.Repeat(1, input.Shape.Rank - 2)];
        if (node.ConstantFloat(1, "scale") is { } scale && node.ConstantFloat(2, "B") is { } bias &&
            node.ConstantFloat(3, "mean") is { } mean && node.ConstantFloat(4, "var") is { } variance)
        {
            var (factors, shifts) = (new float[shape[0]], new float[shape[0]]);
            foreach (var tensor in new[] { scale, bias, mean, variance })
            {
                if (tensor.Rank != 1 || tensor.Shape[0] != shape[0])
                {
                    throw node.Refuse($"{tensor}", $"[{shape[0]}], a number for each channel");
                }
            }

            for (var i = 0; i < factors.Length; i++)
            {
                var factor = scale.Values<float>()[i] / Math.Sqrt((double)variance.Values<float>()[i] + epsilon);
                factors[i] = (float)factor;
                shifts[i] = (float)(bias.Values<float>()[i] - (mean.Values<float>()[i] * factor));
            }

            var product = emit.Binary(BinaryOperator.Multiply, input, emit.ValueOf(emit.NewConstant(factors, shape)));
            return Float(emit.Binary(BinaryOperator.Add, product, emit.ValueOf(emit.NewConstant(shifts, shape))));
        }

        var deviation = emit.Unary(UnaryOperator.Sqrt, emit.Binary(BinaryOperator.Add, Channel(4, "var"), emit.Scalar(epsilon)));
        var centred = emit.Binary(BinaryOperator.Divide, emit.Binary(BinaryOperator.Subtract, input, Channel(3, "mean")), deviation);
        return Float(emit.Binary(BinaryOperator.Add, emit.Binary(BinaryOperator.Multiply, centred, Channel(1, "scale")), Channel(2, "B")));

        Value Channel(int index, string name) => emit.Reshape(node.Float(index, name), shape);
    }

    internal static int[] Inverse(ReadOnlySpan<int> permutation)
    {
        var inverse = new int[permutation.Length];
        for (var i = 0; i < permutation.Length; i++)
        {
            inverse[permutation[i]] = i;
        }

        return inverse;
    }
}
