using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Elementwise operators.</content>
internal sealed partial class NodeJsonReader
{
    private Node? ReadElementwise(string operatorName, string name)
    {
        if (OperatorNames<UnaryOperator>.Find(operatorName) is { } unary)
        {
            return ReadUnary(name, unary);
        }

        if (OperatorNames<BinaryOperator>.Find(operatorName) is { } binary)
        {
            return ReadBinary(name, binary);
        }

        return operatorName switch
        {
            "select" => ReadSelect(name),
            "cast" => ReadCast(name),
            "fused" => ReadFused(name),
            _ => null,
        };
    }

    private UnaryNode ReadUnary(string name, UnaryOperator function)
    {
        var input = Input("input");
        var (alpha, beta) = ReadParameters(_attributes, function);
        return new UnaryNode(name, function, input, Output("output", input.Shape), alpha, beta);
    }

    private BinaryNode ReadBinary(string name, BinaryOperator function)
    {
        var (left, right) = (Input("left"), Input("right"));
        return new BinaryNode(name, function, left, right, Output("output", ShapeRules.Broadcast(_section, "inputs.right", left.Shape, right.Shape)));
    }

    private SelectNode ReadSelect(string name)
    {
        var (condition, whenTrue, whenFalse) = (Input("condition"), Input("when_true"), Input("when_false"));
        return new SelectNode(name, condition, whenTrue, whenFalse, Output("output", ShapeRules.SelectOutput(_section, condition, whenTrue, whenFalse)));
    }

    private CastNode ReadCast(string name)
    {
        var input = Input("input");
        return new CastNode(name, input, Define("output", input.Type == TensorType.Float32 ? TensorType.Int32 : TensorType.Float32, input.Shape));
    }

    private FusedNode ReadFused(string name)
    {
        var operands = Inputs("operands");
        var shape = _attributes.Shape("shape");
        var operations = _attributes.Objects("operations");
        return operations.Count <= ShapeRules.MaxFusedOperations
            ? new FusedNode(name, operands, Output("output", shape), [.. operations.Select(ReadOperation)])
            : throw _attributes.Error("operations", $"{operations.Count}", $"1 to {ShapeRules.MaxFusedOperations}");
    }

    private static FusedOperation ReadOperation(JsonFields fields)
    {
        var text = fields.Text("op");
        var unary = OperatorNames<UnaryOperator>.Find(text);
        var binary = OperatorNames<BinaryOperator>.Find(text);
        if (unary is null && binary is null && text != "select")
        {
            throw fields.Error("op", Names.Quote(text), "a function of one or two arguments, or select");
        }

        var operands = fields.Numbers("operands");
        var operation = new FusedOperation(unary, binary, At(operands, 0), At(operands, 1), At(operands, 2));
        if (operands.Length != operation.OperandCount)
        {
            throw fields.Error("operands", $"{operands.Length} operands", $"{operation.OperandCount}");
        }

        var (alpha, beta) = ReadParameters(fields, unary);
        fields.End();
        return operation with { Alpha = alpha, Beta = beta };

        static int At(ImmutableArray<int> operands, int index) => index < operands.Length ? operands[index] : -1;
    }

    /// <summary>Parameters that the function does not have stay behind as unknown fields.</summary>
    private static (float Alpha, float Beta) ReadParameters(JsonFields fields, UnaryOperator? function)
    {
        var count = function is { } unary ? OperatorParameters.CountOf(unary) : 0;
        return (count >= 1 ? fields.Float("alpha") : 0, count >= 2 ? fields.Float("beta") : 0);
    }
}
