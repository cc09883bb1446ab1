using System.Numerics;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Functions of one element.</summary>
internal static class UnaryOperators
{
    /// <summary>Functions that integers have too.</summary>
    public static HostTensor Number(NodeArguments node)
    {
        node.Expect(1, 1);
        var x = node.Required(0, "X");
        return NumberTypes.Dispatch(node, x.Type, new NumberFunction(node, x));
    }

    public static HostTensor Float(NodeArguments node)
    {
        node.Expect(1, 1);
        var x = node.Required(0, "X");
        return NumberTypes.DispatchFloat(node, x.Type, new FloatFunction(node, x, Function(node)));
    }

    public static HostTensor Clip(NodeArguments node)
    {
        var x = node.Required(0, "input");
        var bounds = ClipArguments.Read(node);
        return NumberTypes.Dispatch(node, x.Type, new ClipFunction(node, x, Bound(bounds.Minimum, "min"), Bound(bounds.Maximum, "max")));

        // The attribute form gives float32 bounds for data of any float type.
        HostTensor? Bound(HostTensor? bound, string name) => bound is null || bound.Type == x.Type ? bound
            : node.Opset < 11 && NumberTypes.IsFloat(x.Type) ? CastOperator.Convert(node, bound, x.Type)
            : throw node.Error(name, $"{bound}", $"a scalar of type {NumberTypes.Name(x.Type)}");
    }

    private static Func<double, double> Function(NodeArguments node)
    {
        switch (node.Operator)
        {
            case "LeakyRelu":
                double slope = node.Attributes.Float("alpha", 0.01f);
                return x => x < 0 ? slope * x : x;
            case "Elu":
                double scale = node.Attributes.Float("alpha", 1);
                return x => x < 0 ? scale * Expm1(x) : x;
            case "HardSigmoid":
                double alpha = node.Attributes.Float("alpha", 0.2f);
                double beta = node.Attributes.Float("beta", 0.5f);
                return x => Math.Max(0, Math.Min(1, (alpha * x) + beta));
            default:
                return node.Operator switch
                {
                    "Sqrt" => Math.Sqrt,
                    "Exp" => Math.Exp,
                    "Log" => Math.Log,
                    "Floor" => Math.Floor,
                    "Ceil" => Math.Ceiling,
                    "Round" => x => Math.Round(x, MidpointRounding.ToEven),
                    "Reciprocal" => x => 1 / x,
                    "Sigmoid" => x => 1 / (1 + Math.Exp(-x)),
                    "Tanh" => Math.Tanh,
                    "Erf" => Erf,
                    "Softplus" => x => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x))),
                    "Softsign" => x => x / (1 + Math.Abs(x)),
                    _ => throw new InvalidOperationException(node.Operator),
                };
        }
    }

    /// <summary>The quotient cancels the rounding of exp(x) near 1 (Kahan).</summary>
    private static double Expm1(double x)
    {
        var e = Math.Exp(x);
        return e == 1 ? x : e - 1 <= -0.5 ? e - 1 : (e - 1) * x / Math.Log(e);
    }

    private static double Log1p(double x)
    {
        var one = 1 + x;
        return one == 1 ? x : Math.Log(one) * x / (one - 1);
    }

    /// <summary>The series 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, all of whose terms have one sign.</summary>
    private static double Erf(double x)
    {
        if (!(Math.Abs(x) < 6))
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        var (sum, term) = (x, x);
        for (var n = 1; Math.Abs(term) > Math.Abs(sum) * 1e-17; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return sum * 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x);
    }

    private readonly record struct NumberFunction(NodeArguments Node, HostTensor X) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            Func<T, T> function = Node.Operator switch
            {
                "Neg" => x => -x,
                "Abs" => NumberTypes.IsFloat(X.Type) ? T.Abs : x => T.IsNegative(x) ? -x : x,
                "Sign" => x => T.IsNaN(x) ? x : x > T.Zero ? T.One : x < T.Zero ? -T.One : T.Zero,
                _ => x => T.Max(x, T.Zero),
            };
            return Elementwise.Map(Node, X, function);
        }
    }

    private readonly record struct FloatFunction(NodeArguments Node, HostTensor X, Func<double, double> Function) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => Elementwise.Map(Node, X, Elementwise.Rounded<T>(Function));
    }

    private readonly record struct ClipFunction(NodeArguments Node, HostTensor X, HostTensor? Minimum, HostTensor? Maximum) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var (hasMinimum, hasMaximum) = (Minimum is not null, Maximum is not null);
            var minimum = hasMinimum ? Minimum!.Values<T>()[0] : default;
            var maximum = hasMaximum ? Maximum!.Values<T>()[0] : default;
            return Elementwise.Map<T>(Node, X, x =>
            {
                var raised = hasMinimum ? T.Max(x, minimum) : x;
                return hasMaximum ? T.Min(raised, maximum) : raised;
            });
        }
    }
}
