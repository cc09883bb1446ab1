using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Onnx;

/// <summary>Converts tensors from raw bytes, the typed fields or external data, and counts their bytes.</summary>
internal sealed class OnnxTensorReader(string? folder, RnnImportLimits limits) : IDisposable
{
    private readonly ExternalData _external = new(folder, limits.MaximumFileBytes);
    private long _bytes;

    public HostTensor Read(TensorProto tensor, string where)
    {
        if (tensor.Segment is not null)
        {
            throw new RnnImportException(where, "a segment of a tensor", "a whole tensor");
        }

        var type = OnnxReaderTypes.Element(tensor.DataType, where);
        var (shape, count) = Shape(tensor, where);
        var bytes = count * HostTensor.SizeOf(type);
        if (bytes > int.MaxValue || (_bytes += bytes) > limits.MaximumTensorBytes)
        {
            throw new RnnImportException(where, bytes > int.MaxValue ? $"{bytes} bytes" : $"{_bytes} bytes of tensors up to here",
                $"at most {int.MaxValue} in one tensor and {limits.MaximumTensorBytes} in all ({nameof(RnnImportLimits.MaximumTensorBytes)})");
        }

        var data = Data(tensor, type, (int)count, (int)bytes, where);
        if (type == ElementType.Bool && data.Span.ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw new RnnImportException(where, "a bool other than 0 and 1", "0 or 1");
        }

        return new HostTensor(type, shape, data);
    }

    public void Dispose() => _external.Dispose();

    private (ImmutableArray<int> Shape, long Count) Shape(TensorProto tensor, string where)
    {
        if (tensor.Dims.Count > OnnxReaderTypes.MaximumRank)
        {
            throw new RnnImportException(where, $"a tensor of rank {tensor.Dims.Count}", $"at most {OnnxReaderTypes.MaximumRank}");
        }

        var shape = ImmutableArray.CreateBuilder<int>(tensor.Dims.Count);
        var (limit, product, empty) = (Math.Min(limits.MaximumElements, int.MaxValue), 1L, false);
        foreach (var extent in tensor.Dims)
        {
            // The product of an empty tensor's other extents is held to the limit too: its views multiply them.
            if (extent < 0 || extent > limit || (product *= Math.Max(extent, 1)) > limit)
            {
                throw new RnnImportException(where, $"the shape [{string.Join(", ", tensor.Dims)}]",
                    $"extents of 0 or more with at most {limit} elements ({nameof(RnnImportLimits.MaximumElements)})");
            }

            empty |= extent == 0;
            shape.Add((int)extent);
        }

        return (shape.MoveToImmutable(), empty ? 0 : product);
    }

    private ReadOnlyMemory<byte> Data(TensorProto tensor, ElementType type, int count, int bytes, string where)
    {
        var typed = type switch
        {
            ElementType.Float32 => "float_data",
            ElementType.Float64 => "double_data",
            ElementType.Int64 => "int64_data",
            ElementType.UInt32 or ElementType.UInt64 => "uint64_data",
            _ => "int32_data",
        };
        string? source = null;
        Field("raw_data", tensor.RawData.Length, bytes, "bytes");
        Field("float_data", tensor.FloatData.Count, count, "elements");
        Field("int32_data", tensor.Int32Data.Count, count, "elements");
        Field("int64_data", tensor.Int64Data.Count, count, "elements");
        Field("double_data", tensor.DoubleData.Count, count, "elements");
        Field("uint64_data", tensor.Uint64Data.Count, count, "elements");
        Field("string_data", tensor.StringData.Count, count, "elements");
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default)
        {
            return source is null && tensor.DataLocation == TensorProto.Types.DataLocation.External
                ? External(tensor, bytes, where)
                : throw new RnnImportException(where, $"data_location {(int)tensor.DataLocation} with {source ?? "no data"}", "external data alone, or data in the file");
        }

        if (tensor.ExternalData.Count > 0)
        {
            throw new RnnImportException(where, "external_data of a tensor whose data_location is not external", "data in one place");
        }

        if (source is null && count > 0)
        {
            throw new RnnImportException(where, "no data", $"{bytes} bytes");
        }

        return source is null ? ReadOnlyMemory<byte>.Empty : source == "raw_data" ? tensor.RawData.Memory : Typed(tensor, type, where);

        void Field(string name, int found, int expected, string unit)
        {
            if (found == 0)
            {
                return;
            }

            if (source is not null || (name != "raw_data" && name != typed))
            {
                throw new RnnImportException(where, source is not null ? $"both {source} and {name}" : name, $"either raw_data or {typed}");
            }

            source = found == expected ? name : throw new RnnImportException(where, $"{found} {unit} of {name}", $"{expected}, what its type and shape take");
        }
    }

    /// <summary>The narrow integers and the bits of 16-bit floats lie in int32_data, and uint32 in uint64_data.</summary>
    private static ReadOnlyMemory<byte> Typed(TensorProto tensor, ElementType type, string where) => type switch
    {
        ElementType.Float32 => Same(tensor.FloatData),
        ElementType.Float64 => Same(tensor.DoubleData),
        ElementType.Int64 => Same(tensor.Int64Data),
        ElementType.UInt64 => Same(tensor.Uint64Data),
        ElementType.Int32 => Same(tensor.Int32Data),
        ElementType.UInt32 => Narrow<ulong, uint>(tensor.Uint64Data, where),
        ElementType.Int16 => Narrow<int, short>(tensor.Int32Data, where),
        ElementType.Int8 => Narrow<int, sbyte>(tensor.Int32Data, where),
        ElementType.UInt8 or ElementType.Bool => Narrow<int, byte>(tensor.Int32Data, where),
        _ => Narrow<int, ushort>(tensor.Int32Data, where),
    };

    private static ReadOnlyMemory<byte> Same<T>(RepeatedField<T> values)
        where T : unmanaged
    {
        var typed = new T[values.Count];
        values.CopyTo(typed, 0);
        return MemoryMarshal.AsBytes<T>(typed).ToArray();
    }

    private static ReadOnlyMemory<byte> Narrow<TFrom, TTo>(RepeatedField<TFrom> values, string where)
        where TFrom : unmanaged, IBinaryInteger<TFrom>
        where TTo : unmanaged, IBinaryInteger<TTo>, IMinMaxValue<TTo>
    {
        var narrow = new TTo[values.Count];
        for (var i = 0; i < narrow.Length; i++)
        {
            narrow[i] = TTo.CreateTruncating(values[i]);
            if (TFrom.CreateTruncating(narrow[i]) != values[i])
            {
                throw new RnnImportException(where, $"the value {values[i]}", $"{TTo.MinValue} to {TTo.MaxValue}");
            }
        }

        return MemoryMarshal.AsBytes<TTo>(narrow).ToArray();
    }

    private byte[] External(TensorProto tensor, int bytes, string where)
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in tensor.ExternalData)
        {
            if (entry.Key is not ("location" or "offset" or "length") || !entries.TryAdd(entry.Key, entry.Value))
            {
                throw new RnnImportException(where, $"external_data with the key '{OnnxReader.Show(entry.Key)}', unknown or given twice", "location, offset and length");
            }
        }

        return entries.TryGetValue("location", out var location)
            ? _external.Read(where, location, Number("offset") ?? 0, Number("length"), bytes)
            : throw new RnnImportException(where, "external_data without a location", "a file in the model's folder");

        long? Number(string key) => !entries.TryGetValue(key, out var text) ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new RnnImportException(where, $"external_data with the {key} '{OnnxReader.Show(text)}'", "a number");
    }
}
