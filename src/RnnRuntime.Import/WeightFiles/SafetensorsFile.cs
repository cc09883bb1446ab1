using System.Buffers.Binary;
using System.Text.Json;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// safetensors as its specification has it: a length, a JSON header, then the tensors with no hole and no overlap. Unlike the reader of
/// <c>.rnn</c> it takes every dtype of <see cref="ElementType"/> and asks for no alignment. The metadata is free text and carries no weights.
/// </summary>
internal static class SafetensorsFile
{
    private const int LengthBytes = 8;
    private const int MaximumHeaderLength = 100_000_000;
    private const string MetadataKey = "__metadata__";
    private const string Expected = "a safetensors file";

    public static NamedTensors Read(ReadOnlyMemory<byte> file, RnnImportLimits limits) =>
        WeightsFile.Guarded("safetensors header", Expected, () => ReadCore(file, limits));

    private static NamedTensors ReadCore(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        if (file.Length < LengthBytes)
        {
            throw new RnnImportException("safetensors header", $"a file of {file.Length} bytes", $"at least {LengthBytes}");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        var longest = Math.Min(MaximumHeaderLength, file.Length - LengthBytes);
        if (length > (ulong)longest)
        {
            throw new RnnImportException("safetensors header", $"a length of {length}", $"at most {longest} in this file");
        }

        var data = file[(LengthBytes + (int)length)..];
        using var document = JsonDocument.Parse(file.Slice(LengthBytes, (int)length), new JsonDocumentOptions { MaxDepth = 8 });
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new RnnImportException("safetensors header", $"{document.RootElement.ValueKind}", "an object");
        }

        var collector = new TensorCollector("safetensors", limits);
        var ranges = new List<(string Name, long Begin, long End)>();
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Name != MetadataKey)
            {
                ranges.Add(ReadTensor(property.Name, property.Value, data, collector));
            }
        }

        CheckCover(ranges, data.Length);
        return collector.ToNamedTensors();
    }

    private static (string Name, long Begin, long End) ReadTensor(string name, JsonElement fields, ReadOnlyMemory<byte> data, TensorCollector collector)
    {
        var location = TensorCollector.Describe(name);
        if (fields.ValueKind != JsonValueKind.Object || fields.GetPropertyCount() != 3
            || !fields.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !fields.TryGetProperty("shape", out var shapeField) || !TryReadIntegers(shapeField, out var shape)
            || !fields.TryGetProperty("data_offsets", out var offsetsField) || !TryReadIntegers(offsetsField, out var offsets) || offsets.Length != 2)
        {
            throw new RnnImportException(location, TensorCollector.Shorten(fields.GetRawText()), "an object of dtype, shape and two data_offsets");
        }

        var type = TypeOf(location, dtype.GetString()!);
        var bytes = collector.Reserve(name, type, shape);
        var (begin, end) = (offsets[0], offsets[1]);
        if (begin < 0 || begin > end || end > data.Length || end - begin != bytes)
        {
            throw new RnnImportException(location, $"data_offsets [{begin}, {end}]", $"{bytes} bytes inside 0 to {data.Length}");
        }

        collector.Add(name, type, shape, data.Slice((int)begin, bytes));
        return (name, begin, end);
    }

    private static bool TryReadIntegers(JsonElement list, out long[] values)
    {
        values = [];
        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        values = new long[list.GetArrayLength()];
        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out values[index++]))
            {
                return false;
            }
        }

        return true;
    }

    private static void CheckCover(List<(string Name, long Begin, long End)> ranges, long length)
    {
        ranges.Sort((left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
        var position = 0L;
        foreach (var (name, begin, end) in ranges)
        {
            if (begin != position)
            {
                throw new RnnImportException(TensorCollector.Describe(name), $"data that begins at {begin}", $"{position}, where the tensor before it ends");
            }

            position = end;
        }

        if (position != length)
        {
            throw new RnnImportException("safetensors data", $"{length} bytes", $"{position}, where the last tensor ends");
        }
    }

    private static ElementType TypeOf(string location, string dtype) => dtype switch
    {
        "F64" => ElementType.Float64,
        "F32" => ElementType.Float32,
        "F16" => ElementType.Float16,
        "BF16" => ElementType.BFloat16,
        "I8" => ElementType.Int8,
        "I16" => ElementType.Int16,
        "I32" => ElementType.Int32,
        "I64" => ElementType.Int64,
        "U8" => ElementType.UInt8,
        "U16" => ElementType.UInt16,
        "U32" => ElementType.UInt32,
        "U64" => ElementType.UInt64,
        "BOOL" => ElementType.Bool,
        _ => throw new RnnImportException(location, $"dtype '{TensorCollector.Shorten(dtype)}'", "F64, F32, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64 or BOOL"),
    };
}
