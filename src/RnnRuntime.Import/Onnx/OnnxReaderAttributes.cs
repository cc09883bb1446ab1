using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using RnnRuntime.Import.Onnx.Proto;
using Kind = RnnRuntime.Import.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace RnnRuntime.Import.Onnx;

/// <summary>Converts a node's attributes: exactly the field that the type names must be there.</summary>
internal static class OnnxReaderAttributes
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly (Kind Kind, string Field, Func<AttributeProto, bool> Has)[] Fields =
    [
        (Kind.Float, "f", attribute => attribute.HasF),
        (Kind.Int, "i", attribute => attribute.HasI),
        (Kind.String, "s", attribute => attribute.HasS),
        (Kind.Tensor, "t", attribute => attribute.T is not null),
        (Kind.Graph, "g", attribute => attribute.G is not null),
        (Kind.Floats, "floats", attribute => attribute.Floats.Count > 0),
        (Kind.Ints, "ints", attribute => attribute.Ints.Count > 0),
        (Kind.Strings, "strings", attribute => attribute.Strings.Count > 0),
        (Kind.Tensors, "tensors", attribute => attribute.Tensors.Count > 0),
        (Kind.Graphs, "graphs", attribute => attribute.Graphs.Count > 0),
        (Kind.SparseTensor, "sparse_tensor", attribute => attribute.SparseTensor is not null),
        (Kind.SparseTensors, "sparse_tensors", attribute => attribute.SparseTensors.Count > 0),
        (Kind.TypeProto, "tp", attribute => attribute.Tp is not null),
        (Kind.TypeProtos, "type_protos", attribute => attribute.TypeProtos.Count > 0),
    ];

    public static ImmutableDictionary<string, object> Read(NodeProto node, string nodePlace, OnnxReaderGraph graphs, OnnxTensorReader tensors)
    {
        if (node.Attribute.Count == 0)
        {
            return ImmutableDictionary<string, object>.Empty;
        }

        var attributes = ImmutableDictionary.CreateBuilder<string, object>();
        foreach (var attribute in node.Attribute)
        {
            var where = $"{nodePlace}, attribute {OnnxReader.Show(attribute.Name)}";
            if (attribute.Name.Length == 0 || attributes.ContainsKey(attribute.Name))
            {
                throw new RnnImportException(where, attribute.Name.Length == 0 ? "no name" : "a second attribute of that name", "each name once");
            }

            attributes.Add(attribute.Name, Value(attribute, where, graphs, tensors));
        }

        return attributes.ToImmutable();
    }

    private static object Value(AttributeProto attribute, string where, OnnxReaderGraph graphs, OnnxTensorReader tensors)
    {
        if (attribute.RefAttrName.Length > 0)
        {
            throw new RnnImportException(where, $"a reference to the function attribute '{OnnxReader.Show(attribute.RefAttrName)}'", "a value");
        }

        foreach (var (kind, field, has) in Fields)
        {
            if (kind != attribute.Type && has(attribute))
            {
                throw new RnnImportException(where, $"the field {field}, of another type than the attribute's {attribute.Type.ToString().ToLowerInvariant()}", "the field of its type only");
            }
        }

        // An absent f, i or s is 0 or empty: proto3 writers leave these values out.
        return attribute.Type switch
        {
            Kind.Float => attribute.F,
            Kind.Int => attribute.I,
            Kind.String => Text(attribute.S, where),
            Kind.Tensor => tensors.Read(attribute.T ?? throw Missing(), where),
            Kind.Graph => graphs.Read(attribute.G ?? throw Missing(), where + ", "),
            Kind.Floats => ImmutableArray.CreateRange(attribute.Floats),
            Kind.Ints => ImmutableArray.CreateRange(attribute.Ints),
            Kind.Strings => ImmutableArray.CreateRange(attribute.Strings.Select(text => Text(text, where))),
            var other => throw new RnnImportException(where, $"a value of type {other.ToString().ToLowerInvariant()}", "float, int, string, tensor, graph, floats, ints or strings"),
        };

        RnnImportException Missing() => new(where, "no value", "a value of its type");
    }

    private static string Text(ByteString bytes, string where)
    {
        try
        {
            return Utf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new RnnImportException(where, "a string that is no UTF-8", "UTF-8 text", error);
        }
    }
}
