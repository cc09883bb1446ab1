using System.IO.Compression;
using RnnRuntime.Cli.Files;

namespace RnnRuntime.Cli.Npy;

/// <summary>NumPy .npz files: zip archives of .npy files, stored or deflated.</summary>
internal static class NpzFile
{
    private const int MaximumArrays = 10_000;

    /// <summary>Bytes of all arrays together, as they are in memory.</summary>
    private const int Limit = int.MaxValue - (1 << 20);

    private const string Extension = ".npy";

    public static bool IsArchive(ReadOnlySpan<byte> file) => file.StartsWith("PK"u8);

    public static NpyArray Find(byte[] file, string name, string source)
    {
        using var archive = Open(file, source);
        var entry = archive.GetEntry(name + Extension);
        var rest = Limit;
        return entry is not null
            ? Read(entry, source, ref rest)
            : throw new CliException($"{source}: no array '{name}'; found {string.Join(", ", archive.Entries.Select(other => $"'{NameOf(other, source)}'").DefaultIfEmpty("none"))}");
    }

    /// <summary>All arrays by name, in the archive's order.</summary>
    public static List<(string Name, NpyArray Array)> ReadAll(byte[] file, string source)
    {
        using var archive = Open(file, source);
        var arrays = new List<(string Name, NpyArray Array)>();
        var rest = Limit;
        foreach (var entry in archive.Entries)
        {
            arrays.Add((NameOf(entry, source), Read(entry, source, ref rest)));
        }

        return arrays.Select(array => array.Name).Distinct().Count() == arrays.Count
            ? arrays
            : throw new CliException($"{source}: two arrays of one name");
    }

    private static ZipArchive Open(byte[] file, string source)
    {
        try
        {
            var archive = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
            return archive.Entries.Count <= MaximumArrays
                ? archive
                : throw new CliException($"{source}: {archive.Entries.Count} arrays, above the limit of {MaximumArrays}");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw new CliException($"{source}: not a NumPy archive: {exception.Message}");
        }
    }

    private static string NameOf(ZipArchiveEntry entry, string source) => entry.FullName.EndsWith(Extension, StringComparison.Ordinal)
        ? entry.FullName[..^Extension.Length]
        : throw new CliException($"{source}: the archive holds '{Text.OneLine(entry.FullName, 60)}'; only .npy files are expected");

    private static NpyArray Read(ZipArchiveEntry entry, string source, ref int rest)
    {
        var name = $"{source}, {entry.FullName}";
        try
        {
            using var stream = entry.Open();
            var bytes = InputFile.ReadAll(stream, rest, name);
            rest -= bytes.Length;
            return NpyFile.Parse(bytes, name);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or NotSupportedException)
        {
            throw new CliException($"{name}: cannot be read: {exception.Message}");
        }
    }
}
