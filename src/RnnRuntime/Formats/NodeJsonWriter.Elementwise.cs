using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Elementwise operators.</content>
internal sealed partial class NodeJsonWriter
{
    private bool WriteElementwise(Node node)
    {
        switch (node)
        {
            case UnaryNode unary:
                WriteValues("inputs", ("input", unary.Input));
                WriteValues("outputs", ("output", unary.Output));
                if (OperatorParameters.CountOf(unary.Function) > 0)
                {
                    json.WriteStartObject("attributes");
                    WriteParameters(unary.Function, unary.Alpha, unary.Beta);
                    json.WriteEndObject();
                }

                return true;
            case BinaryNode binary:
                WriteValues("inputs", ("left", binary.Left), ("right", binary.Right));
                WriteValues("outputs", ("output", binary.Output));
                return true;
            case SelectNode select:
                WriteValues("inputs", ("condition", select.Condition), ("when_true", select.WhenTrue), ("when_false", select.WhenFalse));
                WriteValues("outputs", ("output", select.Output));
                return true;
            case CastNode cast:
                WriteValues("inputs", ("input", cast.Input));
                WriteValues("outputs", ("output", cast.Output));
                return true;
            case FusedNode fused:
                WriteFused(fused);
                return true;
            default:
                return false;
        }
    }

    private void WriteFused(FusedNode node)
    {
        WriteInputList("operands", node.Operands);
        WriteValues("outputs", ("output", node.Output));
        json.WriteStartObject("attributes");
        WriteNumbers("shape", node.Output.Shape.Dimensions);
        json.WriteStartArray("operations");
        foreach (var operation in node.Operations)
        {
            json.WriteStartObject();
            json.WriteString("op", operation.Unary is { } unary ? Names.Of(unary) : operation.Binary is { } binary ? Names.Of(binary) : "select");
            WriteNumbers("operands", [.. new[] { operation.First, operation.Second, operation.Third }.Take(operation.OperandCount)]);
            WriteParameters(operation.Unary, operation.Alpha, operation.Beta);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteParameters(UnaryOperator? function, float alpha, float beta)
    {
        var count = function is { } unary ? OperatorParameters.CountOf(unary) : 0;
        if (count >= 1)
        {
            json.WriteNumber("alpha", alpha);
        }

        if (count >= 2)
        {
            json.WriteNumber("beta", beta);
        }
    }
}
