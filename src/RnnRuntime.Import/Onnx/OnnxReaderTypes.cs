using System.Collections.Immutable;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Tensors;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Import.Onnx;

/// <summary>Element types, and declared types and shapes.</summary>
internal static class OnnxReaderTypes
{
    /// <summary>What a shape may have at most; array libraries stop at 32 or 64.</summary>
    public const int MaximumRank = 32;

    public static ElementType Element(DataType type, string where) => type switch
    {
        DataType.Float => ElementType.Float32,
        DataType.Double => ElementType.Float64,
        DataType.Float16 => ElementType.Float16,
        DataType.Bfloat16 => ElementType.BFloat16,
        DataType.Int8 => ElementType.Int8,
        DataType.Int16 => ElementType.Int16,
        DataType.Int32 => ElementType.Int32,
        DataType.Int64 => ElementType.Int64,
        DataType.Uint8 => ElementType.UInt8,
        DataType.Uint16 => ElementType.UInt16,
        DataType.Uint32 => ElementType.UInt32,
        DataType.Uint64 => ElementType.UInt64,
        DataType.Bool => ElementType.Bool,
        _ => throw new RnnImportException(where, $"the element type {type.ToString().ToLowerInvariant()}", "float, double, float16, bfloat16, an integer of 8 to 64 bits, or bool"),
    };

    public static OnnxValueInfo ValueInfo(ValueInfoProto value, string where)
    {
        if (value.Type is not { } type)
        {
            return new OnnxValueInfo(value.Name, null, null);
        }

        var other = type switch
        {
            { SequenceType: not null } => "sequence",
            { MapType: not null } => "map",
            { OptionalType: not null } => "optional",
            { SparseTensorType: not null } => "sparse tensor",
            { OpaqueType: not null } => "opaque",
            _ => null,
        };
        if (other is not null)
        {
            throw new RnnImportException(where, $"a value of type {other}", "a tensor");
        }

        if (type.TensorType is not { } tensor)
        {
            return new OnnxValueInfo(value.Name, null, null);
        }

        ElementType? element = tensor.ElemType == DataType.Undefined ? null : Element(tensor.ElemType, where);
        return new OnnxValueInfo(value.Name, element, tensor.Shape is { } shape ? Shape(shape, where) : null);
    }

    /// <summary>Whether a constant is what its declaration says.</summary>
    public static bool Fits(HostTensor constant, OnnxValueInfo declared) =>
        (declared.Type is not { } type || type == constant.Type)
        && (declared.Shape is not { } shape
            || (shape.Length == constant.Rank && shape.Zip(constant.Shape).All(pair => pair.First.Extent is not { } extent || extent == pair.Second)));

    private static ImmutableArray<OnnxDimension> Shape(TensorShapeProto shape, string where)
    {
        if (shape.Dim.Count > MaximumRank)
        {
            throw new RnnImportException(where, $"a shape of rank {shape.Dim.Count}", $"at most {MaximumRank}");
        }

        return [.. shape.Dim.Select(dimension => dimension switch
        {
            { HasDimParam: true, DimParam.Length: > 0 } => new OnnxDimension(null, dimension.DimParam),
            { HasDimValue: true, DimValue: >= 0 } => new OnnxDimension(dimension.DimValue, null),
            // No extent is -1: some exporters write it for an unknown one.
            { HasDimValue: true, DimValue: < -1 } => throw new RnnImportException(where, $"the extent {dimension.DimValue}", "0 or more"),
            _ => default,
        })];
    }
}
