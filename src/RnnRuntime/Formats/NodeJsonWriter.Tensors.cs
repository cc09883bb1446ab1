using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Operators that move, join, multiply and reduce whole tensors.</content>
internal sealed partial class NodeJsonWriter
{
    private bool WriteTensorOperator(Node node)
    {
        switch (node)
        {
            case ViewNode view:
                WriteValues("inputs", ("input", view.Input));
                WriteValues("outputs", ("output", view.Output));
                json.WriteStartObject("attributes");
                WriteNumbers("shape", view.Output.Shape.Dimensions);
                WriteNumbers("strides", view.Strides);
                json.WriteNumber("offset", view.Offset);
                json.WriteEndObject();
                return true;
            case ConcatNode concat:
                WriteInputList("parts", concat.Parts);
                WriteValues("outputs", ("output", concat.Output));
                json.WriteStartObject("attributes");
                json.WriteNumber("axis", concat.Axis);
                json.WriteEndObject();
                return true;
            case PickNode pick:
                WriteInputList("sources", pick.Sources);
                WriteValues("outputs", ("output", pick.Output));
                WriteTensors(("map", pick.Map));
                json.WriteStartObject("attributes");
                WriteNumbers("shape", pick.Output.Shape.Dimensions);
                json.WriteNumber("fill", pick.Fill);
                json.WriteEndObject();
                return true;
            case GatherNode gather:
                WriteValues("inputs", ("data", gather.Data), ("indices", gather.Indices));
                WriteValues("outputs", ("output", gather.Output));
                json.WriteStartObject("attributes");
                json.WriteNumber("axis", gather.Axis);
                json.WriteEndObject();
                return true;
            case MatMulNode product:
                WriteValues("inputs", ("left", product.Left), ("right", product.Right));
                WriteValues("outputs", ("output", product.Output));
                return true;
            case ReduceNode reduce:
                WriteValues("inputs", ("input", reduce.Input));
                WriteValues("outputs", ("output", reduce.Output));
                return true;
            case LayerNormNode norm:
                WriteValues("inputs", ("input", norm.Input));
                WriteValues("outputs", ("output", norm.Output));
                WriteTensors(("scale", norm.Scale), ("bias", norm.Bias));
                json.WriteStartObject("attributes");
                json.WriteNumber("epsilon", norm.Epsilon);
                json.WriteEndObject();
                return true;
            case SoftmaxNode softmax:
                WriteValues("inputs", ("input", softmax.Input));
                WriteValues("outputs", ("output", softmax.Output));
                return true;
            case ConstantNode constant:
                WriteValues("inputs");
                WriteValues("outputs", ("output", constant.Output));
                WriteTensors(("data", constant.Data));
                return true;
            default:
                return false;
        }
    }
}
