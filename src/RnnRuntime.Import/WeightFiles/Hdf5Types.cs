using PureHDF;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// The number types that are read. PureHDF shows class and size but neither byte order nor the fields of a float, so the bytes of the datatype
/// message are compared.
/// </summary>
internal static class Hdf5Types
{
    public static ElementType? Find(IH5DataType type, Hdf5GuardStream stream)
    {
        ElementType? found = (type.Class, type.Size) switch
        {
            (H5DataTypeClass.FloatingPoint, 2) => ElementType.Float16,
            (H5DataTypeClass.FloatingPoint, 4) => ElementType.Float32,
            (H5DataTypeClass.FloatingPoint, 8) => ElementType.Float64,
            (H5DataTypeClass.FixedPoint, 1) => type.FixedPoint.IsSigned ? ElementType.Int8 : ElementType.UInt8,
            (H5DataTypeClass.FixedPoint, 2) => type.FixedPoint.IsSigned ? ElementType.Int16 : ElementType.UInt16,
            (H5DataTypeClass.FixedPoint, 4) => type.FixedPoint.IsSigned ? ElementType.Int32 : ElementType.UInt32,
            (H5DataTypeClass.FixedPoint, 8) => type.FixedPoint.IsSigned ? ElementType.Int64 : ElementType.UInt64,
            _ => null,
        };
        var message = stream.DatatypeMessage.Span;
        return found is { } known && !message.IsEmpty && message[1..].StartsWith(MessageOf(known)) ? found : null;
    }

    /// <summary>The little-endian datatype message after its byte of version and class: bit field, size, then the properties.</summary>
    private static byte[] MessageOf(ElementType type)
    {
        var size = (byte)HostTensor.SizeOf(type);
        var bits = (byte)(8 * size);
        return type switch
        {
            ElementType.Float16 => [0x20, 15, 0, size, 0, 0, 0, 0, 0, bits, 0, 10, 5, 0, 10, 15, 0, 0, 0],
            ElementType.Float32 => [0x20, 31, 0, size, 0, 0, 0, 0, 0, bits, 0, 23, 8, 0, 23, 127, 0, 0, 0],
            ElementType.Float64 => [0x20, 63, 0, size, 0, 0, 0, 0, 0, bits, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0],
            ElementType.Int8 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64 => [0x08, 0, 0, size, 0, 0, 0, 0, 0, bits, 0],
            _ => [0, 0, 0, size, 0, 0, 0, 0, 0, bits, 0],
        };
    }
}
