using Google.Protobuf;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Onnx.Proto;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Onnx;

/// <summary>Small ONNX files made here, and reading them.</summary>
internal static class OnnxFiles
{
    public static readonly RnnImportLimits SmallLimits = new()
    {
        MaximumFileBytes = 1 << 20,
        MaximumTensorBytes = 1 << 20,
        MaximumElements = 1 << 16,
        MaximumNodes = 200,
        MaximumTensors = 200,
        MaximumNesting = 24,
    };

    public static OnnxModel Read(ModelProto model, string? folder = null, RnnImportLimits? limits = null) =>
        OnnxReader.Read(model.ToByteArray(), folder, limits ?? new RnnImportLimits());

    public static RnnImportException Refused(ModelProto model, string? folder = null, RnnImportLimits? limits = null) =>
        Assert.Throws<RnnImportException>(() => Read(model, folder, limits));

    /// <summary>x [batch, 2] + w [2] -> sum, then Relu -> y.</summary>
    public static ModelProto Model() => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "small",
            Input = { Value("x", Parameter("batch"), Extent(2)) },
            Output = { Value("y") },
            Initializer = { Floats("w", [2], 1, 2) },
            Node = { Node("Add", ["x", "w"], ["sum"]), Node("Relu", ["sum"], ["y"]) },
        },
    };

    /// <summary>The small model with one of its tensors replaced.</summary>
    public static ModelProto WithTensor(TensorProto tensor)
    {
        var model = Model();
        tensor.Name = "w";
        model.Graph.Initializer[0] = tensor;
        return model;
    }

    /// <summary>The small model with an attribute on its first node.</summary>
    public static ModelProto WithAttribute(AttributeProto attribute)
    {
        var model = Model();
        model.Graph.Node[0].Attribute.Add(attribute);
        return model;
    }

    /// <summary>A chain of If nodes, each in a branch of the one before.</summary>
    public static ModelProto Nested(int depth)
    {
        var graph = Branch("inner", 0, Node("Relu", ["x"], ["inner"]));
        for (var i = 1; i <= depth; i++)
        {
            var node = Node("If", ["c"], [$"out{i}"]);
            node.Attribute.Add(Attribute("then_branch", graph));
            graph = Branch($"out{i}", i, node);
        }

        var model = Model();
        graph.Input.Add([Value("x"), Value("c")]);
        model.Graph = graph;
        return model;
    }

    public static GraphProto Branch(string output, int index, params NodeProto[] nodes)
    {
        var graph = new GraphProto { Name = $"branch{index}", Output = { Value(output) } };
        graph.Node.Add(nodes);
        return graph;
    }

    public static NodeProto Node(string op, string[] inputs, string[] outputs, params AttributeProto[] attributes) =>
        new() { OpType = op, Input = { inputs }, Output = { outputs }, Attribute = { attributes } };

    public static AttributeProto Attribute(string name, GraphProto graph) => new() { Name = name, Type = AttributeKind.Graph, G = graph };

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, Type = AttributeKind.Int, I = value };

    public static ValueInfoProto Value(string name, params TensorShapeProto.Types.Dimension[] shape) => new()
    {
        Name = name,
        Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = DataType.Float, Shape = new TensorShapeProto { Dim = { shape } } } },
    };

    public static TensorShapeProto.Types.Dimension Extent(long extent) => new() { DimValue = extent };

    public static TensorShapeProto.Types.Dimension Parameter(string name) => new() { DimParam = name };

    public static TensorProto Floats(string name, long[] shape, params float[] values) =>
        new() { Name = name, DataType = DataType.Float, Dims = { shape }, FloatData = { values } };

    public static TensorProto Raw(DataType type, long[] shape, params byte[] bytes) =>
        new() { DataType = type, Dims = { shape }, RawData = ByteString.CopyFrom(bytes) };

    public static TensorProto External(long[] shape, params (string Key, string Value)[] entries)
    {
        var tensor = new TensorProto { DataType = DataType.Float, Dims = { shape }, DataLocation = TensorProto.Types.DataLocation.External };
        tensor.ExternalData.Add(entries.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
        return tensor;
    }
}
