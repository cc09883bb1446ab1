using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Between float32 and quantised integers, in float32 as the standard says: a division, a rounding, a product.</summary>
internal static class QuantizationOperators
{
    public static HostTensor QuantizeLinear(NodeArguments node)
    {
        var (x, scale, zeroPoint) = (node.Required(0, "x"), node.Required(1, "y_scale"), node.Optional(2, "y_zero_point"));
        var arguments = QuantizationArguments.Quantize(node, TensorForm.Of(x), TensorForm.Of(scale), zeroPoint is null ? null : TensorForm.Of(zeroPoint));
        return NumberTypes.Dispatch(node, arguments.Type, new QuantizeFunction(node, x, scale, zeroPoint, arguments));
    }

    /// <summary>In the scale's type.</summary>
    public static HostTensor DequantizeLinear(NodeArguments node)
    {
        var (x, scale, zeroPoint) = (node.Required(0, "x"), node.Required(1, "x_scale"), node.Optional(2, "x_zero_point"));
        var arguments = QuantizationArguments.Dequantize(node, TensorForm.Of(x), TensorForm.Of(scale), zeroPoint is null ? null : TensorForm.Of(zeroPoint));
        CheckZeroPoint(node, x.Type, zeroPoint);
        var result = NumberTypes.Dispatch(node, x.Type, new DequantizeFunction(node, x, HalfPrecision.Widen(node, scale), zeroPoint, arguments));
        return HalfPrecision.IsHalf(scale.Type) ? HalfPrecision.Narrow(node, result, scale.Type) : result;
    }

    /// <summary>An int32 tensor has the zero point 0.</summary>
    public static void CheckZeroPoint(NodeArguments node, ElementType type, HostTensor? zeroPoint)
    {
        if (type == ElementType.Int32 && zeroPoint is not null && zeroPoint.Data.Span.ContainsAnyExcept((byte)0))
        {
            throw node.Error("x_zero_point", "a number other than 0", "0, as for every int32 tensor");
        }
    }

    /// <summary>
    /// The data, its scale and its zero point. The range contains 0; where it is empty, or so small that its 255th part is 0, the scale
    /// is 1 and the zero point 0.
    /// </summary>
    public static ImmutableArray<HostTensor?> DynamicQuantizeLinear(NodeArguments node)
    {
        node.Expect(1, 1, 3);
        var x = node.Required(0, "x");
        if (x.Type != ElementType.Float32 || x.Count == 0)
        {
            throw node.Error("x", $"{x}", "float32 of at least one element");
        }

        var (low, high) = (0f, 0f);
        foreach (var value in x.Values<float>())
        {
            (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
        }

        if (!float.IsFinite(high - low))
        {
            throw node.Error("x", $"numbers from {low} to {high}", "numbers whose range is finite");
        }

        var scale = (high - low) / byte.MaxValue;
        scale = scale == 0 ? 1 : scale;
        var zeroPoint = MathF.Round(Math.Clamp(-low / scale, 0, byte.MaxValue), MidpointRounding.ToEven);
        var data = node.Allocate(ElementType.UInt8, x.Shape);
        var values = x.Values<float>();
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = byte.CreateSaturating(MathF.Round(values[i] / scale, MidpointRounding.ToEven) + zeroPoint);
        }

        HostTensor?[] outputs = [new(ElementType.UInt8, x.Shape, data), HostTensor.Floats([], [scale]), HostTensor.Of(ElementType.UInt8, [], [(byte)zeroPoint])];
        return [.. outputs.Select((tensor, i) => node.HasOutput(i) ? tensor : null).Take(node.Outputs)];
    }

    private readonly record struct QuantizeFunction(NodeArguments Node, HostTensor X, HostTensor Scale, HostTensor? ZeroPoint, QuantizationArguments Arguments)
        : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var data = Node.Allocate(Arguments.Type, X.Shape);
            var results = MemoryMarshal.Cast<byte, T>(data.AsSpan());
            var values = X.Values<float>();
            var scales = Scale.Values<float>();
            var zeroPoints = ZeroPoint is null ? [] : ZeroPoint.Values<T>();
            var walker = new Walker(X.Shape, Walker.Broadcast(Arguments.ParameterShape, X.Shape));
            for (var i = 0; i < results.Length; i++, walker.Next())
            {
                var zeroPoint = zeroPoints.IsEmpty ? 0 : float.CreateTruncating(zeroPoints[walker[0]]);
                var quantized = MathF.Round(values[i] / scales[walker[0]], MidpointRounding.ToEven) + zeroPoint;
                results[i] = float.IsNaN(quantized)
                    ? throw Node.Error($"{values[i]} to be divided by the scale {scales[walker[0]]}", "a quotient that is a number")
                    : T.CreateSaturating(quantized);
            }

            return new HostTensor(Arguments.Type, X.Shape, data);
        }
    }

    private readonly record struct DequantizeFunction(NodeArguments Node, HostTensor X, HostTensor Scale, HostTensor? ZeroPoint, QuantizationArguments Arguments)
        : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var data = Node.Allocate(ElementType.Float32, X.Shape);
            var results = MemoryMarshal.Cast<byte, float>(data.AsSpan());
            var values = X.Values<T>();
            var scales = Scale.Values<float>();
            var zeroPoints = ZeroPoint is null ? [] : ZeroPoint.Values<T>();
            var walker = new Walker(X.Shape, Walker.Broadcast(Arguments.ParameterShape, X.Shape));
            for (var i = 0; i < results.Length; i++, walker.Next())
            {
                var zeroPoint = zeroPoints.IsEmpty ? 0 : long.CreateTruncating(zeroPoints[walker[0]]);
                results[i] = (long.CreateTruncating(values[i]) - zeroPoint) * scales[walker[0]];
            }

            return new HostTensor(ElementType.Float32, X.Shape, data);
        }
    }
}
