using System.Collections.Immutable;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Tensors;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>What the reader makes of good files.</summary>
public sealed class OnnxReaderTests
{
    [Fact]
    public void Node_test_models_are_read_with_their_inputs()
    {
        var folder = SharedModels.Folder("onnx-node");
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var core = 0;
        foreach (var test in manifest.RootElement.GetProperty("tests").EnumerateArray())
        {
            var name = test.GetProperty("name").GetString()!;
            try
            {
                var model = ReadFile(Path.Combine(folder, name, "model.onnx"));
                Assert.Equal(test.GetProperty("opset").GetInt32(), model.Opset);
                Assert.Equal(Names(test, "inputs"), model.Graph.Inputs.Select(input => input.Name));
                Assert.Equal(Names(test, "outputs"), model.Graph.Outputs.Select(output => output.Name));
                core += test.GetProperty("tier").GetString() == "core" ? 1 : 0;
            }
            catch (RnnImportException) when (test.GetProperty("tier").GetString() == "extra")
            {
            }
        }

        Assert.True(core > 100, $"{core} core models were read.");
    }

    [Theory]
    [InlineData("silero")]
    [InlineData("torch")]
    [InlineData("onnx-rnn")]
    [InlineData("charlm")]
    public void Models_are_read_with_all_their_nodes_and_tensors(string set)
    {
        foreach (var file in Directory.EnumerateFiles(SharedModels.Folder(set), "*.onnx", SearchOption.AllDirectories))
        {
            var model = ReadFile(file);
            var parsed = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
            Assert.Equal(CountNodes(parsed.Graph), CountNodes(model.Graph));
            Assert.Equal(parsed.Graph.Initializer.Count, model.Graph.Initializers.Count);
            Assert.NotEmpty(model.Graph.Inputs);
        }
    }

    [Fact]
    public void The_small_model_is_read_as_it_is()
    {
        var proto = OnnxFiles.Model();
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 3 });
        proto.MetadataProps.Add(new StringStringEntryProto { Key = "vocabulary", Value = "abc" });
        proto.Graph.Node[0].Domain = "ai.onnx";
        proto.Graph.Node[1].Name = "last";
        var model = OnnxFiles.Read(proto);

        Assert.Equal(17, model.Opset);
        Assert.Equal(3, model.OtherOpsets["com.example"]);
        Assert.Equal("abc", model.Metadata["vocabulary"]);
        Assert.Equal([new OnnxDimension(null, "batch"), new OnnxDimension(2, null)], model.Graph.Inputs.Single().Shape!.Value.AsEnumerable());
        Assert.Equal(ElementType.Float32, model.Graph.Inputs[0].Type);
        Assert.Equal(["node '#0' (Add)", "node 'last' (Relu)"], model.Graph.Nodes.Select(node => node.Location));
        Assert.Equal(["x", "w"], model.Graph.Nodes[0].Inputs.AsEnumerable());
        Assert.Equal([1f, 2f], model.Graph.Initializers["w"].Values<float>().ToArray());
    }

    [Fact]
    public void Attributes_of_every_kind_are_read()
    {
        var node = OnnxFiles.Node("Thing", ["x", "", "w"], ["sum", ""],
            new() { Name = "f", Type = AttributeKind.Float, F = 1.5f },
            new() { Name = "i", Type = AttributeKind.Int, I = -3 },
            new() { Name = "zero", Type = AttributeKind.Int },
            new() { Name = "s", Type = AttributeKind.String, S = ByteString.CopyFromUtf8("näh") },
            new() { Name = "t", Type = AttributeKind.Tensor, T = OnnxFiles.Floats("", [], 7) },
            new() { Name = "floats", Type = AttributeKind.Floats, Floats = { 1, 2 } },
            new() { Name = "ints", Type = AttributeKind.Ints, Ints = { long.MinValue, long.MaxValue } },
            new() { Name = "none", Type = AttributeKind.Ints },
            new() { Name = "strings", Type = AttributeKind.Strings, Strings = { ByteString.CopyFromUtf8("Tanh"), ByteString.Empty } },
            OnnxFiles.Attribute("g", OnnxFiles.Branch("b", 0, OnnxFiles.Node("Relu", ["x"], ["b"]))));
        var model = OnnxFiles.Model();
        model.Graph.Node[0] = node;
        var read = OnnxFiles.Read(model).Graph.Nodes[0];
        var attributes = new NodeAttributes(read);

        Assert.Equal(["x", "", "w"], read.Inputs.AsEnumerable());
        Assert.Equal(1.5f, attributes.Float("f", 0));
        Assert.Equal(-3, attributes.Integer("i", 0));
        Assert.Equal(0, attributes.Integer("zero", 1));
        Assert.Equal("näh", attributes.Text("s", ""));
        Assert.Equal([7f], attributes.Tensor("t")!.Values<float>().ToArray());
        Assert.Equal([1f, 2f], attributes.Floats("floats")!.Value.AsEnumerable());
        Assert.Equal([long.MinValue, long.MaxValue], attributes.Integers("ints")!.Value.AsEnumerable());
        Assert.Empty(attributes.Integers("none")!.Value);
        Assert.Equal(["Tanh", ""], attributes.Texts("strings")!.Value.AsEnumerable());
        Assert.Equal("Relu", attributes.Graph("g")!.Nodes.Single().Operator);
        attributes.End();
    }

    [Fact]
    public void Every_element_type_is_the_same_from_raw_and_typed_data()
    {
        Same<float>(new() { DataType = DataType.Float, FloatData = { 1.5f, -2 } }, ElementType.Float32, [1.5f, -2]);
        Same<double>(new() { DataType = DataType.Double, DoubleData = { 1.5, -2 } }, ElementType.Float64, [1.5, -2]);
        Same(new() { DataType = DataType.Float16, Int32Data = { 0x3C00, 0xFC00 } }, ElementType.Float16, [(ushort)0x3C00, (ushort)0xFC00]);
        Same(new() { DataType = DataType.Bfloat16, Int32Data = { 0x3F80, 0xFF80 } }, ElementType.BFloat16, [(ushort)0x3F80, (ushort)0xFF80]);
        Same(new() { DataType = DataType.Int8, Int32Data = { -128, 127 } }, ElementType.Int8, [(sbyte)-128, (sbyte)127]);
        Same(new() { DataType = DataType.Int16, Int32Data = { -32768, 7 } }, ElementType.Int16, [(short)-32768, (short)7]);
        Same(new() { DataType = DataType.Int32, Int32Data = { int.MinValue, 7 } }, ElementType.Int32, [int.MinValue, 7]);
        Same<long>(new() { DataType = DataType.Int64, Int64Data = { long.MinValue, 7 } }, ElementType.Int64, [long.MinValue, 7]);
        Same(new() { DataType = DataType.Uint8, Int32Data = { 0, 255 } }, ElementType.UInt8, [(byte)0, (byte)255]);
        Same(new() { DataType = DataType.Uint16, Int32Data = { 0, 65535 } }, ElementType.UInt16, [(ushort)0, (ushort)65535]);
        Same<uint>(new() { DataType = DataType.Uint32, Uint64Data = { 7, uint.MaxValue } }, ElementType.UInt32, [7u, uint.MaxValue]);
        Same<ulong>(new() { DataType = DataType.Uint64, Uint64Data = { 7, ulong.MaxValue } }, ElementType.UInt64, [7ul, ulong.MaxValue]);
        Same(new() { DataType = DataType.Bool, Int32Data = { 0, 1 } }, ElementType.Bool, [(byte)0, (byte)1]);

        static void Same<T>(TensorProto typed, ElementType type, T[] values)
            where T : unmanaged
        {
            var expected = HostTensor.Of<T>(type, [2, 1], values);
            typed.Dims.Add([2, 1]);
            foreach (var proto in new[] { typed, OnnxFiles.Raw(typed.DataType, [2, 1], expected.Data.ToArray()) })
            {
                var read = OnnxFiles.Read(OnnxFiles.WithTensor(proto)).Graph.Initializers["w"];
                Assert.Equal(type, read.Type);
                Assert.Equal([2, 1], read.Shape.AsEnumerable());
                Assert.Equal(expected.Data.ToArray(), read.Data.ToArray());
            }
        }
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(5, 0)]
    public void An_empty_tensor_needs_no_data(long rows, long columns) =>
        Assert.Equal(0, OnnxFiles.Read(OnnxFiles.WithTensor(OnnxFiles.Raw(DataType.Float, [rows, columns]))).Graph.Initializers["w"].Count);

    [Fact]
    public void An_initializer_that_is_an_input_too_is_a_constant()
    {
        var model = OnnxFiles.Model();
        model.IrVersion = 3;
        model.Graph.Input.Add(OnnxFiles.Value("w", OnnxFiles.Extent(2)));
        var read = OnnxFiles.Read(model);
        Assert.Equal("x", read.Graph.Inputs.Single().Name);
        Assert.True(read.Graph.Initializers.ContainsKey("w"));
    }

    [Fact]
    public void Branches_see_the_values_around_them_and_hide_their_own()
    {
        var model = OnnxFiles.Model();
        var node = OnnxFiles.Node("If", ["x"], ["z"],
            OnnxFiles.Attribute("then_branch", OnnxFiles.Branch("b", 0, OnnxFiles.Node("Relu", ["sum"], ["b"]))),
            OnnxFiles.Attribute("else_branch", OnnxFiles.Branch("b", 1, OnnxFiles.Node("Neg", ["w"], ["b"]))));
        model.Graph.Node.Insert(1, node);
        var branch = Assert.IsType<OnnxGraph>(OnnxFiles.Read(model).Graph.Nodes[1].Attributes["else_branch"]);
        Assert.Equal("Neg", branch.Nodes.Single().Operator);

        model.Graph.Node[2].Input[0] = "b";
        Assert.Contains("nothing makes", OnnxFiles.Refused(model).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6, "Relu", true)]
    [InlineData(5, "Relu", false)]
    [InlineData(1, "Not", true)]
    [InlineData(6, "PRelu", false)]
    [InlineData(6, "BatchNormalization", false)]
    public void Below_opset_7_an_operator_that_means_the_same_is_read(int opset, string op, bool read)
    {
        var model = OnnxFiles.Model();
        model.OpsetImport[0].Version = opset;
        model.Graph.Node[0] = OnnxFiles.Node("Not", ["x"], ["sum"],
            OnnxFiles.Attribute("g", OnnxFiles.Branch("b", 0, OnnxFiles.Node(op, ["x"], ["b"]))));
        model.Graph.Node[1].OpType = "Identity";
        if (read)
        {
            Assert.Equal(opset, OnnxFiles.Read(model).Opset);
        }
        else
        {
            Assert.Contains($"opset {opset} with the operator {op}", OnnxFiles.Refused(model).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_extent_of_minus_one_is_unknown()
    {
        var model = OnnxFiles.Model();
        model.Graph.Input[0] = OnnxFiles.Value("x", OnnxFiles.Extent(-1), OnnxFiles.Parameter(""), new());
        Assert.Equal(Enumerable.Repeat(default(OnnxDimension), 3), OnnxFiles.Read(model).Graph.Inputs[0].Shape!.Value.AsEnumerable());
    }

    [Theory]
    [InlineData(6, "2-byte documentation of a model")]
    public void Documentation_is_skipped(uint number, string text)
    {
        byte[] bytes = [.. OnnxFiles.Model().ToByteArray(), (byte)((number << 3) | 2), (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)];
        Assert.Equal(2, OnnxReader.Read(bytes, null, new RnnImportLimits()).Graph.Nodes.Length);
    }

    [Fact]
    public void The_schema_of_the_wire_check_is_that_of_the_parser()
    {
        (OnnxMessage Message, MessageDescriptor Descriptor)[] all =
        [
            (OnnxMessage.Model, ModelProto.Descriptor), (OnnxMessage.OperatorSet, OperatorSetIdProto.Descriptor), (OnnxMessage.Entry, StringStringEntryProto.Descriptor),
            (OnnxMessage.Graph, GraphProto.Descriptor), (OnnxMessage.Node, NodeProto.Descriptor), (OnnxMessage.Attribute, AttributeProto.Descriptor),
            (OnnxMessage.Tensor, TensorProto.Descriptor), (OnnxMessage.ValueInfo, ValueInfoProto.Descriptor), (OnnxMessage.Type, TypeProto.Descriptor),
            (OnnxMessage.TensorType, TypeProto.Types.Tensor.Descriptor), (OnnxMessage.Shape, TensorShapeProto.Descriptor),
            (OnnxMessage.Dimension, TensorShapeProto.Types.Dimension.Descriptor),
        ];
        Assert.Equal(Enum.GetValues<OnnxMessage>(), all.Select(pair => pair.Message));
        foreach (var (message, descriptor) in all)
        {
            var read = OnnxReaderSchema.Of(message).Where(field => field.Kind != OnnxFieldKind.Skipped);
            Assert.Equal(
                descriptor.Fields.InFieldNumberOrder().Select(field => (field.FieldNumber, field.Name, Kind(field))),
                read.Select(field => (field.Number, field.Name, field.Kind)));
            foreach (var field in read.Where(field => field.Kind == OnnxFieldKind.Message))
            {
                Assert.Same(descriptor.FindFieldByNumber(field.Number).MessageType, all[(int)field.Message].Descriptor);
            }
        }

        static OnnxFieldKind Kind(FieldDescriptor field) => field.FieldType switch
        {
            FieldType.Message when field.MessageType == Unread.Descriptor => OnnxFieldKind.Unread,
            FieldType.Message => OnnxFieldKind.Message,
            FieldType.String or FieldType.Bytes => OnnxFieldKind.Text,
            FieldType.Double => OnnxFieldKind.Fixed64s,
            FieldType.Float => field.IsRepeated ? OnnxFieldKind.Fixed32s : OnnxFieldKind.Fixed32,
            _ => field.IsRepeated ? OnnxFieldKind.Varints : OnnxFieldKind.Varint,
        };
    }

    private static OnnxModel ReadFile(string path) => OnnxReader.Read(File.ReadAllBytes(path), Path.GetDirectoryName(path), new RnnImportLimits());

    private static IEnumerable<string?> Names(JsonElement test, string property) =>
        test.GetProperty(property).EnumerateArray().Select(value => value.GetProperty("name").GetString());

    private static int CountNodes(GraphProto graph) =>
        graph.Node.Sum(node => 1 + node.Attribute.Where(attribute => attribute.G is not null).Sum(attribute => CountNodes(attribute.G)));

    private static int CountNodes(OnnxGraph graph) =>
        graph.Nodes.Sum(node => 1 + node.Attributes.Values.OfType<OnnxGraph>().Sum(CountNodes));
}
