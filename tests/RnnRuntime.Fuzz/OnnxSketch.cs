using System.Runtime.InteropServices;
using Google.Protobuf;
using RnnRuntime.Import.Onnx.Proto;
using AttributeKind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Fuzz;

/// <summary>Small ONNX files put together node by node.</summary>
internal sealed class OnnxSketch(int opset = 17)
{
    private readonly GraphProto _graph = new() { Name = "fuzz" };

    public OnnxSketch Input(string name, params long[] shape) => Input(name, DataType.Float, shape);

    public OnnxSketch Input(string name, DataType type, params long[] shape)
    {
        _graph.Input.Add(Value(name, type, shape));
        return this;
    }

    public OnnxSketch Floats(string name, params long[] shape)
    {
        var values = Enumerable.Range(0, (int)shape.Aggregate(1L, (product, extent) => product * extent)).Select(i => (i % 11 * 0.2f) - 1).ToArray();
        var tensor = new TensorProto { Name = name, DataType = DataType.Float, Dims = { shape } };
        if (values.Length % 2 == 0)
        {
            tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values));
        }
        else
        {
            tensor.FloatData.Add(values);
        }

        _graph.Initializer.Add(tensor);
        return this;
    }

    public OnnxSketch Tensor<T>(string name, DataType type, long[] shape, params T[] values)
        where T : unmanaged
    {
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = type, Dims = { shape }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(values)) });
        return this;
    }

    public OnnxSketch Integers(string name, params long[] values)
    {
        _graph.Initializer.Add(Vector(name, values));
        return this;
    }

    public OnnxSketch Scalar(string name, DataType type, byte[] bytes)
    {
        _graph.Initializer.Add(new TensorProto { Name = name, DataType = type, RawData = ByteString.CopyFrom(bytes) });
        return this;
    }

    /// <summary>Names of inputs and outputs stand between blanks; a dash is an absent one. What is before the operator's last point is its domain.</summary>
    public OnnxSketch Node(string type, string inputs, string outputs, params (string Name, object Value)[] attributes)
    {
        var point = type.LastIndexOf('.');
        _graph.Node.Add(new NodeProto
        {
            OpType = type[(point + 1)..],
            Domain = type[..Math.Max(0, point)],
            Name = $"{type}_{_graph.Node.Count}",
            Input = { Split(inputs) },
            Output = { Split(outputs) },
            Attribute = { attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)) },
        });
        return this;
    }

    public OnnxSketch Output(params string[] names)
    {
        _graph.Output.Add(names.Select(name => new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = DataType.Float } } }));
        return this;
    }

    public GraphProto Graph() => _graph;

    /// <summary>The default operator set's version, and version 1 of each other domain.</summary>
    public ModelProto Model() => new()
    {
        IrVersion = 8,
        OpsetImport =
        {
            new OperatorSetIdProto { Version = opset },
            _graph.Node.Select(node => node.Domain).Where(domain => domain.Length > 0).Distinct().Select(domain => new OperatorSetIdProto { Domain = domain, Version = 1 }),
        },
        Graph = _graph,
    };

    public static TensorProto Vector(string name, params long[] values) =>
        new() { Name = name, DataType = DataType.Int64, Dims = { values.Length }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(values)) };

    private static string[] Split(string names) => [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => name == "-" ? "" : name)];

    private static ValueInfoProto Value(string name, DataType type, long[] shape) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = type,
                Shape = new TensorShapeProto { Dim = { shape.Select(extent => new TensorShapeProto.Types.Dimension { DimValue = extent }) } },
            },
        },
    };

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        long number => new() { Name = name, Type = AttributeKind.Int, I = number },
        int number => new() { Name = name, Type = AttributeKind.Int, I = number },
        float number => new() { Name = name, Type = AttributeKind.Float, F = number },
        string text => new() { Name = name, Type = AttributeKind.String, S = ByteString.CopyFromUtf8(text) },
        long[] numbers => new() { Name = name, Type = AttributeKind.Ints, Ints = { numbers } },
        int[] numbers => new() { Name = name, Type = AttributeKind.Ints, Ints = { numbers.Select(number => (long)number) } },
        float[] numbers => new() { Name = name, Type = AttributeKind.Floats, Floats = { numbers } },
        string[] texts => new() { Name = name, Type = AttributeKind.Strings, Strings = { texts.Select(ByteString.CopyFromUtf8) } },
        TensorProto tensor => new() { Name = name, Type = AttributeKind.Tensor, T = tensor },
        GraphProto graph => new() { Name = name, Type = AttributeKind.Graph, G = graph },
        _ => throw new ArgumentException($"No attribute of {value.GetType()}."),
    };
}
