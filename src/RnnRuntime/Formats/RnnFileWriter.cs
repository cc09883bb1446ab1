using System.Globalization;
using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <summary>A graph to the bytes of a <c>.rnn</c> file, as FORMAT.md says. The same graph gives the same bytes.</summary>
internal static class RnnFileWriter
{
    public static void Write(Stream stream, RnnGraph graph, GoldenVectors? golden)
    {
        GraphValidator.Validate(graph);
        golden?.Validate(graph);
        var metadata = new List<KeyValuePair<string, string>>
        {
            new(RnnFile.VersionKey, RnnFile.Version.ToString(CultureInfo.InvariantCulture)),
            new(RnnFile.GraphKey, GraphJsonWriter.Write(graph)),
        };
        metadata.AddRange(graph.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => KeyValuePair.Create(RnnFile.MetadataPrefix + entry.Key, entry.Value)));
        var tensors = ConstantsOf(graph).DistinctBy(constant => constant.Name, StringComparer.Ordinal).ToList();
        if (golden is not null)
        {
            tensors.AddRange(Rename(golden.Inputs, RnnFile.GoldenInputPrefix));
            tensors.AddRange(Rename(golden.Outputs, RnnFile.GoldenOutputPrefix));
        }

        SafetensorsWriter.Write(stream, metadata, tensors);
    }

    public static IEnumerable<Constant> ConstantsOf(RnnGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            foreach (var constant in node.Constants)
            {
                yield return constant;
            }
        }

        foreach (var state in graph.StateVariables)
        {
            if (state.Initial is not null)
            {
                yield return state.Initial;
            }
        }
    }

    private static IEnumerable<Constant> Rename(IReadOnlyDictionary<string, Constant> tensors, string prefix) =>
        tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value with { Name = prefix + entry.Key });
}
