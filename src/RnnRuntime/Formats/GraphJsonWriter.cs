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
        var nodes = new NodeJsonWriter(_json);
        foreach (var node in graph.Nodes)
        {
            nodes.Write(node);
        }

        _json.WriteEndArray();
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
}
