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
    /// <summary>The containers that have a signature, and their readers.</summary>
    private static readonly (Recogniser Recognises, Func<ReadOnlyMemory<byte>, RnnImportLimits, NamedTensors> Read)[] Containers =
    [
        (KerasFile.Recognises, (file, limits) => KerasFile.Read(file, limits, out _)),
        (PyTorchFile.Recognises, (file, limits) => PyTorchFile.Read(file, limits, out _)),
    ];

    private delegate bool Recogniser(ReadOnlySpan<byte> file);

    /// <summary>Whether the first bytes are those of a container; safetensors have no signature.</summary>
    public static bool IsContainer(ReadOnlySpan<byte> file)
    {
        foreach (var (recognises, _) in Containers)
        {
            if (recognises(file))
            {
                return true;
            }
        }

        return false;
    }

    public static NamedTensors Read(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        foreach (var (recognises, read) in Containers)
        {
            if (recognises(file.Span))
            {
                return read(file, limits);
            }
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
