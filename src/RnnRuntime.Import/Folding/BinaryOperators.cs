using System.Numerics;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Arithmetic of two operands, or of several from left to right. Integers wrap.</summary>
internal static class BinaryOperators
{
    public static HostTensor Two(NodeArguments node)
    {
        node.Expect(2, 2);
        return Combine(node, node.Required(0, "A"), node.Required(1, "B"), node.Operator);
    }

    public static HostTensor Several(NodeArguments node)
    {
        node.Expect(1, int.MaxValue);
        var result = node.Required(0, "0");
        for (var i = 1; i < node.Inputs; i++)
        {
            result = Combine(node, result, node.Required(i, $"{i}"), node.Operator);
        }

        return result;
    }

    public static HostTensor Mod(NodeArguments node)
    {
        node.Expect(2, 2);
        var a = node.Required(0, "A");
        var likeC = node.Attributes.Integer("fmod", 0) != 0;
        return likeC || !NumberTypes.IsFloat(a.Type)
            ? Combine(node, a, node.Required(1, "B"), likeC ? "Fmod" : "Mod")
            : throw node.Attributes.Error("fmod", "0", "1 for floating-point numbers");
    }

    /// <summary>The result has the base's type. Integer powers are exact, or refused.</summary>
    public static HostTensor Pow(NodeArguments node)
    {
        node.Expect(2, 2);
        var x = node.Required(0, "X");
        var (wide, exponent) = (CastOperator.Convert(node, x, ElementType.Float64), CastOperator.Convert(node, node.Required(1, "Y"), ElementType.Float64));
        var isFloat = NumberTypes.IsFloat(x.Type);
        var power = Elementwise.Zip<double, double>(node, ElementType.Float64, wide, exponent, (a, b) => Math.Pow(a, b) is var p && (isFloat || Math.Abs(p) < 1L << 53)
            ? p
            : throw node.Error($"{a} to the power of {b} as integer", "a result below 2^53"));
        return CastOperator.Convert(node, power, x.Type);
    }

    public static HostTensor PRelu(NodeArguments node)
    {
        node.Expect(2, 2);
        var (x, slope) = (node.Required(0, "X"), node.Required(1, "slope"));
        ShapeArithmetic.CheckBroadcastsTo($"{node.Location}, input slope", slope.Shape, x.Shape);
        return Combine(node, x, slope, node.Operator);
    }

    private static HostTensor Combine(NodeArguments node, HostTensor a, HostTensor b, string operation)
    {
        NumberTypes.CheckSame(node, a, b);
        return NumberTypes.Dispatch(node, a.Type, new CombineFunction(node, a, b, operation));
    }

    private readonly record struct CombineFunction(NodeArguments Node, HostTensor A, HostTensor B, string Operation) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> =>
            Elementwise.Zip(Node, A.Type, A, B, typeof(T) == typeof(float) ? Elementwise.Rounded<T>(Function<double>()) : Function<T>());

        private Func<T, T, T> Function<T>()
            where T : INumber<T>
        {
            var (node, isFloat) = (Node, NumberTypes.IsFloat(A.Type));
            return Operation switch
            {
                "Add" or "Sum" => (a, b) => a + b,
                "Sub" => (a, b) => a - b,
                "Mul" => (a, b) => a * b,
                "Div" when isFloat => (a, b) => a / b,
                "Fmod" when isFloat => (a, b) => a % b,
                "Div" => (a, b) => Divide(node, a, b),
                "Fmod" => (a, b) => Remainder(node, a, b),
                "Mod" => (a, b) => Remainder(node, a, b) is var rest && !T.IsZero(rest) && T.IsNegative(rest) != T.IsNegative(b) ? rest + b : rest,
                "Min" => T.Min,
                "Max" => T.Max,
                "PRelu" => (a, b) => a < T.Zero ? a * b : a,
                _ => throw new InvalidOperationException(Operation),
            };
        }

        /// <summary>The quotient of the least number and -1 wraps, where the processor would trap.</summary>
        private static T Divide<T>(NodeArguments node, T a, T b)
            where T : INumber<T> =>
            T.IsZero(b) ? throw node.Error($"{a} divided by 0", "a divisor other than 0")
            : T.IsNegative(b) && b + T.One == T.Zero ? T.Zero - a
            : a / b;

        private static T Remainder<T>(NodeArguments node, T a, T b)
            where T : INumber<T> =>
            T.IsZero(b) ? throw node.Error($"{a} divided by 0", "a divisor other than 0")
            : T.IsNegative(b) && b + T.One == T.Zero ? T.Zero
            : a % b;
    }
}
