using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>Reads one node of the graph's JSON and defines its outputs.</summary>
internal sealed class NodeJsonReader
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

    private Node ReadOperator(string operatorName, string name) => operatorName switch
    {
        "lstm" => ReadLstm(name),
        "gru" => ReadGru(name),
        "rnn" => ReadRnn(name),
        "linear" => ReadLinear(name),
        "embedding" => ReadEmbedding(name),
        "causal_conv1d" => ReadConvolution(name),
        "delay" => ReadDelay(name),
        "softmax" => ReadSoftmax(name, logarithm: false),
        "log_softmax" => ReadSoftmax(name, logarithm: true),
        "constant" => ReadConstant(name),
        "identity" => ReadUnary(name, UnaryOperator.Identity),
        "tanh" => ReadUnary(name, UnaryOperator.Tanh),
        "sigmoid" => ReadUnary(name, UnaryOperator.Sigmoid),
        "relu" => ReadUnary(name, UnaryOperator.Relu),
        "exp" => ReadUnary(name, UnaryOperator.Exp),
        "negate" => ReadUnary(name, UnaryOperator.Negate),
        "abs" => ReadUnary(name, UnaryOperator.Abs),
        "add" => ReadBinary(name, BinaryOperator.Add),
        "subtract" => ReadBinary(name, BinaryOperator.Subtract),
        "multiply" => ReadBinary(name, BinaryOperator.Multiply),
        "divide" => ReadBinary(name, BinaryOperator.Divide),
        "minimum" => ReadBinary(name, BinaryOperator.Minimum),
        "maximum" => ReadBinary(name, BinaryOperator.Maximum),
        _ => throw new RnnFormatException(_section, "op", Names.Quote(operatorName), "an operator of format version 1"),
    };

    private LstmNode ReadLstm(string name)
    {
        var (input, hidden, cell) = (Input("input"), Input("hidden"), Input("cell"));
        return new LstmNode(
            name, input, hidden, cell, Output("hidden", hidden.Shape), Output("cell", cell.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"), OptionalTensor("bias"));
    }

    private GruNode ReadGru(string name)
    {
        var (input, hidden) = (Input("input"), Input("hidden"));
        return new GruNode(
            name, input, hidden, Output("hidden", hidden.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"),
            OptionalTensor("input_bias"), OptionalTensor("recurrent_bias"), _attributes.Flag("reset_after"));
    }

    private RnnNode ReadRnn(string name)
    {
        var (input, hidden) = (Input("input"), Input("hidden"));
        var activation = _attributes.Text("activation");
        return new RnnNode(
            name, input, hidden, Output("hidden", hidden.Shape),
            Matrix("input_weights", "input_scales"), Matrix("recurrent_weights", "recurrent_scales"), OptionalTensor("bias"),
            activation switch
            {
                "tanh" => UnaryOperator.Tanh,
                "relu" => UnaryOperator.Relu,
                "identity" => UnaryOperator.Identity,
                _ => throw _attributes.Error("activation", Names.Quote(activation), "tanh, relu or identity"),
            });
    }

    private LinearNode ReadLinear(string name)
    {
        var input = Input("input");
        var weights = Matrix("weights", "scales");
        return new LinearNode(name, input, Output("output", ShapeRules.LinearOutput(_section, input, weights)), weights, OptionalTensor("bias"));
    }

    private EmbeddingNode ReadEmbedding(string name)
    {
        var indices = Input("indices");
        var table = Tensor("table");
        return new EmbeddingNode(name, indices, Output("output", ShapeRules.EmbeddingOutput(_section, indices, table)), table);
    }

    private CausalConv1dNode ReadConvolution(string name)
    {
        var (input, history) = (Input("input"), OptionalInput("history"));
        var weights = Matrix("weights", "scales");
        return new CausalConv1dNode(
            name, input, history, Output("output", new TensorShape(weights.Rows)), history is null ? null : Output("history", history.Shape),
            weights, OptionalTensor("bias"), _attributes.Number("kernel_size"), _attributes.Number("dilation"));
    }

    private DelayNode ReadDelay(string name)
    {
        var (input, history) = (Input("input"), Input("history"));
        return new DelayNode(name, input, history, Output("output", input.Shape), Output("history", history.Shape), _attributes.Number("steps"));
    }

    private UnaryNode ReadUnary(string name, UnaryOperator function)
    {
        var input = Input("input");
        return new UnaryNode(name, function, input, Output("output", input.Shape));
    }

    private BinaryNode ReadBinary(string name, BinaryOperator function)
    {
        var (left, right) = (Input("left"), Input("right"));
        return new BinaryNode(name, function, left, right, Output("output", left.Shape));
    }

    private SoftmaxNode ReadSoftmax(string name, bool logarithm)
    {
        var input = Input("input");
        return new SoftmaxNode(name, input, Output("output", input.Shape), logarithm);
    }

    private ConstantNode ReadConstant(string name)
    {
        var data = Tensor("data");
        return new ConstantNode(name, Define("output", data.Type, data.Shape), data);
    }

    private Value Input(string role) => OptionalInput(role) ?? throw _inputs.Error(role, "nothing", "the name of a value");

    private Value? OptionalInput(string role)
    {
        if (_inputs.OptionalText(role) is not { } name)
        {
            return null;
        }

        return _values.TryGetValue(name, out var value)
            ? value
            : throw _inputs.Error(role, $"{Names.Quote(name)}, which is not defined here", "a value defined by an input, a state or an earlier node");
    }

    private Value Output(string role, TensorShape shape) => Define(role, TensorType.Float32, shape);

    private Value Define(string role, TensorType type, TensorShape shape)
    {
        var value = new Value(_outputs.Text(role), type, shape);
        GraphJsonReader.Define(_values, _section, $"outputs.{role}", value);
        return value;
    }

    private Constant Tensor(string role) => OptionalTensor(role) ?? throw new RnnFormatException(_section, $"tensors.{role}", "nothing", "the name of a tensor");

    private Constant? OptionalTensor(string role) =>
        _tensorNames.OptionalText(role) is { } name ? GraphJsonReader.FindTensor(_tensors, _section, $"tensors.{role}", name) : null;

    private Weights Matrix(string role, string scalesRole)
    {
        var values = Tensor(role);
        ShapeRules.RequireMatrix(_section, $"tensors.{role}", values);
        return new Weights(values, OptionalTensor(scalesRole));
    }
}
