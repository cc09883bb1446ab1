using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>
/// Reads the graph's JSON text. Types and shapes of what nodes define are inferred; rules are left to <see cref="GraphValidator"/>, except
/// for those that inferring needs.
/// </summary>
internal sealed class GraphJsonReader
{
    private readonly IReadOnlyDictionary<string, Constant> _tensors;
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    private GraphJsonReader(IReadOnlyDictionary<string, Constant> tensors) => _tensors = tensors;

    public static RnnGraph Read(string text, IReadOnlyDictionary<string, Constant> tensors, ImmutableSortedDictionary<string, string> metadata)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
        }
        catch (JsonException exception)
        {
            throw new RnnFormatException("graph", "text", exception.Message, "one JSON object", exception);
        }

        using (document)
        {
            return new GraphJsonReader(tensors).ReadGraph(document.RootElement, metadata);
        }
    }

    private RnnGraph ReadGraph(JsonElement root, ImmutableSortedDictionary<string, string> metadata)
    {
        var fields = new JsonFields(root, "graph");
        var inputs = fields.List("inputs").Select(ReadInput).ToImmutableArray();
        var stateElements = fields.List("states");
        var states = stateElements.Select(ReadState).ToList();
        var nodeElements = fields.List("nodes");
        if (nodeElements.Count > GraphValidator.MaxNodes)
        {
            throw new RnnFormatException("graph", "nodes", $"{nodeElements.Count} nodes", $"at most {GraphValidator.MaxNodes}");
        }

        var nodes = nodeElements.Select((element, index) => NodeJsonReader.Read(element, $"graph.nodes[{index}]", _values, _tensors)).ToImmutableArray();
        var outputs = fields.List("outputs").Select(ReadOutput).ToImmutableArray();
        fields.End();
        var variables = states.Select((state, index) =>
            new StateVariable(state.Name, state.Input, Resolve($"graph.states[{index}]", "output", state.Output), state.Initial));
        return new RnnGraph(inputs, outputs, variables.ToImmutableArray(), nodes, metadata);
    }

    private Value ReadInput(JsonElement element, int index)
    {
        var section = $"graph.inputs[{index}]";
        var fields = new JsonFields(element, section);
        var value = new Value(fields.Text("name"), ReadType(fields, fields.Text("type")), fields.Shape("shape"));
        fields.End();
        Define(_values, section, "name", value);
        return value;
    }

    private (string Name, Value Input, string Output, Constant? Initial) ReadState(JsonElement element, int index)
    {
        var section = $"graph.states[{index}]";
        var fields = new JsonFields(element, section);
        var name = fields.Text("name");
        var value = new Value(fields.Text("input"), ReadType(fields, fields.Text("type")), fields.Shape("shape"));
        var output = fields.Text("output");
        var initial = fields.OptionalText("initial") is { } tensor ? FindTensor(_tensors, section, "initial", tensor) : null;
        fields.End();
        Define(_values, section, "input", value);
        return (name, value, output, initial);
    }

    private (string Name, Value Value) ReadOutput(JsonElement element, int index)
    {
        var section = $"graph.outputs[{index}]";
        var fields = new JsonFields(element, section);
        var name = fields.Text("name");
        var value = Resolve(section, "value", fields.Text("value"));
        if (fields.OptionalText("type") is { } type && ReadType(fields, type) != value.Type)
        {
            throw new RnnFormatException(section, "type", type, Names.Of(value.Type));
        }

        if (fields.OptionalShape("shape") is { } shape && shape != value.Shape)
        {
            throw new RnnFormatException(section, "shape", $"{shape}", $"{value.Shape}, as inferred");
        }

        fields.End();
        return (name, value);
    }

    private Value Resolve(string section, string field, string name) => _values.TryGetValue(name, out var value)
        ? value
        : throw new RnnFormatException(section, field, Names.Quote(name), "the name of a value that the graph defines");

    private static TensorType ReadType(JsonFields fields, string type) => type switch
    {
        "float32" => TensorType.Float32,
        "int32" => TensorType.Int32,
        _ => throw fields.Error("type", Names.Quote(type), "float32 or int32"),
    };

    public static void Define(Dictionary<string, Value> values, string section, string field, Value value)
    {
        Names.Check(section, field, value.Name);
        if (!values.TryAdd(value.Name, value))
        {
            throw new RnnFormatException(section, field, $"a second definition of {Names.Quote(value.Name)}", "one definition of each value");
        }
    }

    public static Constant FindTensor(IReadOnlyDictionary<string, Constant> tensors, string section, string field, string name)
    {
        Names.CheckConstant(section, field, name);
        return tensors.TryGetValue(name, out var tensor)
            ? tensor
            : throw new RnnFormatException(section, field, $"{Names.Quote(name)}, which the file does not hold", "the name of a tensor of the file");
    }
}
