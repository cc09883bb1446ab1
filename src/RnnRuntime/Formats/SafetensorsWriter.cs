using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>Writes a container that <see cref="SafetensorsReader"/> reads: the same arguments, the same bytes.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Quotes inside strings are written as \" instead of \u0022, which keeps the graph readable in the header.</summary>
    public static JsonWriterOptions JsonOptions => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Stream stream, IReadOnlyCollection<KeyValuePair<string, string>> metadata, IReadOnlyList<Constant> tensors)
    {
        var header = new ArrayBufferWriter<byte>();
        var dataLength = WriteHeader(header, metadata, tensors);
        var padding = Gap(8L + header.WrittenCount);
        header.GetSpan(padding)[..padding].Fill((byte)' ');
        header.Advance(padding);
        if (header.WrittenCount > SafetensorsReader.MaxHeaderLength)
        {
            throw new RnnFormatException("header", "length", $"{header.WrittenCount}", $"at most {SafetensorsReader.MaxHeaderLength}");
        }

        if (8L + header.WrittenCount + dataLength is var total and > int.MaxValue)
        {
            throw new RnnFormatException("file", "length", $"{total} bytes", $"at most {int.MaxValue} bytes");
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.WrittenCount);
        stream.Write(length);
        stream.Write(header.WrittenSpan);
        var position = 0L;
        Span<byte> zeros = stackalloc byte[SafetensorsReader.Alignment];
        zeros.Clear();
        foreach (var tensor in tensors)
        {
            stream.Write(zeros[..Gap(position)]);
            stream.Write(tensor.Data.Span);
            position += Gap(position) + tensor.Data.Length;
        }
    }

    /// <summary>Writes the header without its padding and returns the length of the data.</summary>
    private static long WriteHeader(
        ArrayBufferWriter<byte> buffer, IReadOnlyCollection<KeyValuePair<string, string>> metadata, IReadOnlyList<Constant> tensors)
    {
        using var json = new Utf8JsonWriter(buffer, JsonOptions);
        json.WriteStartObject();
        json.WriteStartObject(SafetensorsReader.MetadataKey);
        foreach (var (key, text) in metadata)
        {
            json.WriteString(key, text);
        }

        json.WriteEndObject();
        var position = 0L;
        var paddings = 0;
        foreach (var tensor in tensors)
        {
            if (Gap(position) is var gap and > 0)
            {
                WriteTensor(json, $"{SafetensorsReader.PaddingPrefix}{paddings++}", "U8", [gap], position, gap);
                position += gap;
            }

            WriteTensor(json, tensor.Name, DtypeOf(tensor.Type), tensor.Shape.Dimensions.AsSpan(), position, tensor.Data.Length);
            position += tensor.Data.Length;
        }

        json.WriteEndObject();
        json.Flush();
        return position;
    }

    private static void WriteTensor(Utf8JsonWriter json, string name, string dtype, ReadOnlySpan<int> shape, long begin, long length)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", dtype);
        json.WriteStartArray("shape");
        foreach (var extent in shape)
        {
            json.WriteNumberValue(extent);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(begin + length);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int Gap(long position) => (int)(-position & (SafetensorsReader.Alignment - 1));

    private static string DtypeOf(TensorType type) => type switch
    {
        TensorType.Float32 => "F32",
        TensorType.Int32 => "I32",
        TensorType.Int8 => "I8",
        TensorType.BFloat16 => "BF16",
        TensorType.Float16 => "F16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
