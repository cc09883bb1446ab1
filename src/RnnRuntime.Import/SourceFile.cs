using System.Buffers.Binary;
using System.Text;
using RnnRuntime.Formats;
using RnnRuntime.Import.WeightFiles;

namespace RnnRuntime.Import;

/// <summary>The kinds of model files, told by their content.</summary>
internal enum SourceKind
{
    Rnn,
    Onnx,
    Json,
    Weights,
}

/// <summary>A model file in memory.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Folder">Where external data may lie; null where the bytes come from no file.</param>
internal sealed record SourceFile(SourceKind Kind, ReadOnlyMemory<byte> Bytes, string? Folder)
{
    private const string Known = "a .rnn, ONNX, Keras HDF5, PyTorch, safetensors, RTNeural JSON or NAM file";

    public static SourceFile Open(string path, RnnImportLimits limits)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        CheckLength($"file '{Path.GetFileName(path)}'", stream.CanSeek ? stream.Length : null, limits);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Of(bytes, Path.GetDirectoryName(Path.GetFullPath(path)));
    }

    public static SourceFile Of(ReadOnlyMemory<byte> bytes, string? folder) => new(KindOf(bytes.Span), bytes, folder);

    /// <summary>Bytes that come from no file, held to the limits of one.</summary>
    public static SourceFile InMemory(ReadOnlyMemory<byte> bytes, RnnImportLimits limits)
    {
        CheckLength("file", bytes.Length, limits);
        return Of(bytes, null);
    }

    private static void CheckLength(string location, long? length, RnnImportLimits limits)
    {
        if (length is not { } bytes)
        {
            throw new RnnImportException(location, "a stream without a length", "a file");
        }

        if (bytes > Array.MaxLength)
        {
            throw new RnnImportException(location, $"{bytes} bytes", $"at most {Array.MaxLength} bytes, as it is read into memory");
        }

        if (bytes > limits.MaximumFileBytes)
        {
            throw new RnnImportException(location, $"{bytes} bytes", $"at most {limits.MaximumFileBytes} bytes (limit {nameof(RnnImportLimits.MaximumFileBytes)})");
        }
    }

    private static SourceKind KindOf(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
        {
            throw new RnnImportException("file", "no bytes", Known);
        }

        if (WeightsFile.IsContainer(file))
        {
            return SourceKind.Weights;
        }

        if (file.Length > sizeof(ulong) && file[sizeof(ulong)] == (byte)'{' &&
            BinaryPrimitives.ReadUInt64LittleEndian(file) is var header && header <= (ulong)(file.Length - sizeof(ulong)))
        {
            var key = Encoding.UTF8.GetBytes($"\"{RnnFile.VersionKey}\"");
            return file.Slice(sizeof(ulong), (int)header).IndexOf(key) >= 0 ? SourceKind.Rnn : SourceKind.Weights;
        }

        var text = file.StartsWith("\uFEFF"u8) ? file[3..] : file;
        if (text.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
        {
            return SourceKind.Json;
        }

        // A message of ONNX begins with a field that is a number or has a length.
        return (file[0] & 7) is 0 or 2 && file[0] >= 8
            ? SourceKind.Onnx
            : throw new RnnImportException("file", $"a file that begins with 0x{Convert.ToHexString(file[..Math.Min(file.Length, 8)])}", Known);
    }
}
