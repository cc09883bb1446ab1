using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Between float32 and quantised integers, which a step computes as float32 that are whole numbers.</summary>
internal static class QuantizedOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("QuantizeLinear", QuantizeLinear);
        handlers.Add("DequantizeLinear", DequantizeLinear);
        handlers.Add("DynamicQuantizeLinear", DynamicQuantizeLinear);
    }

    private static ImmutableArray<Operand?> QuantizeLinear(NodeContext node)
    {
        var (x, scale, zeroPoint) = (node.Operand(0, "x"), node.Operand(1, "y_scale"), node.Has(2) ? node.Operand(2, "y_zero_point") : null);
        var arguments = QuantizationArguments.Quantize(node.Arguments, x.Form, scale.Form, zeroPoint?.Form);
        if (scale.Constant is { } known && known.Values<float>().Contains(0))
        {
            throw node.Refuse("y_scale", "a scale of 0", "scales other than 0");
        }

        var quantized = Quantize(
            node.Emit, node.ValueOf(x, "x"), Parameter(node, scale, "y_scale", arguments), ZeroPoint(node, zeroPoint, "y_zero_point", arguments), arguments.Type);
        return [Operand.Of(quantized, arguments.Type)];
    }

    private static ImmutableArray<Operand?> DequantizeLinear(NodeContext node)
    {
        var (x, scale, zeroPoint) = (node.Operand(0, "x"), node.Operand(1, "x_scale"), node.Has(2) ? node.Operand(2, "x_zero_point") : null);
        var arguments = QuantizationArguments.Dequantize(node.Arguments, x.Form, scale.Form, zeroPoint?.Form);
        if (scale.Type != ElementType.Float32)
        {
            throw node.Refuse("x_scale", $"{scale}", "float32 where a step computes x");
        }

        if (x.Type == ElementType.Int32 && zeroPoint is not null)
        {
            QuantizationOperators.CheckZeroPoint(node.Arguments, x.Type, node.Arguments.Optional(2, "x_zero_point"));
            zeroPoint = null;
        }

        var emit = node.Emit;
        var integers = x.IsWholeFloat ? x.Value : node.ValueOf(x, "x");
        integers = integers.Type == TensorType.Float32 ? integers : emit.Cast(integers, TensorType.Float32);
        if (ZeroPoint(node, zeroPoint, "x_zero_point", arguments) is { } zero)
        {
            integers = emit.Binary(BinaryOperator.Subtract, integers, zero);
        }

        return [Operand.Of(emit.Binary(BinaryOperator.Multiply, integers, Parameter(node, scale, "x_scale", arguments)), ElementType.Float32)];
    }

    /// <summary>As the folding rule: the range contains 0, and the scale is 1 where it would be 0.</summary>
    private static ImmutableArray<Operand?> DynamicQuantizeLinear(NodeContext node)
    {
        node.Arguments.Expect(1, 1, 3);
        var emit = node.Emit;
        var x = node.Float(0, "x");
        var all = emit.Reshape(x, x.Shape.ElementCount);
        var zero = emit.Scalar(0);
        var low = emit.Binary(BinaryOperator.Minimum, zero, emit.Reduce(ReduceOperator.ReduceMinimum, all));
        var high = emit.Binary(BinaryOperator.Maximum, zero, emit.Reduce(ReduceOperator.ReduceMaximum, all));
        var part = emit.Binary(BinaryOperator.Divide, emit.Binary(BinaryOperator.Subtract, high, low), emit.Scalar(byte.MaxValue));
        var scale = emit.Select(part, part, emit.Scalar(1));
        var exact = emit.Binary(BinaryOperator.Subtract, zero, emit.Binary(BinaryOperator.Divide, low, scale));
        var zeroPoint = emit.Unary(UnaryOperator.Round, Saturate(emit, exact, ElementType.UInt8));
        return
        [
            Operand.Of(Quantize(emit, x, scale, zeroPoint, ElementType.UInt8), ElementType.UInt8),
            Operand.Of(scale, ElementType.Float32),
            Operand.Of(zeroPoint, ElementType.UInt8),
        ];
    }

    private static Value Quantize(GraphEmitter emit, Value x, Value scale, Value? zeroPoint, ElementType type)
    {
        var rounded = emit.Unary(UnaryOperator.Round, emit.Binary(BinaryOperator.Divide, x, scale));
        return Saturate(emit, zeroPoint is null ? rounded : emit.Binary(BinaryOperator.Add, rounded, zeroPoint), type);
    }

    // The operand comes second, so that a NaN stays one.
    private static Value Saturate(GraphEmitter emit, Value x, ElementType type)
    {
        var (low, high) = QuantizationArguments.Range(type);
        return emit.Binary(BinaryOperator.Minimum, emit.Scalar(high), emit.Binary(BinaryOperator.Maximum, emit.Scalar(low), x));
    }

    private static Value Parameter(NodeContext node, Operand parameter, string name, QuantizationArguments arguments) =>
        node.Emit.Reshape(node.ValueOf(parameter, name), arguments.ParameterShape.AsSpan());

    /// <summary>Null where the zero points are 0.</summary>
    private static Value? ZeroPoint(NodeContext node, Operand? zeroPoint, string name, QuantizationArguments arguments) =>
        zeroPoint is null || (zeroPoint.IsConstant && !zeroPoint.Constant.Data.Span.ContainsAnyExcept((byte)0))
            ? null
            : Parameter(node, zeroPoint, name, arguments);
}
