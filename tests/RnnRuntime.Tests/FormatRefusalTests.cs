using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RnnRuntime.Formats;

namespace RnnRuntime.Tests;

/// <summary>One broken rule at a time, and where the error points.</summary>
public sealed class FormatRefusalTests
{
    private static readonly Dictionary<string, (Action<RnnFileText> Break, string Section, string Field)> Cases = new()
    {
        ["no metadata"] = (file => file.EditHeader(header => header.Remove("__metadata__")), "header", "__metadata__"),
        ["no version"] = (file => file.EditHeader(header => Metadata(header).Remove("rnn.format")), "metadata", "rnn.format"),
        ["odd version"] = (file => file.EditHeader(header => Metadata(header)["rnn.format"] = "01"), "metadata", "rnn.format"),
        ["no graph"] = (file => file.EditHeader(header => Metadata(header).Remove("rnn.graph")), "metadata", "rnn.graph"),
        ["unknown metadata"] = (file => file.EditHeader(header => Metadata(header)["title"] = "x"), "metadata", "key"),
        ["metadata that is no text"] = (file => file.EditHeader(header => Metadata(header)["meta.n"] = 1), "header", "__metadata__.meta.n"),
        ["header twice the same key"] = (file => file.HeaderText = file.HeaderText.Replace("\"head.bias\":", "\"lstm1.bias\":", StringComparison.Ordinal).Replace("\"linear1.bias\":", "\"lstm1.bias\":", StringComparison.Ordinal), "header", "lstm1.bias"),
        ["header that is no JSON"] = (file => file.HeaderText = file.HeaderText.TrimEnd()[..^1], "header", "text"),
        ["header too deep"] = (file => file.EditHeader(header => header["deep"] = JsonNode.Parse(new string('[', 40) + new string(']', 40))), "header", "text"),
        ["text after the header"] = (file => file.HeaderText = file.HeaderText.TrimEnd() + "x", "header", "text"),
        ["space before the header"] = (file => file.HeaderText = " " + file.HeaderText, "header", "first byte"),
        ["lone surrogate in a key"] = (file => file.HeaderText = file.HeaderText.Replace("\"__pad.0\"", "\"\\ud800\"", StringComparison.Ordinal), "header", "key"),
        ["lone surrogate in text"] = (file => file.HeaderText = file.HeaderText.Replace("\"small\"", "\"\\udc00\"", StringComparison.Ordinal), "header", "__metadata__.meta.title"),
        ["unknown dtype"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["dtype"] = "F64"), "tensor lstm1.bias", "dtype"),
        ["unknown tensor field"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["order"] = "C"), "tensor lstm1.bias", "order"),
        ["rank 9"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["shape"] = new JsonArray(12, 1, 1, 1, 1, 1, 1, 1, 1)), "tensor lstm1.bias", "shape"),
        ["extent 0"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["shape"] = new JsonArray(0)), "tensor lstm1.bias", "shape"),
        ["negative extents"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["shape"] = new JsonArray(-3, -4)), "tensor lstm1.bias", "shape"),
        ["overflowing shape"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["shape"] = new JsonArray(65536, 65536, 65536, 65536)), "tensor lstm1.bias", "shape"),
        ["fraction"] = (file => file.HeaderText = file.HeaderText.Replace("\"shape\":[12]", "\"shape\":[12.0]", StringComparison.Ordinal), "tensor lstm1.input_weights.scales", "shape[0]"),
        ["shape and bytes differ"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["shape"] = new JsonArray(11)), "tensor lstm1.bias", "data_offsets"),
        ["offset beyond the end"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["data_offsets"] = new JsonArray(0, 1_000_000_000_000)), "tensor lstm1.bias", "data_offsets"),
        ["offset beyond any end"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["data_offsets"] = new JsonArray(0, ulong.MaxValue)), "tensor lstm1.bias", "data_offsets"),
        ["three offsets"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["data_offsets"] = new JsonArray(0, 48, 48)), "tensor lstm1.bias", "data_offsets"),
        ["overlap"] = (file => Tensor(file, "lstm1.bias", tensor => tensor["data_offsets"] = new JsonArray(0, 48)), "tensor ", "data_offsets"),
        ["hole"] = (file => file.EditHeader(header => header.Remove("__pad.0")), "tensor lstm1.input_weights.scales", "data_offsets"),
        ["trailing bytes"] = (file => file.Data = [.. file.Data, 0], "file", "length"),
        ["padding of another type"] = (file => Tensor(file, "__pad.0", tensor => tensor["dtype"] = "I8"), "tensor __pad.0", "dtype"),
        ["padding that is not zero"] = (file => file.Tensor("__pad.1")[2] = 1, "tensor __pad.1", "data[2]"),
        ["unused tensor"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!.AsObject().Remove("bias")), "tensor \"linear1.bias\"", "use"),
        ["reserved name"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!["bias"] = "golden.output.y"), "graph.nodes[1]", "tensors.bias"),
        ["-128"] = (file => file.Tensor("lstm1.recurrent_weights")[5] = 0x80, "tensor lstm1.recurrent_weights", "data[5]"),
        ["NaN"] = (file => Floats(file, "lstm1.bias")[3] = float.NaN, "tensor lstm1.bias", "data[3]"),
        ["infinity"] = (file => Floats(file, "lstm1.bias")[11] = float.NegativeInfinity, "tensor lstm1.bias", "data[11]"),
        ["negative scale"] = (file => Floats(file, "linear1.weights.scales")[0] = -1, "tensor linear1.weights.scales", "data[0]"),
        ["infinite scale"] = (file => Floats(file, "linear1.weights.scales")[0] = float.PositiveInfinity, "tensor linear1.weights.scales", "data[0]"),
        ["NaN in golden"] = (file => Floats(file, "golden.output.y")[1] = float.NaN, "tensor golden.output.y", "data[1]"),
        ["graph that is no JSON"] = (file => file.GraphText = "{", "graph", "text"),
        ["graph that is no object"] = (file => file.GraphText = "[]", "graph", "type"),
        ["graph too deep"] = (file => file.GraphText = new string('[', 100_000), "graph", "text"),
        ["graph key twice"] = (file => file.GraphText = "{\"inputs\":[]," + file.GraphText[1..], "graph", "inputs"),
        ["unknown graph field"] = (file => file.EditGraph(graph => graph["name"] = "x"), "graph", "name"),
        ["no outputs"] = (file => file.EditGraph(graph => graph["outputs"] = new JsonArray()), "graph", "outputs"),
        ["too many nodes"] = (file => file.EditGraph(graph => graph["nodes"] = new JsonArray([.. Enumerable.Range(0, 100_001).Select(_ => (JsonNode)0)])), "graph", "nodes"),
        ["int8 input"] = (file => file.EditGraph(graph => graph["inputs"]![0]!["type"] = "int8"), "graph.inputs[0]", "type"),
        ["input twice"] = (file => file.EditGraph(graph => graph["inputs"]!.AsArray().Add(graph["inputs"]![0]!.DeepClone())), "graph.inputs[1]", "name"),
        ["state twice"] = (file => file.EditGraph(graph => graph["states"]![1]!["name"] = "lstm1.h"), "graph.states[1]", "name"),
        ["state of another shape"] = (file => file.EditGraph(graph => graph["states"]![1]!["output"] = "linear1.output"), "graph.states[1]", "output"),
        ["state without output"] = (file => file.EditGraph(graph => graph["states"]![1]!["output"] = "nobody"), "graph.states[1]", "output"),
        ["state with unknown initial"] = (file => file.EditGraph(graph => graph["states"]![1]!["initial"] = "nobody"), "graph.states[1]", "initial"),
        ["state with initial of another shape"] = (file => file.EditGraph(graph => graph["states"]![1]!["initial"] = "lstm1.bias"), "graph.states[1]", "initial"),
        ["int32 state"] = (file => file.EditGraph(graph => graph["states"]![1]!["type"] = "int32"), "graph.nodes[0]", "inputs.cell"),
        ["unknown operator"] = (file => file.EditGraph(graph => Node(graph, 1)["op"] = "attention"), "graph.nodes[1]", "op"),
        ["unknown input role"] = (file => file.EditGraph(graph => Node(graph, 1)["inputs"]!["mask"] = "x"), "graph.nodes[1]", "inputs.mask"),
        ["unknown attribute"] = (file => file.EditGraph(graph => Node(graph, 1)["attributes"] = new JsonObject { ["axis"] = 1 }), "graph.nodes[1]", "attributes.axis"),
        ["unknown tensor role"] = (file => file.EditGraph(graph => Node(graph, 0)["tensors"]!["peepholes"] = "lstm1.bias"), "graph.nodes[0]", "tensors.peepholes"),
        ["missing weights"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!.AsObject().Remove("weights")), "graph.nodes[1]", "tensors.weights"),
        ["missing scales"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!.AsObject().Remove("scales")), "graph.nodes[1]", "tensors.scales"),
        ["int8 bias"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!["bias"] = "linear1.weights"), "graph.nodes[1]", "tensors.bias"),
        ["weights of another shape"] = (file => file.EditGraph(graph => Node(graph, 1)["tensors"]!["weights"] = "lstm1.input_weights"), "graph.nodes[1]", "tensors.scales"),
        ["forward reference"] = (file => file.EditGraph(graph => Node(graph, 0)["inputs"]!["input"] = "linear1.output"), "graph.nodes[0]", "inputs.input"),
        ["value twice"] = (file => file.EditGraph(graph => Node(graph, 1)["outputs"]!["output"] = "lstm1.h_out"), "graph.nodes[1]", "outputs.output"),
        ["node twice"] = (file => file.EditGraph(graph => Node(graph, 1)["name"] = "lstm1"), "graph.nodes[1]", "name"),
        ["empty name"] = (file => file.EditGraph(graph => Node(graph, 1)["name"] = ""), "graph.nodes[1]", "name"),
        ["long name"] = (file => file.EditGraph(graph => Node(graph, 1)["name"] = new string('n', 1001)), "graph.nodes[1]", "name"),
        ["output of another shape"] = (file => file.EditGraph(graph => graph["outputs"]![0]!["shape"] = new JsonArray(2)), "graph.outputs[0]", "shape"),
        ["output of another type"] = (file => file.EditGraph(graph => graph["outputs"]![0]!["type"] = "int32"), "graph.outputs[0]", "type"),
        ["output of nothing"] = (file => file.EditGraph(graph => graph["outputs"]![0]!["value"] = "z"), "graph.outputs[0]", "value"),
        ["golden of other lengths"] = (file => Tensor(file, "golden.output.y", tensor => tensor["shape"] = new JsonArray(1, 2)), "tensor golden.output.y", "shape"),
        ["golden without time"] = (file => Tensor(file, "golden.input.x", tensor => tensor["shape"] = new JsonArray(4)), "tensor golden.", "shape"),
        ["golden of nobody"] = (file => file.HeaderText = file.HeaderText.Replace("golden.output.y", "golden.output.z", StringComparison.Ordinal), "tensor golden.output.z", "name"),
        ["golden without inputs"] = (file => file.HeaderText = file.HeaderText.Replace("golden.input.x", "golden.output.x", StringComparison.Ordinal), "golden", "inputs"),
        ["golden of another kind"] = (file => file.HeaderText = file.HeaderText.Replace("golden.input.x", "golden.state.x", StringComparison.Ordinal), "tensor \"golden.state.x\"", "use"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void BrokenRuleIsNamed(string name)
    {
        var (breakRule, section, field) = Cases[name];
        var file = new RnnFileText(SampleGraphs.Write(SampleGraphs.Small()));
        RnnFileReader.Read(file.ToBytes());
        breakRule(file);
        var exception = Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(file.ToBytes()));
        Assert.StartsWith(section, exception.Section, StringComparison.Ordinal);
        Assert.Equal(field, exception.Field);
    }

    [Fact]
    public void HeaderLengthIsCheckedBeforeItIsUsed()
    {
        var bytes = SampleGraphs.Write(SampleGraphs.Small());
        foreach (var length in new ulong[] { ulong.MaxValue, long.MaxValue, int.MaxValue, 100_000_001, 100_000_000, (ulong)bytes.Length, (ulong)bytes.Length - 7, 0, 1, 55 })
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            var exception = Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(bytes));
            Assert.Equal("header", exception.Section);
        }
    }

    [Fact]
    public void MisalignedTensorIsRefused()
    {
        var file = new RnnFileText(SampleGraphs.Write(SampleGraphs.Small()));
        var bias = file.Header["lstm1.bias"]!["data_offsets"]!.AsArray();
        var (begin, end) = ((int)bias[0]!, (int)bias[1]!);
        file.EditHeader(header =>
        {
            var padding = header.Single(entry => entry.Key.StartsWith("__pad.", StringComparison.Ordinal) && (int)entry.Value!["data_offsets"]![0]! == end).Value!;
            var length = (int)padding["data_offsets"]![1]! - end;
            padding["data_offsets"] = new JsonArray(begin, begin + length);
            header["lstm1.bias"]!["data_offsets"] = new JsonArray(begin + length, begin + length + end - begin);
        });
        var exception = Assert.Throws<RnnFormatException>(() => RnnFileReader.Read(file.ToBytes()));
        Assert.Equal(("tensor lstm1.bias", "a multiple of 64"), (exception.Section, exception.Expected));
    }

    [Fact]
    public void WriterRefusesWhatTheReaderWould()
    {
        var graph = SampleGraphs.Small().Graph;
        var golden = SampleGraphs.Golden(graph, 2);
        Assert.Throws<RnnFormatException>(() => SampleGraphs.Write(graph, golden with { TimeSteps = 3 }));
        Assert.Throws<RnnFormatException>(() => SampleGraphs.Write(graph, golden with { Outputs = golden.Outputs.Clear() }));
        Assert.Throws<RnnFormatException>(() => SampleGraphs.Write(
            new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, [.. graph.Nodes.Reverse()], graph.Metadata)));
    }

    private static JsonObject Metadata(JsonObject header) => header["__metadata__"]!.AsObject();

    private static JsonObject Node(JsonObject graph, int index) => graph["nodes"]![index]!.AsObject();

    private static void Tensor(RnnFileText file, string name, Action<JsonObject> edit) => file.EditHeader(header => edit(header[name]!.AsObject()));

    private static Span<float> Floats(RnnFileText file, string name) => MemoryMarshal.Cast<byte, float>(file.Tensor(name));
}
