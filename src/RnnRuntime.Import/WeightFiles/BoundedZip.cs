using System.IO.Compression;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// A zip archive in memory that cannot be a bomb: the number of entries, every declared length and the bytes of all reads together are checked
/// before they are allocated.
/// </summary>
internal sealed class BoundedZip : IDisposable
{
    private const int EntriesBesideTensors = 1000;

    // Deflate cannot expand more than 1032 times; the constant covers the smallest streams.
    private const long MaximumExpansion = 1032;
    private const long ExpansionSlack = 1024;

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly RnnImportLimits _limits;
    private long _bytesLeft;

    public BoundedZip(ReadOnlyMemory<byte> file, RnnImportLimits limits)
    {
        _limits = limits;
        _bytesLeft = limits.MaximumTensorBytes;
        CheckEntryCount(file.Span, limits);
        _archive = new ZipArchive(WeightsFile.OpenStream(file), ZipArchiveMode.Read);
        foreach (var entry in _archive.Entries)
        {
            if (!_entries.TryAdd(entry.FullName, entry))
            {
                throw new RnnImportException("zip", $"the entry '{TensorCollector.Shorten(entry.FullName)}' twice", "every entry once");
            }
        }
    }

    public IEnumerable<string> Names => _entries.Keys;

    public bool Contains(string name) => _entries.ContainsKey(name);

    public long LengthOf(string name) => Find(name).Length;

    public byte[] Read(string name, long maximumLength)
    {
        var entry = Find(name);
        var location = $"zip entry '{TensorCollector.Shorten(name)}'";
        var possible = (entry.CompressedLength * MaximumExpansion) + ExpansionSlack;
        if (entry.Length < 0 || entry.Length > Math.Min(Math.Min(maximumLength, possible), Array.MaxLength))
        {
            throw new RnnImportException(location, $"a length of {entry.Length} from {entry.CompressedLength} bytes", $"at most {Math.Min(maximumLength, possible)}");
        }

        if (entry.Length > _bytesLeft)
        {
            throw new RnnImportException(
                location, $"{entry.Length} bytes more", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumTensorBytes), _limits.MaximumTensorBytes) + " in all entries");
        }

        _bytesLeft -= entry.Length;
        using var stream = entry.Open();
        var bytes = new byte[entry.Length];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length == bytes.Length && stream.ReadByte() < 0
            ? bytes
            : throw new RnnImportException(location, length < bytes.Length ? $"{length} bytes" : $"more than {length} bytes", $"{bytes.Length}, as declared");
    }

    public void Dispose() => _archive.Dispose();

    /// <summary>Every entry has a signature in the central directory: their number bounds what the archive allocates.</summary>
    private static void CheckEntryCount(ReadOnlySpan<byte> file, RnnImportLimits limits)
    {
        var maximum = (long)limits.MaximumTensors + EntriesBesideTensors;
        var count = 0L;
        while (file.IndexOf("PK\u0001\u0002"u8) is var index and >= 0)
        {
            file = file[(index + 4)..];
            if (++count > maximum)
            {
                throw new RnnImportException("zip", $"more than {maximum} entries", TensorCollector.LimitAdvice(nameof(RnnImportLimits.MaximumTensors), limits.MaximumTensors));
            }
        }
    }

    private ZipArchiveEntry Find(string name) =>
        _entries.TryGetValue(name, out var entry) ? entry : throw new RnnImportException("zip", $"no entry '{TensorCollector.Shorten(name)}'", "an entry for every storage");
}
