using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>
/// A safetensors container, stricter than its specification: tensors are aligned, and the gaps between them are tensors of zeros. The
/// metadata can be asked for, and its version refused, before any tensor is looked at.
/// </summary>
internal sealed class SafetensorsReader : IDisposable
{
    public const int Alignment = 64;
    public const int MaxHeaderLength = 100_000_000;
    public const string MetadataKey = "__metadata__";
    public const string PaddingPrefix = "__pad.";
    private const int LengthBytes = 8;
    private const string HeaderSection = "header";

    private readonly JsonDocument _document;
    private readonly JsonFields _header;
    private readonly ReadOnlyMemory<byte> _data;

    public SafetensorsReader(ReadOnlyMemory<byte> file)
    {
        if (file.Length < LengthBytes)
        {
            throw new RnnFormatException(HeaderSection, "length", $"a file of {file.Length} bytes", $"at least {LengthBytes} bytes");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (length > MaxHeaderLength)
        {
            throw new RnnFormatException(HeaderSection, "length", $"{length}", $"at most {MaxHeaderLength}, as in a .rnn file; RnnImporter of RnnRuntime.Import reads files of other tools");
        }

        if ((long)length > file.Length - LengthBytes)
        {
            throw new RnnFormatException(HeaderSection, "length", $"{length} in a file of {file.Length} bytes", $"at most {file.Length - LengthBytes}");
        }

        var dataStart = LengthBytes + (int)length;
        if (dataStart % Alignment != 0)
        {
            throw new RnnFormatException(HeaderSection, "length", $"{length}, so that data begins at {dataStart}", $"data that begins at a multiple of {Alignment}");
        }

        _data = file[dataStart..];
        var header = file[LengthBytes..dataStart];
        if (header.Span[0] != (byte)'{')
        {
            throw new RnnFormatException(HeaderSection, "first byte", $"0x{header.Span[0]:X2}", "0x7B, an opening brace");
        }

        if (!Utf8.IsValid(header.Span))
        {
            throw new RnnFormatException(HeaderSection, "text", "bytes that are not UTF-8", "UTF-8");
        }

        _document = ParseHeader(header);
        try
        {
            _header = new JsonFields(_document.RootElement, HeaderSection);
            Metadata = ReadMetadata(_header.Object(MetadataKey));
        }
        catch
        {
            _document.Dispose();
            throw;
        }
    }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors but padding, by name. Their bytes are slices of the file. To be called once.</summary>
    public Dictionary<string, Constant> ReadTensors()
    {
        var ranges = new List<(string Name, long Begin, long End)>();
        var tensors = new Dictionary<string, Constant>(StringComparer.Ordinal);
        foreach (var name in _header.Keys.ToArray())
        {
            var section = $"tensor {Shorten(name)}";
            var fields = new JsonFields(_header.Take(name, "a tensor"), section);
            var dtype = fields.Text("dtype");
            var shape = fields.Shape("shape");
            var (begin, end) = ReadOffsets(fields, section);
            fields.End();
            var isPadding = name.StartsWith(PaddingPrefix, StringComparison.Ordinal);
            var elementSize = isPadding ? CheckPadding(section, dtype, shape) : Names.SizeOf(TypeOf(section, dtype));
            var expected = (long)shape.ElementCount * elementSize;
            if (end - begin != expected)
            {
                throw new RnnFormatException(section, "data_offsets", $"{end - begin} bytes", $"{expected} bytes for {dtype} {shape}");
            }

            if (!isPadding && begin % Alignment != 0)
            {
                throw new RnnFormatException(section, "data_offsets", $"a begin of {begin}", $"a multiple of {Alignment}");
            }

            var bytes = _data[(int)begin..(int)end];
            if (!isPadding)
            {
                tensors.Add(name, new Constant(name, TypeOf(section, dtype), shape, bytes));
            }
            else if (bytes.Span.IndexOfAnyExcept((byte)0) is var index and >= 0)
            {
                throw new RnnFormatException(section, $"data[{index}]", $"{bytes.Span[index]}", "0, as it is padding");
            }

            ranges.Add((name, begin, end));
        }

        CheckCover(ranges);
        return tensors;
    }

    public void Dispose() => _document.Dispose();

    private static JsonDocument ParseHeader(ReadOnlyMemory<byte> header)
    {
        try
        {
            return JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException exception)
        {
            throw new RnnFormatException(HeaderSection, "text", exception.Message, "one JSON object", exception);
        }
    }

    private static Dictionary<string, string> ReadMetadata(JsonFields fields)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in fields.Keys.ToArray())
        {
            metadata.Add(key, fields.Text(key));
        }

        return metadata;
    }

    private (long Begin, long End) ReadOffsets(JsonFields fields, string section)
    {
        var offsets = fields.List("data_offsets");
        if (offsets.Count != 2 || !JsonFields.ToNumber(offsets[0], out var begin) || !JsonFields.ToNumber(offsets[1], out var end))
        {
            throw new RnnFormatException(section, "data_offsets", $"[{string.Join(", ", offsets.Take(3).Select(JsonFields.Describe))}]", "two integers");
        }

        return begin >= 0 && begin <= end && end <= _data.Length
            ? (begin, end)
            : throw new RnnFormatException(section, "data_offsets", $"[{begin}, {end}]", $"a range inside 0 to {_data.Length}");
    }

    private void CheckCover(List<(string Name, long Begin, long End)> ranges)
    {
        ranges.Sort((left, right) => left.Begin.CompareTo(right.Begin));
        var position = 0L;
        foreach (var (name, begin, end) in ranges)
        {
            if (begin != position)
            {
                throw new RnnFormatException(
                    $"tensor {Shorten(name)}", "data_offsets", $"a begin of {begin}", $"{position}, where the tensor before it ends: no hole and no overlap");
            }

            position = end;
        }

        if (position != _data.Length)
        {
            throw new RnnFormatException("file", "length", $"{_data.Length} bytes of data", $"{position}, where the last tensor ends");
        }
    }

    private static int CheckPadding(string section, string dtype, TensorShape shape)
    {
        if (dtype != "U8")
        {
            throw new RnnFormatException(section, "dtype", Names.Quote(dtype), "\"U8\", as it is padding");
        }

        return shape.Rank == 1 && shape[0] < Alignment
            ? 1
            : throw new RnnFormatException(section, "shape", $"{shape}", $"[n] with n from 1 to {Alignment - 1}, as it is padding");
    }

    private static TensorType TypeOf(string section, string dtype) => dtype switch
    {
        "F32" => TensorType.Float32,
        "I32" => TensorType.Int32,
        "I8" => TensorType.Int8,
        "BF16" => TensorType.BFloat16,
        "F16" => TensorType.Float16,
        _ => throw new RnnFormatException(section, "dtype", Names.Quote(dtype), "F32, I32, I8, BF16 or F16"),
    };

    private static string Shorten(string name) => name.Length <= 80 ? name : name[..80] + "...";
}
