using System.Text.Json;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>The way in: a JSON model of whichever kind, or tensors by name.</summary>
internal static class LayerFiles
{
    private const string Location = "JSON model";

    /// <summary>
    /// A JSON file: NAM (field <c>architecture</c>), RTNeural (fields <c>in_shape</c> and <c>layers</c>), or a PyTorch state dict as nested
    /// lists, which is read as tensors by name.
    /// </summary>
    public static RnnGraph ReadJson(ReadOnlyMemory<byte> json, RnnImportOptions options)
    {
        using var document = JsonText.Parse(json, Location, options.Limits);
        var fields = new JsonFields(document.RootElement, Location);
        var isNam = fields.Rest.TryGetValue("architecture", out var architecture) && architecture.ValueKind == JsonValueKind.String;
        if (!isNam && !(fields.Has("in_shape") && fields.Has("layers")))
        {
            return ReadWeights(StateDict(fields, options.Limits), options);
        }

        if (options.Topology is not null)
        {
            throw new RnnImportException("topology", "one for a file that has its own layers", "none");
        }

        return isNam ? NamReader.Read(document.RootElement, options.Limits) : RtNeuralReader.Read(document.RootElement, options.Limits);
    }

    /// <summary>Tensors by name: by the topology where there is one, otherwise by their names.</summary>
    public static RnnGraph ReadWeights(NamedTensors file, RnnImportOptions options) => options.Topology is { } topology
        ? TopologyReader.Read(file, topology, options.Limits)
        : ModuleRecognizer.Read(file, options.Limits);

    /// <summary>A state dict as nested lists, its tensors float32.</summary>
    private static NamedTensors StateDict(JsonFields fields, RnnImportLimits limits)
    {
        if (fields.Rest.Count == 0 || fields.Rest.Values.Any(value => value.ValueKind != JsonValueKind.Array))
        {
            throw new RnnImportException(
                Location, $"the fields {string.Join(", ", fields.Rest.Keys.Take(8).Select(JsonText.Quote).DefaultIfEmpty("none"))}",
                "an RTNeural model (in_shape, layers), a NAM model (architecture, config, weights), or a state dict: names and nested lists only");
        }

        if (fields.Rest.Count > limits.MaximumTensors)
        {
            throw new RnnImportException(
                Location, $"{fields.Rest.Count} tensors", $"at most {limits.MaximumTensors} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumTensors)})");
        }

        return new NamedTensors(
            "JSON state dict",
            [.. fields.Rest.Select(pair => KeyValuePair.Create(pair.Key, NestedList.Read(pair.Value, $"tensor {JsonText.Quote(pair.Key)}", limits)))]);
    }
}
