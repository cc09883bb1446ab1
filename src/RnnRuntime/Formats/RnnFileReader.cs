using System.Collections.Immutable;
using System.Globalization;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>
/// Bytes of a <c>.rnn</c> file to a graph, as FORMAT.md says. Constants are slices of the given memory. Whatever the bytes are, the result is
/// a valid graph or an <see cref="RnnFormatException"/>, and what is allocated is bounded by the file's own size.
/// </summary>
internal static class RnnFileReader
{
    public static RnnFile Read(ReadOnlyMemory<byte> file)
    {
        using var container = new SafetensorsReader(file);
        CheckVersion(container.Metadata);
        var metadata = ReadMetadata(container.Metadata);
        var tensors = container.ReadTensors();
        if (!container.Metadata.TryGetValue(RnnFile.GraphKey, out var text))
        {
            throw new RnnFormatException("metadata", RnnFile.GraphKey, "nothing", "the graph as JSON text");
        }

        var golden = TakeGolden(tensors);
        var graph = GraphJsonReader.Read(text, tensors, metadata);
        GraphValidator.Validate(graph);
        CheckAllUsed(graph, tensors);
        golden?.Validate(graph);
        return new RnnFile(graph, golden);
    }

    private static void CheckVersion(IReadOnlyDictionary<string, string> metadata)
    {
        var expected = $"\"{RnnFile.Version}\"";
        if (!metadata.TryGetValue(RnnFile.VersionKey, out var text))
        {
            throw new RnnFormatException("metadata", RnnFile.VersionKey, "nothing", expected);
        }

        if (text != RnnFile.Version.ToString(CultureInfo.InvariantCulture))
        {
            var isNewer = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > RnnFile.Version;
            throw new RnnFormatException("metadata", RnnFile.VersionKey, isNewer ? $"version {version}, a newer one" : Names.Quote(text), expected);
        }
    }

    private static ImmutableSortedDictionary<string, string> ReadMetadata(IReadOnlyDictionary<string, string> entries)
    {
        var metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, text) in entries)
        {
            if (key.StartsWith(RnnFile.MetadataPrefix, StringComparison.Ordinal) && key.Length > RnnFile.MetadataPrefix.Length)
            {
                metadata.Add(key[RnnFile.MetadataPrefix.Length..], text);
            }
            else if (key is not (RnnFile.VersionKey or RnnFile.GraphKey))
            {
                throw new RnnFormatException("metadata", "key", Names.Quote(key), $"{RnnFile.VersionKey}, {RnnFile.GraphKey} or {RnnFile.MetadataPrefix}NAME");
            }
        }

        return metadata.ToImmutable();
    }

    private static GoldenVectors? TakeGolden(Dictionary<string, Constant> tensors)
    {
        var inputs = Take(tensors, RnnFile.GoldenInputPrefix);
        var outputs = Take(tensors, RnnFile.GoldenOutputPrefix);
        if (inputs.IsEmpty && outputs.IsEmpty)
        {
            return null;
        }

        var first = (inputs.IsEmpty ? outputs : inputs).Values.First();
        return first.Shape.Rank >= 1
            ? new GoldenVectors(first.Shape[0], inputs, outputs)
            : throw new RnnFormatException($"tensor {first.Name}", "shape", "[]", "a leading axis of time steps");
    }

    private static ImmutableDictionary<string, Constant> Take(Dictionary<string, Constant> tensors, string prefix)
    {
        var taken = ImmutableDictionary.CreateBuilder<string, Constant>(StringComparer.Ordinal);
        foreach (var name in tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToArray())
        {
            tensors.Remove(name, out var tensor);
            taken.Add(name[prefix.Length..], tensor!);
        }

        return taken.ToImmutable();
    }

    private static void CheckAllUsed(RnnGraph graph, Dictionary<string, Constant> tensors)
    {
        foreach (var constant in RnnFileWriter.ConstantsOf(graph))
        {
            tensors.Remove(constant.Name);
        }

        foreach (var tensor in tensors.Values)
        {
            throw new RnnFormatException($"tensor {Names.Quote(tensor.Name)}", "use", "none", "a tensor that the graph uses, a golden vector or padding");
        }
    }
}
