using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>Nodes as JSON: the counterpart of <see cref="NodeJsonReader"/>, in the same order of fields.</summary>
internal sealed partial class NodeJsonWriter(Utf8JsonWriter json)
{
    public void Write(Node node)
    {
        json.WriteStartObject();
        json.WriteString("op", node.Operator);
        json.WriteString("name", node.Name);
        if (!WriteLayer(node) && !WriteElementwise(node) && !WriteTensorOperator(node))
        {
            throw new NotSupportedException($"The .rnn format has no operator for {node.GetType().Name}.");
        }

        json.WriteEndObject();
    }

    private void WriteValues(string name, params ReadOnlySpan<(string Role, Value? Value)> values)
    {
        json.WriteStartObject(name);
        foreach (var (role, value) in values)
        {
            if (value is not null)
            {
                json.WriteString(role, value.Name);
            }
        }

        json.WriteEndObject();
    }

    private void WriteInputList(string role, ImmutableArray<Value> values)
    {
        json.WriteStartObject("inputs");
        json.WriteStartArray(role);
        foreach (var value in values)
        {
            json.WriteStringValue(value.Name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteTensors(params ReadOnlySpan<(string Role, Constant? Tensor)> tensors)
    {
        json.WriteStartObject("tensors");
        foreach (var (role, tensor) in tensors)
        {
            if (tensor is not null)
            {
                json.WriteString(role, tensor.Name);
            }
        }

        json.WriteEndObject();
    }

    private void WriteNumbers(string name, ImmutableArray<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
