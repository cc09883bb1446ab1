using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>
/// Conversions as in C: floats truncate towards zero, integers wrap, bool is "not zero". A float outside the integer type's range is
/// refused, because C leaves its conversion undefined.
/// </summary>
internal static class CastOperator
{
    public static HostTensor Cast(NodeArguments node)
    {
        node.Expect(1, 1);
        var location = $"{node.Location}, attribute to";
        var to = NumberTypes.FromCode(location, node.Attributes.Integer("to", 0));

        // Only conversions to 8-bit floats saturate.
        node.Attributes.Integer("saturate", 1);
        return Convert(node, node.Required(0, "input"), to);
    }

    public static HostTensor Convert(NodeArguments node, HostTensor source, ElementType to)
    {
        if (source.Type == to)
        {
            return source;
        }

        source = HalfPrecision.Widen(node, source);
        if (source.Type == to)
        {
            return source;
        }

        if (HalfPrecision.IsHalf(to))
        {
            return HalfPrecision.Narrow(node, Convert(node, source, ElementType.Float32), to);
        }

        var from = source.Type == ElementType.Bool ? ElementType.UInt8 : source.Type;
        return NumberTypes.Dispatch(node, from, new FromFunction(node, source, to));
    }

    private readonly record struct FromFunction(NodeArguments Node, HostTensor Source, ElementType To) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            if (To == ElementType.Bool)
            {
                var data = Node.Allocate(To, Source.Shape);
                var values = Source.Values<T>();
                for (var i = 0; i < data.Length; i++)
                {
                    data[i] = values[i] != T.Zero ? (byte)1 : (byte)0;
                }

                return new HostTensor(To, Source.Shape, data);
            }

            return NumberTypes.Dispatch(Node, To, new ToFunction<T>(Node, Source, To));
        }
    }

    private readonly record struct ToFunction<TFrom>(NodeArguments Node, HostTensor Source, ElementType To) : INumberFunction
        where TFrom : unmanaged, INumber<TFrom>
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var data = Node.Allocate(To, Source.Shape);
            var values = Source.Values<TFrom>();
            var results = MemoryMarshal.Cast<byte, T>(data.AsSpan());
            var truncates = NumberTypes.IsFloat(Source.Type) && !NumberTypes.IsFloat(To);
            var (low, high) = (double.CreateTruncating(T.MinValue), double.CreateTruncating(T.MaxValue) + 1);
            for (var i = 0; i < results.Length; i++)
            {
                if (truncates && !(Math.Truncate(double.CreateTruncating(values[i])) is var whole && whole >= low && whole < high))
                {
                    throw Node.Error($"{values[i]} to be converted to {NumberTypes.Name(To)}", "a number in the type's range");
                }

                results[i] = T.CreateTruncating(values[i]);
            }

            return new HostTensor(To, Source.Shape, data);
        }
    }
}
