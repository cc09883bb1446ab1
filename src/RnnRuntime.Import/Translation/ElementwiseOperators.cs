using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Operators on each element.</summary>
internal static class ElementwiseOperators
{
    private static readonly ImmutableDictionary<string, BinaryOperator> Arithmetic = new Dictionary<string, BinaryOperator>
    {
        ["Add"] = BinaryOperator.Add,
        ["Sub"] = BinaryOperator.Subtract,
        ["Mul"] = BinaryOperator.Multiply,
        ["Div"] = BinaryOperator.Divide,
        ["Pow"] = BinaryOperator.Power,
        ["PRelu"] = BinaryOperator.PRelu,
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, (UnaryOperator Function, float Alpha, float Beta, int Parameters)> Functions =
        new Dictionary<string, (UnaryOperator, float, float, int)>
        {
            ["Sigmoid"] = (UnaryOperator.Sigmoid, 0, 0, 0),
            ["Tanh"] = (UnaryOperator.Tanh, 0, 0, 0),
            ["Relu"] = (UnaryOperator.Relu, 0, 0, 0),
            ["Exp"] = (UnaryOperator.Exp, 0, 0, 0),
            ["Neg"] = (UnaryOperator.Negate, 0, 0, 0),
            ["Abs"] = (UnaryOperator.Abs, 0, 0, 0),
            ["Sqrt"] = (UnaryOperator.Sqrt, 0, 0, 0),
            ["Reciprocal"] = (UnaryOperator.Reciprocal, 0, 0, 0),
            ["Log"] = (UnaryOperator.Log, 0, 0, 0),
            ["Softplus"] = (UnaryOperator.Softplus, 0, 0, 0),
            ["Softsign"] = (UnaryOperator.Softsign, 0, 0, 0),
            ["Round"] = (UnaryOperator.Round, 0, 0, 0),
            ["LeakyRelu"] = (UnaryOperator.LeakyRelu, 0.01f, 0, 1),
            ["Elu"] = (UnaryOperator.Elu, 1, 0, 1),
            ["ThresholdedRelu"] = (UnaryOperator.ThresholdedRelu, 1, 0, 1),
            ["HardSigmoid"] = (UnaryOperator.HardSigmoid, 0.2f, 0.5f, 2),
        }.ToImmutableDictionary();

    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        foreach (var (name, function) in Arithmetic)
        {
            handlers.Add(name, node => Float(node.Emit.Binary(function, node.Float(0, "A"), node.Float(1, "B"))));
        }

        handlers["Pow"] = Power;
        foreach (var (name, (function, alpha, beta, parameters)) in Functions)
        {
            handlers.Add(name, node => Float(node.Emit.Unary(
                function, node.Float(0, "X"), parameters > 0 ? node.Attributes.Float("alpha", alpha) : 0, parameters > 1 ? node.Attributes.Float("beta", beta) : 0)));
        }

        handlers.Add("Floor", node => Float(Floor(node.Emit, node.Float(0, "X"))));
        handlers.Add("Ceil", node => Float(node.Emit.Unary(UnaryOperator.Negate, Floor(node.Emit, node.Emit.Unary(UnaryOperator.Negate, node.Float(0, "X"))))));
        handlers.Add("Max", node => Fold(node, BinaryOperator.Maximum));
        handlers.Add("Min", node => Fold(node, BinaryOperator.Minimum));
        handlers.Add("Sum", node => Fold(node, BinaryOperator.Add));
        handlers.Add("Identity", node => [node.Operand(0, "input")]);
        handlers.Add("Dropout", Dropout);
        handlers.Add("Clip", Clip);
        handlers.Add("Where", Where);
        handlers.Add("Cast", Cast);
        handlers.Add("Not", node => Bool(node.Emit.Unary(UnaryOperator.Not, node.Boolean(0, "X"))));
        handlers.Add("And", node => Bool(node.Emit.Binary(BinaryOperator.Multiply, node.Boolean(0, "A"), node.Boolean(1, "B"))));
        handlers.Add("Or", node => Bool(node.Emit.Binary(BinaryOperator.Maximum, node.Boolean(0, "A"), node.Boolean(1, "B"))));
        handlers.Add("Equal", node => Compare(node, BinaryOperator.Equal, false));
        handlers.Add("Less", node => Compare(node, BinaryOperator.Less, false));
        handlers.Add("Greater", node => Compare(node, BinaryOperator.Greater, false));
        handlers.Add("LessOrEqual", node => Compare(node, BinaryOperator.Greater, true));
        handlers.Add("GreaterOrEqual", node => Compare(node, BinaryOperator.Less, true));
    }

    private static ImmutableArray<Operand?> Float(Value value) => [Operand.Of(value, ElementType.Float32)];

    private static ImmutableArray<Operand?> Bool(Value value) => [Operand.Of(value, ElementType.Bool)];

    private static ImmutableArray<Operand?> Fold(NodeContext node, BinaryOperator function)
    {
        var result = node.Float(0, "data_0");
        for (var i = 1; i < node.InputCount; i++)
        {
            result = node.Emit.Binary(function, result, node.Float(i, $"data_{i}"));
        }

        return Float(result);
    }

    /// <summary>The nearest integer, less 1 where it is above x.</summary>
    private static Value Floor(GraphEmitter emit, Value x)
    {
        var rounded = emit.Unary(UnaryOperator.Round, x);
        return emit.Binary(BinaryOperator.Subtract, rounded, emit.Binary(BinaryOperator.Greater, rounded, x));
    }

    private static ImmutableArray<Operand?> Dropout(NodeContext node)
    {
        _ = node.Attributes.Float("ratio", 0.5f);
        _ = node.Attributes.Integer("seed", 0);
        if (node.HasOutput(1))
        {
            throw node.Refuse("the output mask", "only the first output, as dropout does nothing in inference");
        }

        if (node.Has(2) && node.Arguments.Optional(2, "training_mode") is { } training && training.Data.Span.ContainsAnyExcept((byte)0))
        {
            throw node.Refuse("training_mode", "true", "a model exported for inference");
        }

        return [node.Operand(0, "data")];
    }

    /// <summary>The exponent may be a constant integer where the base is float32; a float32 exponent holds those up to 2^24.</summary>
    private static ImmutableArray<Operand?> Power(NodeContext node)
    {
        var exponent = node.Operand(1, "Y");
        if (!exponent.IsConstant || !exponent.Constant.TryGetIntegers(out var integers) || node.Opset < 12)
        {
            return Float(node.Emit.Binary(BinaryOperator.Power, node.Float(0, "X"), node.Float(1, "Y")));
        }

        var floats = integers.Select(integer => integer == (long)(float)integer
            ? (float)integer
            : throw node.Refuse("Y", $"the exponent {integer}", "integers that float32 holds")).ToArray();
        var constant = HostTensor.Floats(exponent.Shape, floats);
        return Float(node.Emit.Binary(BinaryOperator.Power, node.Float(0, "X"), node.Emit.ValueOf($"{node.Location}, input Y", constant)));
    }

    // The operand comes second, so that a NaN stays one. A bound of infinity is none.
    private static ImmutableArray<Operand?> Clip(NodeContext node)
    {
        var value = node.Float(0, "input");
        if (node.Opset < 11)
        {
            var bounds = ClipArguments.Read(node.Arguments);
            value = Bounded(BinaryOperator.Maximum, bounds.Minimum is { } low ? Operand.Of(low) : null, "min");
            return Float(Bounded(BinaryOperator.Minimum, bounds.Maximum is { } high ? Operand.Of(high) : null, "max"));
        }

        value = Bounded(BinaryOperator.Maximum, node.Has(1) ? node.Operand(1, "min") : null, "min");
        return Float(Bounded(BinaryOperator.Minimum, node.Has(2) ? node.Operand(2, "max") : null, "max"));

        Value Bounded(BinaryOperator function, Operand? bound, string name)
        {
            var none = function == BinaryOperator.Maximum ? float.NegativeInfinity : float.PositiveInfinity;
            if (bound is null || (bound is { IsConstant: true, Type: ElementType.Float32, Constant.Count: 1 } && bound.Constant.Values<float>()[0] == none))
            {
                return value;
            }

            return bound.Type == ElementType.Float32
                ? node.Emit.Binary(function, node.ValueOf(bound, name), value)
                : throw node.Refuse(name, $"{bound}", "float32");
        }
    }

    private static ImmutableArray<Operand?> Where(NodeContext node)
    {
        if (node.Operand(0, "condition") is { IsConstant: true, Constant.Count: > 0 } condition && condition.Constant.Data.Span.IndexOfAnyExcept(condition.Constant.Data.Span[0]) < 0)
        {
            // The same branch everywhere: only its shape is left to do.
            var (chosen, name) = condition.Constant.Data.Span[0] != 0 ? (1, "X") : (2, "Y");
            var target = ShapeArithmetic.BroadcastShape(
                node.Location, ShapeArithmetic.BroadcastShape(node.Location, condition.Shape, node.Operand(1, "X").Shape), node.Operand(2, "Y").Shape);
            if (node.Operand(chosen, name).Shape.AsSpan().SequenceEqual(target.AsSpan()))
            {
                return [node.Operand(chosen, name)];
            }
        }

        var type = node.Operand(1, "X").Type;
        return [Operand.Of(node.Emit.Select(node.Boolean(0, "condition"), node.FloatOrBool(1, "X"), node.FloatOrBool(2, "Y")), type)];
    }

    private static ImmutableArray<Operand?> Cast(NodeContext node)
    {
        var from = node.Operand(0, "input");
        _ = node.Attributes.Integer("saturate", 1);
        if (!node.Attributes.Has("to"))
        {
            throw node.Attributes.Error("to", "nothing", "the type to cast to");
        }

        var to = NumberTypes.FromCode(node.Location, node.Attributes.Integer("to", 0));
        if (from.Type == to)
        {
            return [from];
        }

        if (to == ElementType.Float32 && from.IsWholeFloat)
        {
            return Float(from.Value);
        }

        var value = node.ValueOf(from, "input");
        return (from.Type, to) switch
        {
            (ElementType.Bool, ElementType.Float32) => Float(value),
            (ElementType.Float32, ElementType.Bool) => Bool(node.Emit.Unary(UnaryOperator.Not, node.Emit.Unary(UnaryOperator.Not, value))),
            (ElementType.Int32 or ElementType.Int64, ElementType.Int32 or ElementType.Int64) => [Operand.Of(value, to)],
            (ElementType.Int32 or ElementType.Int64, ElementType.Float32) => Float(node.Emit.Cast(value, TensorType.Float32)),
            (ElementType.Int32 or ElementType.Int64, ElementType.Bool) =>
                Bool(node.Emit.Unary(UnaryOperator.Not, node.Emit.Unary(UnaryOperator.Not, node.Emit.Cast(value, TensorType.Float32)))),
            _ when to is ElementType.Int32 or ElementType.Int64 && from.IsWholeFloat => [Operand.Of(node.Emit.Cast(value, TensorType.Int32), to)],
            _ => throw node.Refuse(
                "input", $"a cast from {from.Type} to {to} of a computed value",
                "casts between float32, bool, int32 and int64, and of quantised integers to these; others to integers are not computed in a step"),
        };
    }

    private static ImmutableArray<Operand?> Compare(NodeContext node, BinaryOperator function, bool negated)
    {
        var (left, right) = (node.Operand(0, "A"), node.Operand(1, "B"));
        if (left.Type != right.Type || left.Type is not (ElementType.Float32 or ElementType.Bool or ElementType.Int32 or ElementType.Int64))
        {
            throw node.Refuse($"{left} and {right}", "two of float32, bool, int32 or int64");
        }

        var result = node.Emit.Binary(function, node.ValueOf(left, "A"), node.ValueOf(right, "B"));
        return Bool(negated ? node.Emit.Unary(UnaryOperator.Not, result) : result);
    }
}
