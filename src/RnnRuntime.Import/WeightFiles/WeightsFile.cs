using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// Files that hold weights and no graph: PyTorch state dicts, safetensors, Keras HDF5. The container is told by its first bytes, not by the
/// file's name.
/// </summary>
internal static class WeightsFile
{
    private static ReadOnlySpan<byte> ZipSignature => "PK\u0003\u0004"u8;

    public static NamedTensors Read(string path, RnnImportLimits limits)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length > Math.Min(limits.MaximumFileBytes, Array.MaxLength))
        {
            throw limits.MaximumFileBytes < Array.MaxLength
                ? new RnnImportException("file", $"{stream.Length} bytes", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumFileBytes), limits.MaximumFileBytes))
                : new RnnImportException("file", $"{stream.Length} bytes", $"at most {Array.MaxLength}");
        }

        var file = new byte[stream.Length];
        stream.ReadExactly(file);
        return Read(file, limits);
    }

    /// <summary>Whether the first bytes are those of HDF5 or PyTorch; safetensors have no signature.</summary>
    public static bool IsContainer(ReadOnlySpan<byte> file) =>
        KerasFile.Recognises(file) || file.StartsWith(ZipSignature) || PyTorchFile.IsLegacy(file);

    public static NamedTensors Read(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        if (KerasFile.Recognises(file.Span))
        {
            return KerasFile.Read(file, limits, out _);
        }

        if (file.Span.StartsWith(ZipSignature) || PyTorchFile.IsLegacy(file.Span))
        {
            return PyTorchFile.Read(file, limits, out _);
        }

        return file.Length > sizeof(ulong) && file.Span[sizeof(ulong)] == (byte)'{'
            ? SafetensorsFile.Read(file, limits)
            : throw new RnnImportException("file", DescribeStart(file.Span), "a PyTorch state dict, safetensors or Keras HDF5 file");
    }

    /// <summary>Runs a reader that uses a third-party parser: whatever it throws on a hostile file leaves as an <see cref="RnnImportException"/>.</summary>
    public static T Guarded<T>(string location, string expected, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not RnnImportException)
        {
            throw new RnnImportException(location, $"something unreadable ({exception.GetType().Name}: {exception.Message})", expected, exception);
        }
    }

    /// <summary>A read-only stream over the bytes, without a copy where they lie in an array.</summary>
    public static MemoryStream OpenStream(ReadOnlyMemory<byte> file) =>
        MemoryMarshal.TryGetArray(file, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(file.ToArray(), writable: false);

    private static string DescribeStart(ReadOnlySpan<byte> file) =>
        file.Length < sizeof(ulong) ? $"{file.Length} bytes" : $"a file that begins with 0x{BinaryPrimitives.ReadUInt64BigEndian(file):X16}";
}
