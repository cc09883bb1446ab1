using System.Collections.Immutable;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>Reads one node of the graph's JSON and defines its outputs.</summary>
internal sealed partial class NodeJsonReader
{
    private readonly string _section;
    private readonly JsonFields _inputs;
    private readonly JsonFields _outputs;
    private readonly JsonFields _tensorNames;
    private readonly JsonFields _attributes;
    private readonly Dictionary<string, Value> _values;
    private readonly IReadOnlyDictionary<string, Constant> _tensors;

    private NodeJsonReader(string section, JsonFields node, Dictionary<string, Value> values, IReadOnlyDictionary<string, Constant> tensors)
    {
        _section = section;
        _inputs = node.Object("inputs");
        _outputs = node.Object("outputs");
        _tensorNames = node.OptionalObject("tensors");
        _attributes = node.OptionalObject("attributes");
        _values = values;
        _tensors = tensors;
    }

    public static Node Read(JsonElement element, string section, Dictionary<string, Value> values, IReadOnlyDictionary<string, Constant> tensors)
    {
        var fields = new JsonFields(element, section);
        var operatorName = fields.Text("op");
        var name = fields.Text("name");
        var reader = new NodeJsonReader(section, fields, values, tensors);
        fields.End();
        var node = reader.ReadOperator(operatorName, name);
        reader._inputs.End();
        reader._outputs.End();
        reader._tensorNames.End();
        reader._attributes.End();
        ShapeRules.Check(node, section);
        return node;
    }

    private Node ReadOperator(string operatorName, string name) =>
        ReadLayer(operatorName, name) ?? ReadElementwise(operatorName, name) ?? ReadTensorOperator(operatorName, name)
        ?? throw new RnnFormatException(_section, "op", Names.Quote(operatorName), "an operator of format version 1");

    private Value Input(string role) => OptionalInput(role) ?? throw _inputs.Error(role, "nothing", "the name of a value");

    private Value? OptionalInput(string role) => _inputs.OptionalText(role) is { } name ? Find(role, name) : null;

    /// <summary>A role that takes a list of values, at least one.</summary>
    private ImmutableArray<Value> Inputs(string role)
    {
        var names = _inputs.Texts(role);
        return names.Count > 0
            ? [.. names.Select((name, index) => Find($"{role}[{index}]", name))]
            : throw _inputs.Error(role, "none", "at least one value");
    }

    private Value Find(string role, string name) => _values.TryGetValue(name, out var value)
        ? value
        : throw _inputs.Error(role, $"{Names.Quote(name)}, which is not defined here", "a value defined by an input, a state or an earlier node");

    private Value Output(string role, TensorShape shape) => Define(role, TensorType.Float32, shape);

    private Value Define(string role, TensorType type, TensorShape shape)
    {
        var value = new Value(_outputs.Text(role), type, shape);
        GraphJsonReader.Define(_values, _section, $"outputs.{role}", value);
        return value;
    }

    private Constant Tensor(string role) => OptionalTensor(role) ?? throw _tensorNames.Error(role, "nothing", "the name of a tensor");

    private Constant? OptionalTensor(string role) =>
        _tensorNames.OptionalText(role) is { } name ? GraphJsonReader.FindTensor(_tensors, _section, $"tensors.{role}", name) : null;

    private Weights Matrix(string role, string scalesRole) =>
        OptionalMatrix(role, scalesRole) ?? throw _tensorNames.Error(role, "nothing", "the name of a tensor");

    private Weights? OptionalMatrix(string role, string scalesRole)
    {
        if (OptionalTensor(role) is not { } values)
        {
            return null;
        }

        ShapeRules.RequireMatrix(_section, $"tensors.{role}", values);
        var scales = OptionalTensor(scalesRole);
        return values.Type == TensorType.Int8 && role != "table"
            ? new Weights(values, scales, _attributes.OptionalFloat(ShapeRules.RangeOf(role)), OptionalTensor(ShapeRules.FactorsOf(role)))
            : new Weights(values, scales);
    }
}
