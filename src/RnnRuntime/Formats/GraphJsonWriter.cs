using System.Buffers;
using System.Text;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>The graph as JSON text, as FORMAT.md has it.</summary>
internal sealed class GraphJsonWriter
{
    private readonly Utf8JsonWriter _json;

    private GraphJsonWriter(Utf8JsonWriter json) => _json = json;

    public static string Write(RnnGraph graph)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, SafetensorsWriter.JsonOptions))
        {
            new GraphJsonWriter(json).WriteGraph(graph);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void WriteGraph(RnnGraph graph)
    {
        _json.WriteStartObject();
        _json.WriteStartArray("inputs");
        foreach (var input in graph.InputValues)
        {
            _json.WriteStartObject();
            _json.WriteString("name", input.Name);
            WriteTypeAndShape(input);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("outputs");
        foreach (var (name, value) in graph.OutputValues)
        {
            _json.WriteStartObject();
            _json.WriteString("name", name);
            _json.WriteString("value", value.Name);
            WriteTypeAndShape(value);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("states");
        foreach (var state in graph.StateVariables)
        {
            _json.WriteStartObject();
            _json.WriteString("name", state.Name);
            WriteTypeAndShape(state.Input);
            _json.WriteString("input", state.Input.Name);
            _json.WriteString("output", state.Output.Name);
            if (state.Initial is not null)
            {
                _json.WriteString("initial", state.Initial.Name);
            }

            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteStartArray("nodes");
        foreach (var node in graph.Nodes)
        {
            WriteNode(node);
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void WriteNode(Node node)
    {
        _json.WriteStartObject();
        _json.WriteString("op", node.Operator);
        _json.WriteString("name", node.Name);
        switch (node)
        {
            case LstmNode lstm:
                WriteValues("inputs", ("input", lstm.Input), ("hidden", lstm.Hidden), ("cell", lstm.Cell));
                WriteValues("outputs", ("hidden", lstm.NewHidden), ("cell", lstm.NewCell));
                WriteTensors(
                    ("input_weights", lstm.InputWeights.Values), ("input_scales", lstm.InputWeights.Scales),
                    ("recurrent_weights", lstm.RecurrentWeights.Values), ("recurrent_scales", lstm.RecurrentWeights.Scales), ("bias", lstm.Bias));
                break;
            case GruNode gru:
                WriteValues("inputs", ("input", gru.Input), ("hidden", gru.Hidden));
                WriteValues("outputs", ("hidden", gru.NewHidden));
                WriteTensors(
                    ("input_weights", gru.InputWeights.Values), ("input_scales", gru.InputWeights.Scales),
                    ("recurrent_weights", gru.RecurrentWeights.Values), ("recurrent_scales", gru.RecurrentWeights.Scales),
                    ("input_bias", gru.InputBias), ("recurrent_bias", gru.RecurrentBias));
                _json.WriteStartObject("attributes");
                _json.WriteBoolean("reset_after", gru.ResetAfter);
                _json.WriteEndObject();
                break;
            case RnnNode rnn:
                WriteValues("inputs", ("input", rnn.Input), ("hidden", rnn.Hidden));
                WriteValues("outputs", ("hidden", rnn.NewHidden));
                WriteTensors(
                    ("input_weights", rnn.InputWeights.Values), ("input_scales", rnn.InputWeights.Scales),
                    ("recurrent_weights", rnn.RecurrentWeights.Values), ("recurrent_scales", rnn.RecurrentWeights.Scales), ("bias", rnn.Bias));
                _json.WriteStartObject("attributes");
                _json.WriteString("activation", rnn.Activation.ToString().ToLowerInvariant());
                _json.WriteEndObject();
                break;
            case LinearNode linear:
                WriteValues("inputs", ("input", linear.Input));
                WriteValues("outputs", ("output", linear.Output));
                WriteTensors(("weights", linear.Weights.Values), ("scales", linear.Weights.Scales), ("bias", linear.Bias));
                break;
            case EmbeddingNode embedding:
                WriteValues("inputs", ("indices", embedding.Indices));
                WriteValues("outputs", ("output", embedding.Output));
                WriteTensors(("table", embedding.Table));
                break;
            case CausalConv1dNode convolution:
                WriteValues("inputs", ("input", convolution.Input), ("history", convolution.History));
                WriteValues("outputs", ("output", convolution.Output), ("history", convolution.NewHistory));
                WriteTensors(("weights", convolution.Weights.Values), ("scales", convolution.Weights.Scales), ("bias", convolution.Bias));
                _json.WriteStartObject("attributes");
                _json.WriteNumber("kernel_size", convolution.KernelSize);
                _json.WriteNumber("dilation", convolution.Dilation);
                _json.WriteEndObject();
                break;
            case DelayNode delay:
                WriteValues("inputs", ("input", delay.Input), ("history", delay.History));
                WriteValues("outputs", ("output", delay.Output), ("history", delay.NewHistory));
                _json.WriteStartObject("attributes");
                _json.WriteNumber("steps", delay.Steps);
                _json.WriteEndObject();
                break;
            case UnaryNode unary:
                WriteValues("inputs", ("input", unary.Input));
                WriteValues("outputs", ("output", unary.Output));
                break;
            case BinaryNode binary:
                WriteValues("inputs", ("left", binary.Left), ("right", binary.Right));
                WriteValues("outputs", ("output", binary.Output));
                break;
            case SoftmaxNode softmax:
                WriteValues("inputs", ("input", softmax.Input));
                WriteValues("outputs", ("output", softmax.Output));
                break;
            case ConstantNode constant:
                WriteValues("inputs");
                WriteValues("outputs", ("output", constant.Output));
                WriteTensors(("data", constant.Data));
                break;
            default:
                throw new NotSupportedException($"The .rnn format has no operator for {node.GetType().Name}.");
        }

        _json.WriteEndObject();
    }

    private void WriteTypeAndShape(Value value)
    {
        _json.WriteString("type", Names.Of(value.Type));
        _json.WriteStartArray("shape");
        foreach (var extent in value.Shape.Dimensions)
        {
            _json.WriteNumberValue(extent);
        }

        _json.WriteEndArray();
    }

    private void WriteValues(string name, params ReadOnlySpan<(string Role, Value? Value)> values)
    {
        _json.WriteStartObject(name);
        foreach (var (role, value) in values)
        {
            if (value is not null)
            {
                _json.WriteString(role, value.Name);
            }
        }

        _json.WriteEndObject();
    }

    private void WriteTensors(params ReadOnlySpan<(string Role, Constant? Tensor)> tensors)
    {
        _json.WriteStartObject("tensors");
        foreach (var (role, tensor) in tensors)
        {
            if (tensor is not null)
            {
                _json.WriteString(role, tensor.Name);
            }
        }

        _json.WriteEndObject();
    }
}
