using System.Text;
using System.Text.Json;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// A file that holds weights only, with a topology in JSON that names its layers and tensors. The format is described in this library's
/// README. Strict: unknown fields, missing tensors, other shapes and unused tensors are errors.
/// </summary>
internal sealed partial class TopologyReader
{
    private const string Location = "topology";

    private readonly LayerGraph _graph;
    private readonly TensorSource _tensors;
    private readonly Dictionary<string, TensorRef> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);
    private TopologyStyle _style;
    private int? _timeSteps;
    private TensorRef? _last;
    private TensorRef? _firstOutput;

    private TopologyReader(NamedTensors file, RnnImportLimits limits)
    {
        _graph = new LayerGraph(limits);
        _tensors = new TensorSource(file);
    }

    /// <summary>Makes the graph of the tensors.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="topology">JSON text.</param>
    /// <param name="limits">What the file may ask for.</param>
    public static RnnGraph Read(NamedTensors file, string topology, RnnImportLimits limits)
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes(topology), Location, limits);
        return new TopologyReader(file, limits).Read(document.RootElement);
    }

    private RnnGraph Read(JsonElement root)
    {
        var fields = new JsonFields(root, Location);
        _style = TopologyStyles.Parse(fields.OptionalText("style"), fields.LocationOf("style"));
        _timeSteps = fields.OptionalInteger("time_steps", 1);
        ReadInputs(fields);
        var index = 0;
        foreach (var element in fields.List("layers"))
        {
            ReadLayer(new JsonFields(element, $"{Location}, layers[{index}]"));
            index++;
        }

        if (index == 0)
        {
            throw new RnnImportException(fields.LocationOf("layers"), "none", "at least one layer");
        }

        ReadOutputs(fields);
        ReadMetadata(fields);
        var ignored = fields.OptionalTexts("ignore").ToArray();
        fields.Finish();
        _tensors.Finish(Location, ignored);
        return _graph.Build(Location);
    }

    private void ReadInputs(JsonFields fields)
    {
        var index = 0;
        foreach (var element in fields.List("inputs"))
        {
            var input = new JsonFields(element, $"{fields.LocationOf("inputs")}[{index}]");
            var name = input.Text("name");
            var value = (input.OptionalText("type") ?? "float32") switch
            {
                "float32" => _graph.Input(input.Location, name, input.Integer("size", 1), _timeSteps),
                "token" => _graph.Tokens(input.Location, name, _timeSteps),
                var type => throw new RnnImportException(input.LocationOf("type"), JsonText.Quote(type), "float32 or token"),
            };
            input.Finish();
            Define(input, name, value);
            index++;
        }

        if (index == 0)
        {
            throw new RnnImportException(fields.LocationOf("inputs"), "none", "at least one input");
        }

        _last = index == 1 ? _last : null;
    }

    private void ReadOutputs(JsonFields fields)
    {
        if (fields.Take("outputs") is not { } outputs)
        {
            _firstOutput = _last!;
            _graph.Output(Location, "y", _last!);
            return;
        }

        var index = 0;
        foreach (var element in JsonText.ToList(outputs, fields.LocationOf("outputs")))
        {
            var output = new JsonFields(element, $"{fields.LocationOf("outputs")}[{index}]");
            var name = output.Text("name");
            var value = output.OptionalText("from") is { } from ? Find(output.LocationOf("from"), from) : _last!;
            output.Finish();
            _graph.Output(output.Location, name, value);
            _firstOutput ??= value;
            index++;
        }

        if (index == 0)
        {
            throw new RnnImportException(fields.LocationOf("outputs"), "none", "at least one output");
        }
    }

    private void ReadMetadata(JsonFields fields)
    {
        if (fields.Take("metadata") is { } metadata)
        {
            var texts = new JsonFields(metadata, fields.LocationOf("metadata"));
            foreach (var key in texts.Rest.Keys.ToArray())
            {
                _graph.Metadata(texts.Location, key, texts.Text(key));
            }
        }

        if (fields.Take("vocabulary") is { } vocabulary)
        {
            var location = fields.LocationOf("vocabulary");
            var text = Vocabulary.Read(vocabulary, location);
            Vocabulary.CheckCount(text, _firstOutput!.Shape.Rank == 0 ? 1 : _firstOutput.Shape[-1], location);
            _graph.Metadata(location, Vocabulary.MetadataKey, text);
        }
    }

    private void Define(JsonFields fields, string name, TensorRef value)
    {
        if (!_values.TryAdd(name, value))
        {
            throw new RnnImportException(fields.LocationOf("name"), $"a second {JsonText.Quote(name)}", "names of inputs and layers that differ");
        }

        _last = value;
    }

    private TensorRef Find(string location, string name) => _values.TryGetValue(name, out var value)
        ? value
        : throw new RnnImportException(location, JsonText.Quote(name), "the name of an input or of an earlier layer");

    /// <summary>What the layer reads: what it names, otherwise the layer before it, or the only input.</summary>
    private TensorRef InputOf(JsonFields layer) => layer.OptionalText("input") is { } name
        ? Find(layer.LocationOf("input"), name)
        : _last ?? throw new RnnImportException(layer.LocationOf("input"), "nothing", "the name of one of the inputs");

    private Weight Tensor(JsonFields layer, string field) => _tensors.Take(layer.LocationOf(field), layer.Text(field));

    private Weight? OptionalTensor(JsonFields layer, string field) =>
        layer.OptionalText(field) is { } name ? _tensors.Take(layer.LocationOf(field), name) : null;
}
