using Google.Protobuf;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Onnx.Proto;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>What the reader refuses, and how it names it.</summary>
public sealed class OnnxReaderRefusalTests
{
    public static TheoryData<string, string> Models => [.. Changes.Select(change => new TheoryDataRow<string, string>(change.Key, change.Value.Text))];

    private static readonly Dictionary<string, (string Text, Action<ModelProto> Change)> Changes = new()
    {
        ["old IR"] = ("IR version 2", model => model.IrVersion = 2),
        ["new IR"] = ("IR version 14", model => model.IrVersion = 14),
        ["no opset"] = ("no version of the default operator set", model => model.OpsetImport.Clear()),
        ["old opset"] = ("opset 6 with the operator Add, expected opset 7 to 22", model => model.OpsetImport[0].Version = 6),
        ["no such opset"] = ("opset 0", model => model.OpsetImport[0].Version = 0),
        ["new opset"] = ("opset 23, expected opset 7 to 22; export the model", model => model.OpsetImport[0].Version = 23),
        ["huge opset"] = ($"opset {long.MaxValue}", model => model.OpsetImport[0].Version = long.MaxValue),
        ["two opsets"] = ("the domain '' twice", model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx", Version = 17 })),
        ["training"] = ("training_info", model => model.TrainingInfo.Add(new Unread())),
        ["functions"] = ("functions", model => model.Functions.Add(new Unread())),
        ["metadata twice"] = ("the key 'a' twice", model => model.MetadataProps.Add([new() { Key = "a" }, new() { Key = "a" }])),
        ["no graph"] = ("no graph", model => model.Graph = null),
        ["no outputs"] = ("no outputs", model => model.Graph.Output.Clear()),
        ["sparse initializer"] = ("graph 'small': found a sparse initializer", model => model.Graph.SparseInitializer.Add(new Unread())),
        ["sequence input"] = ("input 'x': found a value of type sequence", model => model.Graph.Input[0].Type = new TypeProto { SequenceType = new Unread() }),
        ["map input"] = ("input 'x': found a value of type map", model => model.Graph.Input[0].Type = new TypeProto { MapType = new Unread() }),
        ["optional output"] = ("output 'y': found a value of type optional", model => model.Graph.Output[0].Type = new TypeProto { OptionalType = new Unread() }),
        ["sparse input"] = ("of type sparse tensor", model => model.Graph.Input[0].Type = new TypeProto { SparseTensorType = new Unread() }),
        ["string input"] = ("input 'x': found the element type string", model => model.Graph.Input[0].Type.TensorType.ElemType = DataType.String),
        ["negative extent"] = ("input 'x': found the extent -2", model => model.Graph.Input[0] = OnnxFiles.Value("x", OnnxFiles.Extent(-2))),
        ["input twice"] = ("input 'x': found a name that another value has", model => model.Graph.Input.Add(OnnxFiles.Value("x"))),
        ["input without name"] = ("an empty name", model => model.Graph.Input.Add(OnnxFiles.Value(""))),
        ["constant input twice"] = ("input 'w': found a second input", model => model.Graph.Input.Add([OnnxFiles.Value("w", OnnxFiles.Extent(2)), OnnxFiles.Value("w", OnnxFiles.Extent(2))])),
        ["constant input of other shape"] = ("input 'w': found a declared type or shape", model => model.Graph.Input.Add(OnnxFiles.Value("w", OnnxFiles.Extent(3)))),
        ["initializer twice"] = ("initializer 'w': found a name", model => model.Graph.Initializer.Add(OnnxFiles.Floats("w", [1], 1))),
        ["output twice"] = ("output 'y': found a second output", model => model.Graph.Output.Add(OnnxFiles.Value("y"))),
        ["unknown output"] = ("output 'z': found a value that nothing makes", model => model.Graph.Output.Add(OnnxFiles.Value("z"))),
        ["no operator"] = ("node '#1' (): found no op_type", model => model.Graph.Node[1].OpType = ""),
        ["overload"] = ("node '#1' (Relu): found the overload", model => model.Graph.Node[1].Overload = "fast"),
        ["unknown value"] = ("node '#1' (Relu), input 'other': found a value that nothing makes", model => model.Graph.Node[1].Input[0] = "other"),
        ["unsorted"] = ("node '#0' (Relu), input 'sum': found a value that this or a later node makes", model => (model.Graph.Node[0], model.Graph.Node[1]) = (model.Graph.Node[1], model.Graph.Node[0].Clone())),
        ["cycle"] = ("node '#0' (Add), input 'y': found a value that this or a later node makes", model => model.Graph.Node[0].Input[1] = "y"),
        ["value made twice"] = ("node '#1' (Relu), output 'sum': found a name that another value has", model => model.Graph.Node[1].Output.Add("sum")),
        ["branch hides a value"] = ("node '#0' (Add), attribute g, node '#0' (Neg), output 'x'", model => model.Graph.Node[0].Attribute.Add(
            OnnxFiles.Attribute("g", OnnxFiles.Branch("x", 0, OnnxFiles.Node("Neg", ["w"], ["x"]))))),
        ["branch with a sequence"] = ("attribute g, output 'b': found a value of type sequence", model => model.Graph.Node[0].Attribute.Add(
            OnnxFiles.Attribute("g", new GraphProto
            {
                Node = { OnnxFiles.Node("Neg", ["w"], ["b"]) },
                Output = { new ValueInfoProto { Name = "b", Type = new TypeProto { SequenceType = new Unread() } } },
            }))),
    };

    private static readonly (string Text, AttributeProto Attribute)[] Attributes =
    [
        ("a reference to the function attribute 'outer'", new() { Type = AttributeKind.Int, RefAttrName = "outer" }),
        ("a value of type undefined", new()),
        ("the field i, of another type", new() { I = 3 }),
        ("the field floats, of another type than the attribute's int", new() { Type = AttributeKind.Int, I = 3, Floats = { 1 } }),
        ("no value", new() { Type = AttributeKind.Tensor }),
        ("no value", new() { Type = AttributeKind.Graph }),
        ("a string that is no UTF-8", new() { Type = AttributeKind.String, S = ByteString.CopyFrom(0xFF) }),
        ("a value of type tensors", new() { Type = AttributeKind.Tensors, Tensors = { new Unread() } }),
        ("a value of type graphs", new() { Type = AttributeKind.Graphs, Graphs = { new Unread() } }),
        ("a value of type sparsetensor", new() { Type = AttributeKind.SparseTensor, SparseTensor = new Unread() }),
        ("a value of type sparsetensors", new() { Type = AttributeKind.SparseTensors, SparseTensors = { new Unread() } }),
        ("a value of type typeproto", new() { Type = AttributeKind.TypeProto, Tp = new Unread() }),
        ("a value of type typeprotos", new() { Type = AttributeKind.TypeProtos, TypeProtos = { new Unread() } }),
        ("a value of type 99", new() { Type = (AttributeKind)99 }),
        ("the element type string", new() { Type = AttributeKind.Tensor, T = new() { DataType = DataType.String } }),
    ];

    private static readonly (string Text, TensorProto Tensor)[] Tensors =
    [
        ("the element type undefined", new()),
        ("the element type string", new() { DataType = DataType.String, StringData = { ByteString.Empty }, Dims = { 1 } }),
        ("the element type complex64", new() { DataType = DataType.Complex64, FloatData = { 1, 2 }, Dims = { 1 } }),
        ("the element type float8e4m3fn", new() { DataType = DataType.Float8E4M3Fn }),
        ("the element type 77", new() { DataType = (DataType)77 }),
        ("a segment", new() { DataType = DataType.Float, Segment = new Unread() }),
        ("no data", new() { DataType = DataType.Float }),
        ("3 bytes of raw_data, expected 4", OnnxFiles.Raw(DataType.Float, [1], 1, 2, 3)),
        ("8 bytes of raw_data, expected 4", OnnxFiles.Raw(DataType.Float, [1], 1, 2, 3, 4, 5, 6, 7, 8)),
        ("4 bytes of raw_data, expected 0", OnnxFiles.Raw(DataType.Float, [0], 1, 2, 3, 4)),
        ("1 elements of float_data, expected 2", OnnxFiles.Floats("", [2], 1)),
        ("both raw_data and float_data", new() { DataType = DataType.Float, Dims = { 1 }, FloatData = { 1 }, RawData = ByteString.CopyFrom(1, 2, 3, 4) }),
        ("int32_data, expected either raw_data or float_data", new() { DataType = DataType.Float, Dims = { 1 }, Int32Data = { 1 } }),
        ("the shape [-1]", OnnxFiles.Raw(DataType.Float, [-1])),
        ("the shape [4294967296, 4294967296]", OnnxFiles.Raw(DataType.Float, [1L << 32, 1L << 32])),
        ("the shape [2147483647, 2147483647, 0]", OnnxFiles.Raw(DataType.Float, [int.MaxValue, int.MaxValue, 0])),
        ("a tensor of rank 33", OnnxFiles.Raw(DataType.Float, [.. Enumerable.Repeat(1L, 33)], 1, 2, 3, 4)),
        ("the value 128, expected -128 to 127", new() { DataType = DataType.Int8, Dims = { 1 }, Int32Data = { 128 } }),
        ("the value -1, expected 0 to 65535", new() { DataType = DataType.Float16, Dims = { 1 }, Int32Data = { -1 } }),
        ("the value 4294967296, expected 0 to 4294967295", new() { DataType = DataType.Uint32, Dims = { 1 }, Uint64Data = { 1UL << 32 } }),
        ("a bool other than 0 and 1", new() { DataType = DataType.Bool, Dims = { 1 }, Int32Data = { 2 } }),
        ("a bool other than 0 and 1", OnnxFiles.Raw(DataType.Bool, [1], 255)),
    ];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_is_refused(string change, string text)
    {
        var model = OnnxFiles.Model();
        Changes[change].Change(model);
        Assert.Contains(text, OnnxFiles.Refused(model).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attributes_that_no_model_holds_are_refused()
    {
        foreach (var (text, attribute) in Attributes)
        {
            var named = new AttributeProto(attribute) { Name = "a" };
            var error = OnnxFiles.Refused(OnnxFiles.WithAttribute(named));
            Assert.Equal("node '#0' (Add), attribute a", error.Location);
            Assert.Contains(text, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_attribute_that_is_given_twice_is_refused()
    {
        var model = OnnxFiles.WithAttribute(OnnxFiles.Attribute("a", 1));
        model.Graph.Node[0].Attribute.Add(OnnxFiles.Attribute("a", 1));
        Assert.Contains("a second attribute", OnnxFiles.Refused(model).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_are_not_what_they_say_are_refused()
    {
        foreach (var (text, tensor) in Tensors)
        {
            var error = OnnxFiles.Refused(OnnxFiles.WithTensor(tensor.Clone()));
            Assert.Equal("initializer 'w'", error.Location);
            Assert.Contains(text, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Model: found field 31", 0xF8, 0x01, 0x00)]
    [InlineData("Model: found field graph with wire type 0", 0x38, 0x01)]
    [InlineData("Model: found field ir_version with wire type 2", 0x0A, 0x00)]
    [InlineData("the field tag 0", 0x00)]
    [InlineData("field graph of 5 bytes", 0x3A, 0x05, 0x0A)]
    [InlineData("a number without an end", 0x08, 0x80)]
    [InlineData("a number without an end", 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)]
    [InlineData("Graph: found field 3", 0x3A, 0x02, 0x18, 0x00)]
    [InlineData("Node: found field 11", 0x3A, 0x04, 0x0A, 0x02, 0x58, 0x00)]
    [InlineData("field float_data of 3 bytes, expected a multiple of 4", 0x3A, 0x07, 0x2A, 0x05, 0x22, 0x03, 1, 2, 3)]
    [InlineData("field int64_data that breaks off", 0x3A, 0x05, 0x2A, 0x03, 0x3A, 0x01, 0x80)]
    public void Bytes_that_the_schema_does_not_know_are_refused(string text, params int[] bytes)
    {
        byte[] file = [.. OnnxFiles.Model().ToByteArray(), .. bytes.Select(value => (byte)value)];
        var error = Assert.Throws<RnnImportException>(() => OnnxReader.Read(file, null, new RnnImportLimits()));
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_refused() => Assert.Throws<RnnImportException>(() => OnnxReader.Read(default, null, new RnnImportLimits()));

    [Fact]
    public void Every_truncation_is_refused_or_a_model()
    {
        var file = OnnxFiles.Model().ToByteArray();
        for (var length = 0; length < file.Length; length++)
        {
            try
            {
                OnnxReader.Read(file.AsMemory(0, length), null, new RnnImportLimits());
            }
            catch (RnnImportException)
            {
            }
        }
    }

    [Fact]
    public void A_name_that_is_no_text_is_refused()
    {
        var file = OnnxFiles.Model().ToByteArray();
        var at = file.AsSpan().IndexOf("Relu"u8);
        file[at] = 0xFF;
        var error = Assert.Throws<RnnImportException>(() => OnnxReader.Read(file, null, new RnnImportLimits()));
        Assert.Contains("no ONNX model", error.Message, StringComparison.Ordinal);
    }
}
