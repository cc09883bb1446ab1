using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RnnRuntime.Formats;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>One broken rule of one operator at a time, and where the error points.</summary>
public sealed class FormatOperatorRefusalTests
{
    private static readonly Dictionary<string, (string Node, Action<JsonObject> Break, string Field)> Cases = new()
    {
        ["function without its parameter"] = ("leaky_relu", node => Attributes(node).Remove("alpha"), "attributes.alpha"),
        ["function without its second parameter"] = ("affine", node => Attributes(node).Remove("beta"), "attributes.beta"),
        ["parameter of another function"] = ("elu", node => Attributes(node)["beta"] = 0, "attributes.beta"),
        ["parameter of none"] = ("tanh", node => node["attributes"] = new JsonObject { ["alpha"] = 0 }, "attributes.alpha"),
        ["parameter as text"] = ("elu", node => Attributes(node)["alpha"] = "1", "attributes.alpha"),
        ["parameter beyond float32"] = ("elu", node => Attributes(node)["alpha"] = 1e39, "attributes.alpha"),
        ["function of integers"] = ("tanh", node => Inputs(node)["input"] = "ids", "inputs.input"),
        ["shapes that do not broadcast"] = ("add", node => Inputs(node)["right"] = "transposed.output", "inputs.right"),
        ["sum of integers"] = ("same", node => node["op"] = "add", "inputs.left"),
        ["comparison of two types"] = ("same", node => Inputs(node)["right"] = "x", "inputs.right"),
        ["select without a case"] = ("select", node => Inputs(node).Remove("when_false"), "inputs.when_false"),
        ["select by integers"] = ("select", node => Inputs(node)["condition"] = "fixed_ids.output", "inputs.condition"),
        ["select that does not broadcast"] = ("select", node => Inputs(node)["when_true"] = "transposed.output", "inputs.when_true"),
        ["cast with a type"] = ("cast_to_int32", node => node["attributes"] = new JsonObject { ["to"] = "int32" }, "attributes.to"),
        ["fused of nothing"] = ("fused", node => Inputs(node)["operands"] = new JsonArray(), "inputs.operands"),
        ["fused of one text"] = ("fused", node => Inputs(node)["operands"] = "x", "inputs.operands"),
        ["fused of a number"] = ("fused", node => Inputs(node)["operands"]![1] = 1, "inputs.operands[1]"),
        ["fused of integers"] = ("fused", node => Inputs(node)["operands"]![1] = "ids", "inputs"),
        ["fused of too many"] = ("fused", node => Inputs(node)["operands"] = new JsonArray([.. Enumerable.Repeat((JsonNode)"x", 17).Select(name => name.DeepClone())]), "inputs"),
        ["fused into another shape"] = ("fused", node => Attributes(node)["shape"] = new JsonArray(2, 3), "inputs"),
        ["fused without operations"] = ("fused", node => Attributes(node)["operations"] = new JsonArray(), "attributes.operations"),
        ["fused operations as text"] = ("fused", node => Attributes(node)["operations"]![1] = "exp", "attributes.operations[1]"),
        ["too many fused operations"] = ("fused", node => Operations(node).Insert(0, null), "attributes.operations[0]"),
        ["unknown fused operation"] = ("fused", node => Operations(node)[1]!["op"] = "matmul", "attributes.operations[1].op"),
        ["operand of the future"] = ("fused", node => Operations(node)[1]!["operands"] = new JsonArray(0, 4), "attributes.operations[1]"),
        ["operand below zero"] = ("fused", node => Operations(node)[1]!["operands"] = new JsonArray(0, -1), "attributes.operations[1]"),
        ["operand too few"] = ("fused", node => Operations(node)[1]!["operands"] = new JsonArray(0), "attributes.operations[1].operands"),
        ["operand too many"] = ("fused", node => Operations(node)[4]!["operands"] = new JsonArray(0, 0, 0, 0), "attributes.operations[4].operands"),
        ["operand as fraction"] = ("fused", node => Operations(node)[1]!["operands"] = new JsonArray(0, 0.5), "attributes.operations[1].operands[1]"),
        ["parameter of a fused sum"] = ("fused", node => Operations(node)[1]!["alpha"] = 1, "attributes.operations[1].alpha"),
        ["fused function without its parameter"] = ("fused", node => Operations(node)[0]!.AsObject().Remove("beta"), "attributes.operations[0].beta"),
        ["view without a stride"] = ("transposed", node => Attributes(node)["strides"] = new JsonArray(1), "attributes.strides"),
        ["view beyond the end"] = ("transposed", node => Attributes(node)["offset"] = 1, "attributes.strides"),
        ["view before the beginning"] = ("transposed", node => Attributes(node)["strides"] = new JsonArray(1, -3), "attributes.strides"),
        ["view far away"] = ("transposed", node => Attributes(node)["strides"] = new JsonArray(int.MaxValue, int.MaxValue), "attributes.strides"),
        ["view of an overflowing shape"] = ("transposed", node => Attributes(node)["shape"] = new JsonArray(65536, 65536), "attributes.shape"),
        ["view without elements"] = ("transposed", node => Attributes(node)["shape"] = new JsonArray(0, 2), "attributes.shape"),
        ["view with a stride of text"] = ("transposed", node => Attributes(node)["strides"] = new JsonArray(1, "3"), "attributes.strides[1]"),
        ["concat of nothing"] = ("concat", node => Inputs(node)["parts"] = new JsonArray(), "inputs.parts"),
        ["concat of nobody"] = ("concat", node => Inputs(node)["parts"]![2] = "nobody", "inputs.parts[2]"),
        ["concat of two types"] = ("concat_int32", node => Inputs(node)["parts"]![1] = "padded.output", "inputs.parts[1]"),
        ["concat of other extents"] = ("concat", node => Inputs(node)["parts"]![2] = "x", "inputs"),
        ["concat along no axis"] = ("concat", node => Attributes(node)["axis"] = 2, "attributes.axis"),
        ["concat along an axis from the end"] = ("concat", node => Attributes(node)["axis"] = -1, "attributes.axis"),
        ["pick from nothing"] = ("pick", node => Inputs(node)["sources"] = new JsonArray(), "inputs.sources"),
        ["pick from two types"] = ("pick_int32", node => Inputs(node)["sources"]![1] = "x", "inputs"),
        ["pick of another length"] = ("pick", node => Attributes(node)["shape"] = new JsonArray(5), "tensors.map"),
        ["pick with a map of floats"] = ("pick", node => node["tensors"]!["map"] = "floats1", "tensors.map"),
        ["pick without a fill"] = ("pick", node => Attributes(node).Remove("fill"), "attributes.fill"),
        ["fill with part of an integer"] = ("pick_int32", node => Attributes(node)["fill"] = 0.5, "attributes.fill"),
        ["fill beyond the indices"] = ("pick_int32", node => Attributes(node)["fill"] = 5, "attributes.fill"),
        ["negative fill of indices"] = ("pick_int32", node => Attributes(node)["fill"] = -1, "attributes.fill"),
        ["gather along no axis"] = ("gather", node => Attributes(node)["axis"] = 2, "attributes.axis"),
        ["gather by floats"] = ("gather", node => Inputs(node)["indices"] = "x", "inputs.indices"),
        ["product of a vector"] = ("matmul", node => Inputs(node)["left"] = "same.output", "inputs.left"),
        ["product of other extents"] = ("matmul", node => Inputs(node)["right"] = "joined", "inputs.right"),
        ["product of integers"] = ("matmul", node => Inputs(node)["left"] = "pick_int32.output", "inputs.left"),
        ["reduction of a scalar"] = ("reduce_mean", node => Inputs(node)["input"] = "scalar.output", "inputs.input"),
        ["unknown reduction"] = ("reduce_mean", node => node["op"] = "reduce_product", "op"),
        ["normalisation with another scale"] = ("layer_norm", node => node["tensors"]!["scale"] = "floats1", "tensors.scale"),
        ["normalisation with a negative epsilon"] = ("layer_norm", node => Attributes(node)["epsilon"] = -1e-9, "attributes.epsilon"),
        ["convolution over four axes"] = ("conv2d", node => Attributes(node)["kernel"] = new JsonArray(1, 1, 1, 1), "attributes.kernel"),
        ["convolution over other axes"] = ("conv2d", node => Attributes(node)["kernel"] = new JsonArray(2), "inputs.input"),
        ["convolution without a stride"] = ("conv2d", node => Attributes(node)["strides"] = new JsonArray(1), "attributes.strides"),
        ["convolution with stride 0"] = ("conv2d", node => Attributes(node)["strides"] = new JsonArray(1, 0), "attributes.strides"),
        ["convolution with negative padding"] = ("conv2d", node => Attributes(node)["pads_after"] = new JsonArray(-1, 0), "attributes.pads_after"),
        ["convolution with huge padding"] = ("conv2d", node => Attributes(node)["pads_before"] = new JsonArray(int.MaxValue, 0), "attributes.pads_before"),
        ["convolution that does not fit"] = ("conv2d", node => Attributes(node)["dilations"] = new JsonArray(1, 9), "inputs.input"),
        ["convolution in no groups"] = ("conv2d", node => Attributes(node)["groups"] = 0, "attributes.groups"),
        ["convolution in odd groups"] = ("conv2d", node => Attributes(node)["groups"] = 2, "attributes.groups"),
        ["convolution with other weights"] = ("conv1d", node => Attributes(node)["groups"] = 1, "tensors.weights"),
        ["convolution with weights of one extent"] = ("conv1d", node => node["tensors"]!["weights"] = "integers1", "tensors.weights"),
        ["sequence of two extents"] = ("lstm", node => Inputs(node)["input"] = "x", "inputs.input"),
        ["sequence from a state of one extent"] = ("lstm", node => Inputs(node)["hidden"] = "same.output", "inputs.hidden"),
        ["sequence from a state of other extents"] = ("lstm", node => Inputs(node)["hidden"] = "x", "inputs.hidden"),
        ["sequence lengths as floats"] = ("lstm", node => Inputs(node)["lengths"] = "same.output", "inputs.lengths"),
        ["sequence without a cell"] = ("lstm", node => Inputs(node).Remove("cell"), "inputs.cell"),
        ["sequence with two biases"] = ("lstm", node => node["tensors"]!["recurrent_bias"] = "floats1", "tensors.recurrent_bias"),
        ["sequence with other peepholes"] = ("lstm", node => node["tensors"]!["peepholes"] = "floats2", "tensors.peepholes"),
        ["sequence without a projection"] = ("lstm", node => node["tensors"]!.AsObject().Remove("projection"), "tensors.recurrent_weights"),
        ["sequence with another's flag"] = ("lstm", node => Attributes(node)["reset_after"] = false, "attributes.reset_after"),
        ["sequence without a flag"] = ("lstm", node => Attributes(node).Remove("input_forget"), "attributes.input_forget"),
        ["sequence without a direction"] = ("lstm", node => Attributes(node).Remove("reverse"), "attributes.reverse"),
        ["sequence with too few activations"] = ("lstm", node => Activations(node).RemoveAt(2), "attributes.activations"),
        ["sequence with an unknown activation"] = ("lstm", node => Activations(node)[1]!["op"] = "mish", "attributes.activations[1].op"),
        ["activation without its parameter"] = ("lstm", node => Activations(node)[1]!.AsObject().Remove("alpha"), "attributes.activations[1].alpha"),
        ["activation with another's parameter"] = ("lstm", node => Activations(node)[2]!["alpha"] = 0, "attributes.activations[2].alpha"),
        ["sequence with a negative clip"] = ("lstm", node => Attributes(node)["clip"] = -1, "attributes.clip"),
        ["gru with a cell"] = ("gru", node => Inputs(node)["cell"] = "x", "inputs.cell"),
        ["gru with peepholes"] = ("gru", node => node["tensors"]!["peepholes"] = "floats1", "tensors.peepholes"),
        ["gru that couples its gates"] = ("gru", node => Attributes(node)["input_forget"] = false, "attributes.input_forget"),
        ["rnn with a second bias"] = ("rnn", node => node["tensors"]!["recurrent_bias"] = "floats1", "tensors.recurrent_bias"),
        ["rnn with a projection"] = ("rnn", node => node["tensors"]!["projection"] = "floats1", "tensors.projection"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void BrokenRuleIsNamed(string name)
    {
        var (node, breakRule, field) = Cases[name];
        var section = "";
        var exception = Refusal(graph =>
        {
            var nodes = graph["nodes"]!.AsArray();
            var index = Enumerable.Range(0, nodes.Count).Single(i => (string)nodes[i]!["name"]! == node);
            section = $"graph.nodes[{index}]";
            breakRule(nodes[index]!.AsObject());
        });
        Assert.Equal((section, field), (exception.Section, exception.Field));
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(6)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void MapBeyondTheSourcesIsNamed(int position)
    {
        var file = new RnnFileText(SampleGraphs.Write(SampleGraphs.Operators()));
        var map = SampleGraphs.Operators().Nodes.OfType<PickNode>().Single(node => node.Name == "pick").Map.Name;
        MemoryMarshal.Cast<byte, int>(file.Tensor(map))[3] = position;
        var exception = Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(file.ToBytes()));
        Assert.StartsWith("tensors.map", exception.Field, StringComparison.Ordinal);
        Assert.Equal($"{position}", exception.Found);
    }

    [Fact]
    public void WriterRefusesParametersThatAFunctionLacks()
    {
        var graph = SampleGraphs.Operators();
        foreach (var node in graph.Nodes)
        {
            Node? changed = node switch
            {
                UnaryNode { Function: UnaryOperator.Tanh } unary => unary with { Alpha = 1 },
                UnaryNode { Function: UnaryOperator.Elu } unary => unary with { Beta = 1 },
                FusedNode fused => fused with { Operations = fused.Operations.SetItem(1, fused.Operations[1] with { Alpha = 1 }) },
                SequenceNode { Cell: SequenceCell.Rnn } sequence => sequence with { Activations = [new CellActivation(UnaryOperator.Tanh, 1)] },
                PickNode pick => pick with { Sources = [], Map = new Constant("none", TensorType.Int32, pick.Map.Shape, Enumerable.Repeat((byte)0xFF, pick.Map.Data.Length).ToArray()) },
                _ => null,
            };
            if (changed is not null)
            {
                Assert.Throws<RnnFormatException>(() => SampleGraphs.Write(
                    new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, graph.Nodes.Replace(node, changed), graph.Metadata)));
            }
        }
    }

    [Fact]
    public void OperatorsAreSpelledDifferently()
    {
        var operators = new[] { SampleGraphs.Layers(), SampleGraphs.Operators() }.SelectMany(graph => graph.Nodes).DistinctBy(node => node.Operator).ToArray();
        string[] functions = [.. OperatorNames<UnaryOperator>.All, .. OperatorNames<BinaryOperator>.All, .. OperatorNames<ReduceOperator>.All];
        Assert.Equal(functions, functions.Distinct());
        Assert.All(operators, node => Assert.Equal(
            node is UnaryNode or BinaryNode or ReduceNode, functions.Contains(node.Operator)));
    }

    [Fact]
    public void EveryOperatorIsInTheFormatPage()
    {
        var page = File.ReadAllText(RepositoryFiles.Require("src/RnnRuntime/Formats/FORMAT.md"));
        foreach (var node in SampleGraphs.Layers().Nodes.Concat(SampleGraphs.Operators().Nodes))
        {
            Assert.Contains($"`{node.Operator}`", page, StringComparison.Ordinal);
        }
    }

    private static RnnFormatException Refusal(Action<JsonObject> edit)
    {
        var file = new RnnFileText(SampleGraphs.Write(SampleGraphs.Operators()));
        RnnFileReader.Read(file.ToBytes());
        file.EditGraph(graph =>
        {
            edit(graph);
            Resolve(graph);
        });
        return Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(file.ToBytes()));
    }

    /// <summary>Cases name outputs of the graph and nodes for short.</summary>
    private static void Resolve(JsonObject graph)
    {
        var outputs = graph["outputs"]!.AsArray().ToDictionary(output => (string)output!["name"]!, output => (string)output!["value"]!);
        foreach (var node in graph["nodes"]!.AsArray())
        {
            var inputs = node!["inputs"]!.AsObject();
            foreach (var (role, name) in inputs.ToArray())
            {
                if (name is JsonValue value && value.TryGetValue<string>(out var text) && outputs.TryGetValue(text, out var full))
                {
                    inputs[role] = full;
                }
            }
        }
    }

    private static JsonObject Inputs(JsonObject node) => node["inputs"]!.AsObject();

    private static JsonObject Attributes(JsonObject node) => node["attributes"]!.AsObject();

    private static JsonArray Operations(JsonObject node) => Attributes(node)["operations"]!.AsArray();

    private static JsonArray Activations(JsonObject node) => Attributes(node)["activations"]!.AsArray();
}
