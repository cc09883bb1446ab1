using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Operators that make a tensor out of attributes, extents or bounds.</summary>
internal static class ConstantOperators
{
    public static HostTensor Constant(NodeArguments node)
    {
        node.Expect(0, 0);
        HostTensor?[] values =
        [
            node.Attributes.Tensor("value"),
            node.Attributes.Has("value_float") ? HostTensor.Floats([], [node.Attributes.Float("value_float", 0)]) : null,
            node.Attributes.Floats("value_floats") is { } floats ? HostTensor.Floats([floats.Length], floats.AsSpan()) : null,
            node.Attributes.Has("value_int") ? HostTensor.Scalar(node.Attributes.Integer("value_int", 0)) : null,
            node.Attributes.Integers("value_ints") is { } integers ? HostTensor.Integers([integers.Length], integers.AsSpan()) : null,
        ];
        node.Attributes.End();
        var given = values.Count(value => value is not null);
        if (given != 1)
        {
            throw node.Error($"{given} values", "one of the attributes value, value_float, value_floats, value_int and value_ints");
        }

        var constant = values.First(value => value is not null)!;
        ShapeArithmetic.CountElements(node.Location, constant.Shape, node.Limits);
        return constant;
    }

    public static HostTensor ConstantOfShape(NodeArguments node)
    {
        node.Expect(1, 1);
        var shape = ShapeArithmetic.Extents($"{node.Location}, input input", node.Integers(0, "input"));
        var value = node.Attributes.Tensor("value") ?? HostTensor.Floats([], [0]);
        if (value.Count != 1)
        {
            throw node.Attributes.Error("value", $"{value}", "a tensor of one element");
        }

        return DataMovement.View(node, value, shape, new int[shape.Length]);
    }

    public static HostTensor Shape(NodeArguments node) => Longs(ShapeArguments.Read(node, node.Required(0, "data").Shape));

    public static HostTensor Size(NodeArguments node)
    {
        node.Expect(1, 1);
        return HostTensor.Scalar(node.Required(0, "data").Count);
    }

    public static HostTensor Range(NodeArguments node)
    {
        node.Expect(3, 3);
        var (start, limit, delta) = (node.Required(0, "start"), node.Required(1, "limit"), node.Required(2, "delta"));
        NumberTypes.CheckSame(node, start, limit);
        NumberTypes.CheckSame(node, start, delta);
        return start.Count == 1 && limit.Count == 1 && delta.Count == 1
            ? NumberTypes.Dispatch(node, start.Type, new RangeFunction(node, start, limit, delta))
            : throw node.Error($"start {start}, limit {limit} and delta {delta}", "scalars");
    }

    public static HostTensor EyeLike(NodeArguments node)
    {
        node.Expect(1, 1);
        var like = node.Required(0, "input");
        var type = node.Attributes.Has("dtype") ? NumberTypes.FromCode($"{node.Location}, attribute dtype", node.Attributes.Integer("dtype", 0)) : like.Type;
        if (like.Rank != 2)
        {
            throw node.Error($"{like}", "a matrix");
        }

        var diagonal = node.Attributes.Integer("k", 0);
        var one = CastOperator.Convert(node, HostTensor.Floats([], [1]), type).Data.Span;
        var data = node.Allocate(type, like.Shape);
        for (var row = 0; row < like.Shape[0]; row++)
        {
            var column = (Int128)row + diagonal;
            if (column >= 0 && column < like.Shape[1])
            {
                one.CopyTo(data.AsSpan(((row * like.Shape[1]) + (int)column) * one.Length));
            }
        }

        return new HostTensor(type, like.Shape, data);
    }

    private static HostTensor Longs(ImmutableArray<int> values) => HostTensor.Integers([values.Length], [.. values.Select(value => (long)value)]);

    private readonly record struct RangeFunction(NodeArguments Node, HostTensor Start, HostTensor Limit, HostTensor Delta) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var start = Start.Values<T>()[0];
            var limit = Limit.Values<T>()[0];
            var delta = Delta.Values<T>()[0];
            if (T.IsZero(delta) || !T.IsFinite(start) || !T.IsFinite(limit) || !T.IsFinite(delta))
            {
                throw Node.Error($"a range from {start} to {limit} by {delta}", "finite numbers and a delta other than 0");
            }

            var count = NumberTypes.IsFloat(Start.Type)
                ? Math.Ceiling((double.CreateTruncating(limit) - double.CreateTruncating(start)) / double.CreateTruncating(delta))
                : Steps(Int128.CreateTruncating(limit) - Int128.CreateTruncating(start), Int128.CreateTruncating(delta));
            if (count > int.MaxValue)
            {
                throw Node.Error($"a range of {count} numbers", $"at most {Node.Limits.MaximumElements} (limit {nameof(RnnImportLimits.MaximumElements)})");
            }

            ImmutableArray<int> shape = [(int)Math.Max(count, 0)];
            var data = Node.Allocate(Start.Type, shape);
            var results = MemoryMarshal.Cast<byte, T>(data.AsSpan());
            for (var i = 0; i < results.Length; i++)
            {
                results[i] = NumberTypes.IsFloat(Start.Type)
                    ? T.CreateTruncating(double.CreateTruncating(start) + (i * double.CreateTruncating(delta)))
                    : T.CreateTruncating(Int128.CreateTruncating(start) + (i * Int128.CreateTruncating(delta)));
            }

            return new HostTensor(Start.Type, shape, data);
        }

        private static double Steps(Int128 distance, Int128 delta)
        {
            var (whole, rest) = Int128.DivRem(distance, delta);
            return (double)(whole + (rest != 0 && Int128.IsNegative(rest) == Int128.IsNegative(delta) ? 1 : 0));
        }
    }
}
