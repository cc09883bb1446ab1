using System.Diagnostics.CodeAnalysis;

namespace RnnRuntime.Graph;

/// <summary>
/// The types and shapes of every operator: <see cref="Check"/> holds a whole node against its rule; the other members give a builder or
/// a reader the shapes of outputs that it is about to make. An error names the section that the caller gives.
/// </summary>
internal static partial class ShapeRules
{
    public const int MaxRank = 8;

    public static void Check(Node node, string section)
    {
        switch (node)
        {
            case LstmNode lstm:
                CheckCell(section, lstm.Input, lstm.Hidden, lstm.NewHidden, lstm.InputWeights, lstm.RecurrentWeights, gates: 4);
                Vector(section, "tensors.bias", lstm.Bias, lstm.InputWeights.Rows);
                Same(section, "inputs.cell", lstm.Cell, lstm.Hidden);
                Same(section, "outputs.cell", lstm.NewCell, lstm.Hidden);
                break;
            case GruNode gru:
                CheckCell(section, gru.Input, gru.Hidden, gru.NewHidden, gru.InputWeights, gru.RecurrentWeights, gates: 3);
                Vector(section, "tensors.input_bias", gru.InputBias, gru.InputWeights.Rows);
                Vector(section, "tensors.recurrent_bias", gru.RecurrentBias, gru.InputWeights.Rows);
                break;
            case RnnNode rnn:
                CheckCell(section, rnn.Input, rnn.Hidden, rnn.NewHidden, rnn.InputWeights, rnn.RecurrentWeights, gates: 1);
                Vector(section, "tensors.bias", rnn.Bias, rnn.InputWeights.Rows);
                Require(rnn.Activation is UnaryOperator.Tanh or UnaryOperator.Relu or UnaryOperator.Identity,
                    section, "attributes.activation", $"{rnn.Activation}", "tanh, relu or identity");
                break;
            case LinearNode linear:
                Matrix(section, "weights", "scales", linear.Weights);
                TypeOf(section, "inputs.input", linear.Input, TensorType.Float32);
                AtLeastRank(section, "inputs.input", linear.Input, 1);
                Require(linear.Input.Shape[-1] == linear.Weights.Columns,
                    section, "inputs.input", $"{linear.Input.Shape}", $"[..., {linear.Weights.Columns}], as the weights have columns");
                Vector(section, "tensors.bias", linear.Bias, linear.Weights.Rows);
                Expect(section, "outputs.output", linear.Output, TensorType.Float32, LinearOutput(section, linear.Input, linear.Weights));
                break;
            case EmbeddingNode embedding:
                TypeOf(section, "inputs.indices", embedding.Indices, TensorType.Int32);
                Matrix(section, "table", "scales", embedding.Table);
                Require(embedding.Table.Factors is null, section, "tensors.table_factors", embedding.Table.Factors?.Name ?? "", "nothing, as a table multiplies nothing");
                Expect(section, "outputs.output", embedding.Output, TensorType.Float32, EmbeddingOutput(section, embedding.Indices, embedding.Table));
                break;
            case CausalConv1dNode convolution:
                CheckConvolution(section, convolution);
                break;
            case DelayNode delay:
                TypeOf(section, "inputs.input", delay.Input, TensorType.Float32);
                Require(delay.Steps >= 1, section, "attributes.steps", $"{delay.Steps}", "at least 1");
                CheckHistory(section, "inputs.history", delay.History, delay.Steps, delay.Input.Shape);
                CheckHistory(section, "outputs.history", delay.NewHistory, delay.Steps, delay.Input.Shape);
                Same(section, "outputs.output", delay.Output, delay.Input);
                break;
            case UnaryNode unary:
                Require(Enum.IsDefined(unary.Function), section, "op", $"{unary.Function}", "a function of one argument");
                TypeOf(section, "inputs.input", unary.Input, TensorType.Float32);
                Require(float.IsFinite(unary.Alpha) && float.IsFinite(unary.Beta), section, "attributes.alpha", $"{unary.Alpha} and {unary.Beta}", "finite numbers");
                Same(section, "outputs.output", unary.Output, unary.Input);
                break;
            case BinaryNode binary:
                Require(Enum.IsDefined(binary.Function), section, "op", $"{binary.Function}", "a function of two arguments");
                if (!(binary.Function is BinaryOperator.Equal or BinaryOperator.Less or BinaryOperator.Greater && binary.Left.Type == TensorType.Int32))
                {
                    TypeOf(section, "inputs.left", binary.Left, TensorType.Float32);
                }

                TypeOf(section, "inputs.right", binary.Right, binary.Left.Type);
                Expect(section, "outputs.output", binary.Output, TensorType.Float32, Broadcast(section, "inputs.right", binary.Left.Shape, binary.Right.Shape));
                break;
            case SelectNode select:
                TypeOf(section, "inputs.condition", select.Condition, TensorType.Float32);
                TypeOf(section, "inputs.when_true", select.WhenTrue, TensorType.Float32);
                TypeOf(section, "inputs.when_false", select.WhenFalse, TensorType.Float32);
                Expect(section, "outputs.output", select.Output, TensorType.Float32, SelectOutput(section, select.Condition, select.WhenTrue, select.WhenFalse));
                break;
            case CastNode cast:
                Require(cast.Input.Type != cast.Output.Type && Names.IsOfValues(cast.Input.Type) && Names.IsOfValues(cast.Output.Type),
                    section, "outputs.output", $"{Names.Of(cast.Input.Type)} to {Names.Of(cast.Output.Type)}", "float32 to int32 or int32 to float32");
                Expect(section, "outputs.output", cast.Output, cast.Output.Type, cast.Input.Shape);
                break;
            case FusedNode fused:
                CheckFused(section, fused);
                break;
            case ViewNode view:
                CheckView(section, view);
                break;
            case ConcatNode concat:
                Expect(section, "outputs.output", concat.Output, concat.Parts.IsEmpty ? TensorType.Float32 : concat.Parts[0].Type, ConcatOutput(section, concat.Parts, concat.Axis));
                break;
            case PickNode pick:
                CheckPick(section, pick);
                break;
            case GatherNode gather:
                TypeOf(section, "inputs.indices", gather.Indices, TensorType.Int32);
                Expect(section, "outputs.output", gather.Output, gather.Data.Type, GatherOutput(section, gather.Data, gather.Indices, gather.Axis));
                break;
            case MatMulNode product:
                TypeOf(section, "inputs.left", product.Left, TensorType.Float32);
                TypeOf(section, "inputs.right", product.Right, TensorType.Float32);
                Expect(section, "outputs.output", product.Output, TensorType.Float32, MatMulOutput(section, product.Left, product.Right));
                break;
            case ReduceNode reduce:
                Require(Enum.IsDefined(reduce.Function), section, "op", $"{reduce.Function}", "a reduction");
                TypeOf(section, "inputs.input", reduce.Input, TensorType.Float32);
                Expect(section, "outputs.output", reduce.Output, TensorType.Float32, ReduceOutput(section, reduce.Input));
                break;
            case LayerNormNode norm:
                TypeOf(section, "inputs.input", norm.Input, TensorType.Float32);
                AtLeastRank(section, "inputs.input", norm.Input, 1);
                Vector(section, "tensors.scale", norm.Scale, norm.Input.Shape[-1]);
                Vector(section, "tensors.bias", norm.Bias, norm.Input.Shape[-1]);
                Require(float.IsFinite(norm.Epsilon) && norm.Epsilon >= 0, section, "attributes.epsilon", $"{norm.Epsilon}", "a finite number of at least 0");
                Same(section, "outputs.output", norm.Output, norm.Input);
                break;
            case ConvNode convolution:
                Matrix(section, "weights", "scales", convolution.Weights);
                Vector(section, "tensors.bias", convolution.Bias, convolution.Weights.Rows);
                Expect(section, "outputs.output", convolution.Output, TensorType.Float32, ConvOutput(
                    section, convolution.Input, convolution.Weights, convolution.Kernel, convolution.Strides, convolution.Dilations,
                    convolution.PadsBefore, convolution.PadsAfter, convolution.Groups));
                break;
            case SequenceNode sequence:
                CheckSequence(section, sequence);
                break;
            case SoftmaxNode softmax:
                TypeOf(section, "inputs.input", softmax.Input, TensorType.Float32);
                AtLeastRank(section, "inputs.input", softmax.Input, 1);
                Same(section, "outputs.output", softmax.Output, softmax.Input);
                break;
            case ConstantNode constant:
                Require(Names.IsOfValues(constant.Data.Type), section, "tensors.data", Names.Of(constant.Data.Type), "float32 or int32");
                Expect(section, "outputs.output", constant.Output, constant.Data.Type, constant.Data.Shape);
                break;
            default:
                Fail(section, "op", node.Operator, "an operator that has a shape rule");
                break;
        }
    }

    /// <summary>Makes a shape where extents come from a file; refuses what does not fit.</summary>
    public static TensorShape Shape(string section, string field, ReadOnlySpan<int> dimensions)
    {
        var found = $"[{string.Join(", ", dimensions.ToArray())}]";
        Require(dimensions.Length <= MaxRank, section, field, $"{found}, {dimensions.Length} extents", $"at most {MaxRank} extents");
        var product = 1L;
        foreach (var dimension in dimensions)
        {
            Require(dimension >= 1, section, field, found, "extents of at least 1");
            product *= dimension;
            Require(product <= int.MaxValue, section, field, found, $"at most {int.MaxValue} elements");
        }

        return new TensorShape(dimensions);
    }

    public static TensorShape LinearOutput(string section, Value input, Weights weights)
    {
        AtLeastRank(section, "inputs.input", input, 1);
        return Shape(section, "outputs.output", [.. input.Shape.Dimensions[..^1], weights.Rows]);
    }

    public static TensorShape SelectOutput(string section, Value condition, Value whenTrue, Value whenFalse) => Broadcast(
        section, "inputs.when_false", Broadcast(section, "inputs.when_true", condition.Shape, whenTrue.Shape), whenFalse.Shape);

    public static TensorShape EmbeddingOutput(string section, Value indices, Weights table)
    {
        RequireMatrix(section, "tensors.table", table.Values);
        return Shape(section, "outputs.output", [.. indices.Shape.Dimensions, table.Columns]);
    }

    /// <summary>Weights need rank 2 before their rows may be asked for.</summary>
    public static void RequireMatrix(string section, string field, Constant matrix) =>
        Require(matrix.Shape.Rank == 2, section, field, $"{matrix.Shape}", "a matrix [rows, columns]");

    private static void CheckCell(
        string section, Value input, Value hidden, Value newHidden, Weights inputWeights, Weights recurrentWeights, int gates)
    {
        Matrix(section, "input_weights", "input_scales", inputWeights);
        Matrix(section, "recurrent_weights", "recurrent_scales", recurrentWeights);
        Require(inputWeights.Values.Type == recurrentWeights.Values.Type, section, "tensors.recurrent_weights",
            Names.Of(recurrentWeights.Values.Type), $"{Names.Of(inputWeights.Values.Type)} as the input weights");
        Rank1(section, "inputs.input", input);
        Rank1(section, "inputs.hidden", hidden);
        Dimensions(section, "tensors.input_weights", inputWeights.Values, (long)gates * hidden.Shape[0], input.Shape[0]);
        Dimensions(section, "tensors.recurrent_weights", recurrentWeights.Values, (long)gates * hidden.Shape[0], hidden.Shape[0]);
        Same(section, "outputs.hidden", newHidden, hidden);
    }

    private static void CheckConvolution(string section, CausalConv1dNode node)
    {
        Matrix(section, "weights", "scales", node.Weights);
        Rank1(section, "inputs.input", node.Input);
        Require(node.KernelSize >= 1, section, "attributes.kernel_size", $"{node.KernelSize}", "at least 1");
        Require(node.Dilation >= 1, section, "attributes.dilation", $"{node.Dilation}", "at least 1");
        Dimensions(section, "tensors.weights", node.Weights.Values, node.Weights.Rows, (long)node.KernelSize * node.Input.Shape[0]);
        Vector(section, "tensors.bias", node.Bias, node.Weights.Rows);
        Expect(section, "outputs.output", node.Output, TensorType.Float32, new TensorShape(node.Weights.Rows));
        var steps = (node.KernelSize - 1L) * node.Dilation;
        CheckOptionalHistory("inputs.history", node.History);
        CheckOptionalHistory("outputs.history", node.NewHistory);

        void CheckOptionalHistory(string field, Value? history)
        {
            Require(history is null == (steps == 0), section, field,
                history is null ? "nothing" : history.Name, steps == 0 ? "nothing, as a kernel of size 1 has no history" : "a history");
            if (history is not null)
            {
                CheckHistory(section, field, history, steps, node.Input.Shape);
            }
        }
    }

    private static void CheckHistory(string section, string field, Value history, long steps, TensorShape input)
    {
        TypeOf(section, field, history, TensorType.Float32);
        var dimensions = history.Shape.Dimensions;
        Require(dimensions.Length == input.Rank + 1 && dimensions[0] == steps && dimensions.AsSpan()[1..].SequenceEqual(input.Dimensions.AsSpan()),
            section, field, $"{history.Shape}", $"[{string.Join(", ", input.Dimensions.Select(extent => (long)extent).Prepend(steps))}]");
    }

    private static void Matrix(string section, string valuesField, string scalesField, Weights weights)
    {
        RequireMatrix(section, $"tensors.{valuesField}", weights.Values);
        Require(weights.Values.Type != TensorType.Int32,
            section, $"tensors.{valuesField}", Names.Of(weights.Values.Type), "float32, bfloat16, float16 or int8");
        Require(weights.IsInt8 == weights.Scales is not null, section, $"tensors.{scalesField}",
            weights.Scales is null ? "nothing" : weights.Scales.Name,
            weights.IsInt8 ? "a scale per row, as the weights are int8" : $"nothing, as the weights are {Names.Of(weights.Values.Type)}");
        Require(weights.Range == 0 || (weights.IsInt8 && weights.Range >= Weights.SmallestRange && float.IsFinite(weights.Range)), section,
            $"attributes.{RangeOf(valuesField)}", $"{weights.Range}",
            weights.IsInt8 ? $"0 or a finite number of at least {Weights.SmallestRange}" : $"nothing, as the weights are {Names.Of(weights.Values.Type)}");
        Vector(section, $"tensors.{scalesField}", weights.Scales, weights.Rows);
        Require(weights.Factors is null || weights.IsInt8, section, $"tensors.{FactorsOf(valuesField)}",
            weights.Factors?.Name ?? "", $"nothing, as the weights are {Names.Of(weights.Values.Type)}");
        Vector(section, $"tensors.{FactorsOf(valuesField)}", weights.Factors, weights.Columns);
        Require(!weights.IsInt8 || weights.Columns <= Weights.MaximumInt8Columns, section, $"tensors.{valuesField}",
            $"{weights.Columns} int8 columns", $"at most {Weights.MaximumInt8Columns}, so that sums are exact in int32");
    }

    /// <summary>The attribute that holds the range of what a matrix multiplies: <c>input_range</c> for <c>input_weights</c>, <c>range</c> for <c>weights</c>.</summary>
    public static string RangeOf(string weights) => FieldOf(weights, "range");

    /// <summary>The tensor of a matrix's factors: <c>input_factors</c> for <c>input_weights</c>, <c>factors</c> for <c>weights</c>.</summary>
    public static string FactorsOf(string weights) => FieldOf(weights, "factors");

    private static string FieldOf(string weights, string field) => weights == "weights" ? field : $"{weights.Replace("_weights", "", StringComparison.Ordinal)}_{field}";

    private static void Dimensions(string section, string field, Constant matrix, long rows, long columns) =>
        Require(matrix.Shape[0] == rows && matrix.Shape[1] == columns, section, field, $"{matrix.Shape}", $"[{rows}, {columns}]");

    private static void Vector(string section, string field, Constant? vector, int length)
    {
        if (vector is not null)
        {
            Require(vector is { Type: TensorType.Float32, Shape.Rank: 1 } && vector.Shape[0] == length,
                section, field, Names.Describe(vector.Type, vector.Shape), $"float32 [{length}]");
        }
    }

    private static void Rank1(string section, string field, Value value) =>
        Require(value is { Type: TensorType.Float32, Shape.Rank: 1 }, section, field, Names.Describe(value.Type, value.Shape), "float32 of one extent");

    private static void AtLeastRank(string section, string field, Value value, int rank) =>
        Require(value.Shape.Rank >= rank, section, field, $"{value.Shape}", $"at least {rank} extents");

    private static void TypeOf(string section, string field, Value value, TensorType type) =>
        Require(value.Type == type, section, field, Names.Describe(value.Type, value.Shape), Names.Of(type));

    private static void Same(string section, string field, Value value, Value model) => Expect(section, field, value, model.Type, model.Shape);

    private static void Expect(string section, string field, Value value, TensorType type, TensorShape shape) =>
        Require(value.Type == type && value.Shape == shape, section, field, Names.Describe(value.Type, value.Shape), Names.Describe(type, shape));

    private static void Require([DoesNotReturnIf(false)] bool condition, string section, string field, string found, string expected)
    {
        if (!condition)
        {
            Fail(section, field, found, expected);
        }
    }

    [DoesNotReturn]
    private static void Fail(string section, string field, string found, string expected) =>
        throw new RnnFormatException(section, field, found, expected);
}
