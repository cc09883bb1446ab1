using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <content>Operators that change shapes, and layers over whole tensors.</content>
internal static partial class ShapeRules
{
    /// <summary>The most operations of a fused chain, and the most values that it reads.</summary>
    public const int MaxFusedOperations = 64;
    public const int MaxFusedInputs = 16;

    /// <summary>The shape that two shapes broadcast to, as in NumPy.</summary>
    public static TensorShape Broadcast(string section, string field, TensorShape left, TensorShape right)
    {
        var dimensions = new int[Math.Max(left.Rank, right.Rank)];
        for (var i = 1; i <= dimensions.Length; i++)
        {
            var (l, r) = (i <= left.Rank ? left[-i] : 1, i <= right.Rank ? right[-i] : 1);
            Require(l == r || l == 1 || r == 1, section, field, $"{right}", $"a shape that broadcasts with {left}");
            dimensions[^i] = Math.Max(l, r);
        }

        return Shape(section, "outputs.output", dimensions);
    }

    public static TensorShape ConcatOutput(string section, ImmutableArray<Value> parts, int axis)
    {
        Require(parts.Length > 0, section, "inputs", "none", "at least one part");
        var first = parts[0];
        Require(axis >= 0 && axis < first.Shape.Rank, section, "attributes.axis", $"{axis}", $"0 to {first.Shape.Rank - 1}");
        var extent = 0L;
        foreach (var part in parts)
        {
            Require(part.Type == first.Type && part.Shape.Rank == first.Shape.Rank, section, "inputs",
                Names.Describe(part.Type, part.Shape), $"{Names.Of(first.Type)} of {first.Shape.Rank} extents as the first part");
            for (var i = 0; i < first.Shape.Rank; i++)
            {
                Require(i == axis || part.Shape[i] == first.Shape[i], section, "inputs", $"{part.Shape}", $"{first.Shape} but for axis {axis}");
            }

            extent += part.Shape[axis];
        }

        Require(extent <= int.MaxValue, section, "outputs.output", $"extent {extent}", $"at most {int.MaxValue}");
        int[] dimensions = [.. first.Shape.Dimensions];
        dimensions[axis] = (int)extent;
        return Shape(section, "outputs.output", dimensions);
    }

    public static TensorShape GatherOutput(string section, Value data, Value indices, int axis)
    {
        Require(axis >= 0 && axis < data.Shape.Rank, section, "attributes.axis", $"{axis}", $"0 to {data.Shape.Rank - 1}");
        return Shape(section, "outputs.output", [.. data.Shape.Dimensions[..axis], .. indices.Shape.Dimensions, .. data.Shape.Dimensions[(axis + 1)..]]);
    }

    public static TensorShape MatMulOutput(string section, Value left, Value right)
    {
        AtLeastRank(section, "inputs.left", left, 2);
        AtLeastRank(section, "inputs.right", right, 2);
        Require(left.Shape[-1] == right.Shape[-2], section, "inputs.right", $"{right.Shape}", $"[..., {left.Shape[-1]}, N] for {left.Shape}");
        var batch = Broadcast(section, "inputs.right", new TensorShape(left.Shape.Dimensions.AsSpan()[..^2]), new TensorShape(right.Shape.Dimensions.AsSpan()[..^2]));
        return Shape(section, "outputs.output", [.. batch.Dimensions, left.Shape[-2], right.Shape[-1]]);
    }

    public static TensorShape ReduceOutput(string section, Value input)
    {
        AtLeastRank(section, "inputs.input", input, 1);
        return new TensorShape(input.Shape.Dimensions.AsSpan()[..^1]);
    }

    /// <summary>Checks a convolution's numbers and gives its output's shape.</summary>
    public static TensorShape ConvOutput(
        string section, Value input, Weights weights, ImmutableArray<int> kernel, ImmutableArray<int> strides, ImmutableArray<int> dilations,
        ImmutableArray<int> padsBefore, ImmutableArray<int> padsAfter, int groups)
    {
        TypeOf(section, "inputs.input", input, TensorType.Float32);
        Require(kernel.Length is >= 1 and <= 3, section, "attributes.kernel", $"{kernel.Length} extents", "1 to 3");
        Require(input.Shape.Rank == kernel.Length + 2, section, "inputs.input", $"{input.Shape}", $"[N, {kernel.Length} spatial extents, channels]");
        foreach (var (field, values, minimum) in new[]
                 {
                     ("kernel", kernel, 1), ("strides", strides, 1), ("dilations", dilations, 1), ("pads_before", padsBefore, 0), ("pads_after", padsAfter, 0),
                 })
        {
            Require(values.Length == kernel.Length && values.All(value => value >= minimum && value <= 1 << 24), section, $"attributes.{field}",
                $"[{string.Join(", ", values)}]", $"{kernel.Length} numbers of {minimum} to {1 << 24}");
        }

        var channels = input.Shape[-1];
        Require(groups >= 1 && channels % groups == 0 && weights.Rows % groups == 0, section, "attributes.groups", $"{groups}",
            $"a divisor of {channels} channels and {weights.Rows} filters");
        Dimensions(section, "tensors.weights", weights.Values, weights.Rows, kernel.Aggregate((long)channels / groups, (product, extent) => Math.Min(product * extent, int.MaxValue)));
        var dimensions = new int[kernel.Length + 2];
        dimensions[0] = input.Shape[0];
        dimensions[^1] = weights.Rows;
        for (var i = 0; i < kernel.Length; i++)
        {
            var room = (long)input.Shape[i + 1] + padsBefore[i] + padsAfter[i] - ((long)dilations[i] * (kernel[i] - 1)) - 1;
            Require(room >= 0, section, "inputs.input", $"{input.Shape}", $"at least the kernel's reach on spatial axis {i}");
            dimensions[i + 1] = (int)Math.Min((room / strides[i]) + 1, int.MaxValue);
        }

        return Shape(section, "outputs.output", dimensions);
    }

    private static void CheckView(string section, ViewNode node)
    {
        Require(node.Output.Type == node.Input.Type, section, "outputs.output", Names.Of(node.Output.Type), $"{Names.Of(node.Input.Type)} as the input");
        Require(node.Strides.Length == node.Output.Shape.Rank, section, "attributes.strides", $"{node.Strides.Length} strides", $"{node.Output.Shape.Rank}");
        long first = node.Offset, last = node.Offset;
        for (var axis = 0; axis < node.Strides.Length; axis++)
        {
            var reach = (long)node.Strides[axis] * (node.Output.Shape[axis] - 1);
            (first, last) = (first + Math.Min(reach, 0), last + Math.Max(reach, 0));
        }

        Require(first >= 0 && last < node.Input.Shape.ElementCount, section, "attributes.strides",
            $"elements {first} to {last}", $"0 to {node.Input.Shape.ElementCount - 1} of the input");
    }

    /// <summary>All but what the map holds, which <see cref="GraphValidator"/> walks once, however many nodes share it.</summary>
    private static void CheckPick(string section, PickNode node)
    {
        var type = node.Output.Type;
        Require(node.Sources.Length > 0, section, "inputs.sources", "none", "at least one source");
        Require(node.Sources.All(source => source.Type == type), section, "inputs", "sources of another type", Names.Of(type));
        var elements = node.Sources.Sum(source => (long)source.Shape.ElementCount);
        Require(elements <= int.MaxValue, section, "inputs", $"{elements} elements", $"at most {int.MaxValue}");
        Require(node.Map is { Type: TensorType.Int32, Shape.Rank: 1 } && node.Map.Shape[0] == node.Output.Shape.ElementCount, section, "tensors.map",
            Names.Describe(node.Map.Type, node.Map.Shape), $"int32 [{node.Output.Shape.ElementCount}]");
        Require(float.IsFinite(node.Fill) && (type == TensorType.Float32 || node.Fill == (int)node.Fill), section, "attributes.fill", $"{node.Fill}", "a finite number of the output's type");
    }

    private static void CheckFused(string section, FusedNode node)
    {
        Require(node.Operations.Length is >= 1 and <= MaxFusedOperations, section, "attributes.operations", $"{node.Operations.Length}", $"1 to {MaxFusedOperations}");
        Require(node.Operands.Length is >= 1 and <= MaxFusedInputs, section, "inputs", $"{node.Operands.Length}", $"1 to {MaxFusedInputs}");
        TypeOf(section, "outputs.output", node.Output, TensorType.Float32);
        foreach (var operand in node.Operands)
        {
            TypeOf(section, "inputs", operand, TensorType.Float32);
            Require(Broadcast(section, "inputs", node.Output.Shape, operand.Shape) == node.Output.Shape, section, "inputs",
                $"{operand.Shape}", $"a shape that broadcasts to {node.Output.Shape}");
        }

        for (var i = 0; i < node.Operations.Length; i++)
        {
            var operation = node.Operations[i];
            var field = $"attributes.operations[{i}]";
            Require(operation.Unary is null || operation.Binary is null, section, field, "two functions", "one");
            Require((operation.Unary is not { } unary || Enum.IsDefined(unary)) && (operation.Binary is not { } binary || Enum.IsDefined(binary)), section, field, "an unknown function", "a known one");
            Require(float.IsFinite(operation.Alpha) && float.IsFinite(operation.Beta), section, field, "a parameter that is not finite", "finite parameters");
            ReadOnlySpan<int> operands = [operation.First, operation.Second, operation.Third];
            for (var k = 0; k < 3; k++)
            {
                var limit = k < operation.OperandCount ? node.Operands.Length + i : 0;
                Require(limit == 0 ? operands[k] == -1 : operands[k] >= 0 && operands[k] < limit, section, field,
                    $"operand {operands[k]}", limit == 0 ? "-1, as it is not used" : $"0 to {limit - 1}");
            }
        }
    }

    private static void CheckSequence(string section, SequenceNode node)
    {
        Require(Enum.IsDefined(node.Cell), section, "op", $"{node.Cell}", "a cell");
        var isLstm = node.Cell == SequenceCell.Lstm;
        Matrix(section, "input_weights", "input_scales", node.InputWeights);
        Matrix(section, "recurrent_weights", "recurrent_scales", node.RecurrentWeights);
        Require(node.InputWeights.Rows % node.Gates == 0, section, "tensors.input_weights", $"{node.InputWeights.Rows} rows", $"a multiple of {node.Gates}");
        var hidden = node.HiddenSize;
        TypeOf(section, "inputs.input", node.Input, TensorType.Float32);
        Require(node.Input.Shape.Rank == 3, section, "inputs.input", $"{node.Input.Shape}", "[time, streams, features]");
        var (steps, streams) = (node.Input.Shape[0], node.Input.Shape[1]);
        var size = node.Projection is null ? hidden : node.Projection.Rows;
        Dimensions(section, "tensors.input_weights", node.InputWeights.Values, (long)node.Gates * hidden, node.Input.Shape[2]);
        Dimensions(section, "tensors.recurrent_weights", node.RecurrentWeights.Values, (long)node.Gates * hidden, size);
        Vector(section, "tensors.input_bias", node.InputBias, node.InputWeights.Rows);
        Vector(section, "tensors.recurrent_bias", node.RecurrentBias, node.InputWeights.Rows);
        Vector(section, "tensors.peepholes", node.Peepholes, (int)Math.Min(3L * hidden, int.MaxValue));
        Require(node.Cell == SequenceCell.Gru || node.RecurrentBias is null, section, "tensors.recurrent_bias", "a second bias", "one, but for a GRU");
        Require(isLstm || (node.Peepholes is null && node.Projection is null && !node.InputForget), section, "attributes", "peepholes, projection or input_forget", "none, but for an LSTM");
        Require(node.Cell == SequenceCell.Gru || !node.ResetAfter, section, "attributes.reset_after", "true", "false, but for a GRU");
        if (node.Projection is { } projection)
        {
            Matrix(section, "projection", "projection_scales", projection);
            Dimensions(section, "tensors.projection", projection.Values, projection.Rows, hidden);
        }

        if (node.Lengths is { } lengths)
        {
            Expect(section, "inputs.lengths", lengths, TensorType.Int32, new TensorShape(streams));
        }

        Expect(section, "inputs.hidden", node.Hidden, TensorType.Float32, new TensorShape(streams, size));
        Expect(section, "outputs.hidden", node.NewHidden, TensorType.Float32, new TensorShape(streams, size));
        Expect(section, "outputs.output", node.Output, TensorType.Float32, Shape(section, "outputs.output", [steps, streams, size]));
        Require(isLstm == node.CellState is not null && isLstm == node.NewCell is not null, section, "inputs.cell", "a cell state", "one for an LSTM and none for others");
        if (isLstm)
        {
            Expect(section, "inputs.cell", node.CellState!, TensorType.Float32, new TensorShape(streams, hidden));
            Expect(section, "outputs.cell", node.NewCell!, TensorType.Float32, new TensorShape(streams, hidden));
        }

        var expected = SequenceNode.DefaultActivations(node.Cell).Length;
        Require(node.Activations.Length == expected, section, "attributes.activations", $"{node.Activations.Length}", $"{expected}");
        foreach (var activation in node.Activations)
        {
            Require(Enum.IsDefined(activation.Function) && float.IsFinite(activation.Alpha) && float.IsFinite(activation.Beta),
                section, "attributes.activations", $"{activation}", "a known function with finite parameters");
        }

        Require(float.IsFinite(node.Clip) && node.Clip >= 0, section, "attributes.clip", $"{node.Clip}", "a finite number of at least 0");
    }
}
