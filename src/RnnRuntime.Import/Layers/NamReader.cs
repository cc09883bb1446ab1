using System.Globalization;
using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// Neural Amp Modeler files of the architecture LSTM: a stack of cells that starts from stored states, and a linear head. Input <c>x</c> is
/// one sample of each input channel, output <c>y</c> one of each output channel. The graph starts from the stored state exactly; the
/// engine's own "prewarm" (half a second of zeros before the first sample) is the host's to run, if it wants it.
/// Format: github.com/sdatkinson/NeuralAmpModelerCore, its LSTM class.
/// </summary>
internal sealed class NamReader
{
    private const string Location = "NAM file";

    private readonly LayerGraph _graph;
    private readonly float[] _weights;
    private int _position;

    private NamReader(RnnImportLimits limits, float[] weights)
    {
        _graph = new LayerGraph(limits);
        _weights = weights;
    }

    public static RnnGraph Read(ReadOnlyMemory<byte> json, RnnImportOptions options)
    {
        using var document = JsonText.Parse(json, Location, options.Limits);
        return Read(document.RootElement, options.Limits);
    }

    public static RnnGraph Read(JsonElement root, RnnImportLimits limits)
    {
        var fields = new JsonFields(root, Location);
        var architecture = fields.Text("architecture");
        if (architecture != "LSTM")
        {
            throw new RnnImportException(fields.LocationOf("architecture"), JsonText.Quote(architecture), "LSTM, the recurrent one; no other architecture is supported");
        }

        var weights = new Weight(fields.LocationOf("weights"), NestedList.Read(fields.Require("weights", "a list of numbers"), fields.LocationOf("weights"), limits));
        var config = new JsonFields(fields.Require("config", "an object"), fields.LocationOf("config"));
        return new NamReader(limits, weights.ExpectRank(1, "one flat list of numbers").ToFloats()).Read(fields, config);
    }

    private RnnGraph Read(JsonFields fields, JsonFields config)
    {
        var layers = config.Integer("num_layers", 1);
        var features = config.Integer("input_size", 1);
        var hidden = config.Integer("hidden_size", 1);
        var inputs = config.OptionalInteger("in_channels", 1) ?? 1;
        var outputs = config.OptionalInteger("out_channels", 1) ?? 1;
        config.Finish();
        if (inputs != features)
        {
            throw new RnnImportException(config.LocationOf("in_channels"), $"{inputs}", $"{features}, as input_size says");
        }

        CheckCount(layers, features, hidden, outputs);
        var y = _graph.Input(config.LocationOf("input_size"), "x", features);
        for (var layer = 0; layer < layers; layer++)
        {
            y = Cell(y, hidden, layer);
        }

        var weight = Take("head, weight", outputs, hidden);
        y = _graph.Linear("head", y, weight, Take("head, bias", outputs), MatrixLayout.OutIn);
        _graph.Output(Location, "y", y);
        KeepNotes(fields);
        return _graph.Build(Location);
    }

    /// <summary>One layer: W [4H, in + H] over [x; h], the bias, the first h and c.</summary>
    private TensorRef Cell(TensorRef x, int hidden, int layer)
    {
        var location = $"layer {layer}";
        var features = x.Shape[0];
        var joined = _weights.AsSpan(_position, 4 * hidden * (features + hidden));
        _position += joined.Length;
        var input = new float[4 * hidden * features];
        var recurrent = new float[4 * hidden * hidden];
        for (var row = 0; row < 4 * hidden; row++)
        {
            var both = joined.Slice(row * (features + hidden), features + hidden);
            both[..features].CopyTo(input.AsSpan(row * features));
            both[features..].CopyTo(recurrent.AsSpan(row * hidden));
        }

        var format = CellFormat.PyTorch(CellKind.Lstm, biases: true) with { Biases = BiasForm.One };
        var cell = CellWeights.Convert(
            format, features, Weight($"{location}, W", input, 4 * hidden, features), Weight($"{location}, W", recurrent, 4 * hidden, hidden),
            Take($"{location}, bias", 4 * hidden));
        var name = $"lstm{layer + 1}";
        var y = _graph.Cell(location, x, cell, name);
        _graph.SetInitialState($"{name}.h", Take($"{location}, h", hidden).ToFloats());
        _graph.SetInitialState($"{name}.c", Take($"{location}, c", hidden).ToFloats());
        return y;
    }

    /// <summary>Holds the sizes against the numbers that are there before anything is made of them.</summary>
    private void CheckCount(int layers, int features, int hidden, int outputs)
    {
        var gates = (Int128)4 * hidden;
        var first = gates * ((Int128)features + hidden + 1) + (2 * (Int128)hidden);
        var other = gates * ((2 * (Int128)hidden) + 1) + (2 * (Int128)hidden);
        var expected = first + ((layers - 1) * other) + (outputs * ((Int128)hidden + 1));
        if (_weights.Length != expected)
        {
            throw new RnnImportException(
                $"{Location}, field weights", $"{_weights.Length} numbers",
                $"{expected} for {layers} layers, input size {features}, hidden size {hidden} and {outputs} outputs, with none left over");
        }
    }

    private Weight Take(string name, params int[] shape)
    {
        var count = shape.Aggregate(1, (product, extent) => product * extent);
        var values = _weights.AsSpan(_position, count);
        _position += count;
        return Weight(name, values, shape);
    }

    private static Weight Weight(string name, ReadOnlySpan<float> values, params int[] shape) =>
        new(name, Tensors.HostTensor.Floats([.. shape], values));

    private void KeepNotes(JsonFields fields)
    {
        if (fields.Take("sample_rate") is { } rate && rate.ValueKind != JsonValueKind.Null)
        {
            var value = JsonText.ToNumber(rate, fields.LocationOf("sample_rate"));
            _graph.Metadata(fields.LocationOf("sample_rate"), "sample_rate", value.ToString(CultureInfo.InvariantCulture));
        }

        if (fields.OptionalText("version") is { } version)
        {
            _graph.Metadata(fields.LocationOf("version"), "nam.version", version);
        }

        if (fields.Take("metadata") is { } metadata && metadata.ValueKind != JsonValueKind.Null)
        {
            _graph.Metadata(fields.LocationOf("metadata"), "nam.metadata", JsonText.RawText(metadata, fields.LocationOf("metadata")));
        }

        fields.Finish();
    }
}
