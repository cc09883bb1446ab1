using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Operators that go along axes and keep a sum, a product, an extreme or a position.</summary>
internal static class ReduceOperators
{
    public static HostTensor Reduce(NodeArguments node)
    {
        var data = node.Required(0, "data");
        var arguments = ReduceArguments.Read(node);
        var axes = arguments.Resolve(node.Location, data.Rank);

        // Booleans have extremes from opset 20.
        var type = data.Type == ElementType.Bool && node.Opset >= 20 && node.Operator is "ReduceMax" or "ReduceMin" ? Numeric(data.Type) : data.Type;
        return NumberTypes.Dispatch(node, type, new ReduceFunction(node, data, axes, arguments.KeepDimensions));
    }

    public static HostTensor ArgExtreme(NodeArguments node)
    {
        node.Expect(1, 1);
        var data = node.Required(0, "data");
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), data.Rank);
        var keeps = node.Attributes.Integer("keepdims", 1) != 0;
        var takesLast = node.Opset >= 12 && node.Attributes.Integer("select_last_index", 0) != 0;
        return NumberTypes.Dispatch(node, data.Type, new ArgFunction(node, data, axis, keeps, takesLast));
    }

    public static HostTensor CumSum(NodeArguments node)
    {
        node.Expect(2, 2);
        var data = node.Required(0, "x");
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Integer(1, "axis"), data.Rank);
        var (exclusive, reverse) = (node.Attributes.Integer("exclusive", 0) != 0, node.Attributes.Integer("reverse", 0) != 0);
        return NumberTypes.Dispatch(node, data.Type, new CumSumFunction(node, data, axis, exclusive, reverse));
    }

    private static ElementType Numeric(ElementType type) => type == ElementType.Bool ? ElementType.UInt8 : type;

    private readonly record struct ReduceFunction(NodeArguments Node, HostTensor Data, ImmutableArray<int> Axes, bool KeepDimensions) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => typeof(T) == typeof(float) ? Run<T, double>() : Run<T, T>();

        private HostTensor Run<T, TSum>()
            where T : unmanaged, INumber<T>
            where TSum : INumber<TSum>
        {
            var (axes, data) = (Axes, Data);
            var shape = ShapeArithmetic.ReducedShape(data.Shape, axes, KeepDimensions);
            var result = Node.Allocate(data.Type, shape);
            var values = data.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var strides = Walker.RowMajor(data.Shape);
            ImmutableArray<int> reduced = [.. data.Shape.Select((extent, axis) => axes.Contains(axis) ? extent : 1)];
            var outer = new Walker(ShapeArithmetic.ReducedShape(data.Shape, axes, keepDimensions: true), strides);
            var inner = new Walker(reduced, strides);
            var count = results.Length == 0 ? 0 : DataMovement.Product(reduced, 0, reduced.Length);
            if (count == 0 && results.Length > 0 && Node.Operator == "ReduceMean" && !NumberTypes.IsFloat(data.Type))
            {
                throw Node.Error("the mean of no integers", "axes that hold elements");
            }

            var (start, combine) = Operation<TSum>();
            for (var i = 0; i < results.Length; i++, outer.Next())
            {
                var sum = start;
                for (var j = 0; j < count; j++, inner.Next())
                {
                    sum = combine(sum, TSum.CreateTruncating(values[outer[0] + inner[0]]));
                }

                results[i] = T.CreateTruncating(Node.Operator == "ReduceMean" ? sum / TSum.CreateTruncating(count) : sum);
            }

            return new HostTensor(data.Type, shape, result);
        }

        private (TSum Start, Func<TSum, TSum, TSum> Combine) Operation<TSum>()
            where TSum : INumber<TSum> => Node.Operator switch
            {
                "ReduceMax" => (TSum.CreateSaturating(double.NegativeInfinity), TSum.Max),
                "ReduceMin" => (Data.Type == ElementType.Bool ? TSum.One : TSum.CreateSaturating(double.PositiveInfinity), TSum.Min),
                "ReduceProd" => (TSum.One, (a, b) => a * b),
                _ => (TSum.Zero, (a, b) => a + b),
            };
    }

    private readonly record struct ArgFunction(NodeArguments Node, HostTensor Data, int Axis, bool KeepDimensions, bool TakesLast) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var extent = Data.Shape[Axis];
            var shape = ShapeArithmetic.ReducedShape(Data.Shape, [Axis], KeepDimensions);
            var result = Node.Allocate(ElementType.Int64, shape);
            var values = Data.Values<T>();
            var results = MemoryMarshal.Cast<byte, long>(result.AsSpan());
            if (extent == 0 && results.Length > 0)
            {
                throw Node.Error($"axis {Axis} of extent 0", "an axis that holds elements");
            }

            var strides = Walker.RowMajor(Data.Shape);
            var outer = new Walker(ShapeArithmetic.ReducedShape(Data.Shape, [Axis], keepDimensions: true), strides);
            for (var i = 0; i < results.Length; i++, outer.Next())
            {
                var best = 0;
                for (var j = 1; j < extent; j++)
                {
                    var (value, champion) = (values[outer[0] + (j * strides[Axis])], values[outer[0] + (best * strides[Axis])]);
                    if ((Node.Operator == "ArgMax" ? value > champion : value < champion) || (TakesLast && value == champion))
                    {
                        best = j;
                    }
                }

                results[i] = best;
            }

            return new HostTensor(ElementType.Int64, shape, result);
        }
    }

    private readonly record struct CumSumFunction(NodeArguments Node, HostTensor Data, int Axis, bool Exclusive, bool Reverse) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => typeof(T) == typeof(float) ? Run<T, double>() : Run<T, T>();

        private HostTensor Run<T, TSum>()
            where T : unmanaged, INumber<T>
            where TSum : INumber<TSum>
        {
            var result = Node.Allocate(Data.Type, Data.Shape);
            var values = Data.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var strides = Walker.RowMajor(Data.Shape);
            var extent = Data.Shape[Axis];
            var outer = new Walker(Data.Shape.SetItem(Axis, 1), strides);
            for (var i = 0; extent > 0 && i < results.Length / extent; i++, outer.Next())
            {
                var sum = TSum.Zero;
                for (var j = 0; j < extent; j++)
                {
                    var at = outer[0] + ((Reverse ? extent - 1 - j : j) * strides[Axis]);
                    var next = sum + TSum.CreateTruncating(values[at]);
                    results[at] = T.CreateTruncating(Exclusive ? sum : next);
                    sum = next;
                }
            }

            return new HostTensor(Data.Type, Data.Shape, result);
        }
    }
}
