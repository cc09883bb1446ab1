using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Element type and shape of a tensor whose values need not be known.</summary>
internal readonly record struct TensorForm(ElementType Type, ImmutableArray<int> Shape)
{
    public static TensorForm Of(HostTensor tensor) => new(tensor.Type, tensor.Shape);

    public override string ToString() => $"{NumberTypes.Name(Type)} [{string.Join(", ", Shape)}]";
}

/// <summary>What <c>QuantizeLinear</c> and <c>DequantizeLinear</c> say of their scales and zero points.</summary>
/// <param name="Type">The quantised tensor's element type.</param>
/// <param name="ParameterShape">The shape in which scales and zero points broadcast to the data.</param>
internal sealed record QuantizationArguments(ElementType Type, ImmutableArray<int> ParameterShape)
{
    private const string NoSuchTypes = "there is none of 4 bits and no float8";

    /// <summary>Whether a quantised tensor has these elements; sums of products, int32, are dequantised only.</summary>
    public static bool IsQuantized(ElementType type) => type is ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16;

    /// <summary>Least and greatest number of a quantised type.</summary>
    public static (int Low, int High) Range(ElementType type) => type switch
    {
        ElementType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        ElementType.UInt8 => (byte.MinValue, byte.MaxValue),
        ElementType.Int16 => (short.MinValue, short.MaxValue),
        ElementType.UInt16 => (ushort.MinValue, ushort.MaxValue),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not quantised."),
    };

    public static QuantizationArguments Quantize(NodeArguments node, TensorForm x, TensorForm scale, TensorForm? zeroPoint)
    {
        node.Expect(2, 3);
        ElementType? declared = node.Opset >= 21 && node.Attributes.Integer("output_dtype", 0) is var code and not 0
            ? NumberTypes.FromCode($"{node.Location}, attribute output_dtype", code)
            : null;
        var type = zeroPoint?.Type ?? declared ?? ElementType.UInt8;
        if (declared is { } other && other != type)
        {
            throw node.Attributes.Error("output_dtype", NumberTypes.Name(other), $"{NumberTypes.Name(type)}, the zero point's type");
        }

        if (node.Opset >= 19)
        {
            // Only conversions to 8-bit floats may leave saturation out.
            node.Attributes.Integer("saturate", 1);
        }

        CheckType(node, zeroPoint is null ? "output_dtype" : "y_zero_point", type);
        return x.Type == ElementType.Float32 && scale.Type == ElementType.Float32
            ? new QuantizationArguments(type, ShapeOfParameters(node, x, scale, zeroPoint))
            : throw node.Error($"x {x} and y_scale {scale}", "float32, since other types divide with another rounding; cast them to float32 in the model");
    }

    public static QuantizationArguments Dequantize(NodeArguments node, TensorForm x, TensorForm scale, TensorForm? zeroPoint)
    {
        node.Expect(2, 3);
        if (x.Type != ElementType.Int32)
        {
            CheckType(node, "x", x.Type, ", or int32");
        }

        if (zeroPoint is { } zero && zero.Type != x.Type)
        {
            throw node.Error("x_zero_point", $"{zero}", $"{NumberTypes.Name(x.Type)}, the type of x");
        }

        return scale.Type == ElementType.Float32 || (node.Opset >= 19 && HalfPrecision.IsHalf(scale.Type))
            ? new QuantizationArguments(x.Type, ShapeOfParameters(node, x, scale, zeroPoint))
            : throw node.Error("x_scale", $"{scale}", $"float32{(node.Opset >= 19 ? ", float16 or bfloat16" : "")} in opset {node.Opset}");
    }

    private static void CheckType(NodeArguments node, string name, ElementType type, string orElse = "")
    {
        var fits = node.Opset < 21 ? type is ElementType.Int8 or ElementType.UInt8 : IsQuantized(type);
        if (!fits)
        {
            throw node.Error(
                $"{name} of type {NumberTypes.Name(type)}",
                $"int8 or uint8{(node.Opset < 21 ? "" : ", int16 or uint16")}{orElse} in opset {node.Opset} ({NoSuchTypes})");
        }
    }

    /// <summary>One number for the whole tensor, or from opset 13 one for each index of an axis.</summary>
    private static ImmutableArray<int> ShapeOfParameters(NodeArguments node, TensorForm x, TensorForm scale, TensorForm? zeroPoint)
    {
        if (node.Opset >= 21 && node.Attributes.Integer("block_size", 0) is var block and not 0)
        {
            throw node.Attributes.Error("block_size", $"{block}", "0; dequantise blocks in the model, or quantise it per tensor or per axis");
        }

        var axis = node.Opset >= 13 ? node.Attributes.Integer("axis", 1) : 1;
        if (zeroPoint is { } zero && !zero.Shape.AsSpan().SequenceEqual(scale.Shape.AsSpan()) && (Count(zero) != 1 || Count(scale) != 1))
        {
            throw node.Error("zero_point", $"{zero}", $"[{string.Join(", ", scale.Shape)}], the scale's shape");
        }

        if (Count(scale) == 1 && scale.Shape.Length <= 1)
        {
            return [];
        }

        if (node.Opset < 13 || scale.Shape is not [var count])
        {
            throw node.Error("scale", $"{scale}", node.Opset < 13 ? $"a scalar in opset {node.Opset}" : "a scalar, or a list along one axis");
        }

        var at = ShapeArithmetic.NormalizeAxis($"{node.Location}, attribute axis", axis, x.Shape.Length);
        return x.Shape[at] == count
            ? [.. Enumerable.Range(0, x.Shape.Length).Select(i => i == at ? count : 1)]
            : throw node.Error("scale", $"{count} numbers", $"{x.Shape[at]}, one for each index of axis {at} of {x}");
    }

    private static long Count(TensorForm form) => form.Shape.Aggregate(1L, (product, extent) => product * extent);
}
