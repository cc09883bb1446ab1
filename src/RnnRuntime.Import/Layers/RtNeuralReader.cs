using System.Collections.Immutable;
using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// RTNeural's JSON: layers in order with their weights in Keras' layout. Input <c>x</c> is one step's features, output <c>y</c> the last
/// layer's. Conventions as in github.com/jatinchowdhury18/RTNeural, its model loader and its Python exporter.
/// </summary>
internal sealed class RtNeuralReader
{
    private const string Types = "dense, time-distributed-dense, conv1d, lstm, gru, batchnorm, prelu, activation";
    private const int MaximumNoteLength = 1 << 16;

    private readonly LayerGraph _graph;

    private RtNeuralReader(RnnImportLimits limits) => _graph = new LayerGraph(limits);

    public static RnnGraph Read(ReadOnlyMemory<byte> json, RnnImportOptions options)
    {
        using var document = JsonText.Parse(json, "RTNeural file", options.Limits);
        return Read(document.RootElement, options.Limits);
    }

    public static RnnGraph Read(JsonElement root, RnnImportLimits limits) => new RtNeuralReader(limits).Read(root);

    private RnnGraph Read(JsonElement root)
    {
        var fields = new JsonFields(root, "RTNeural file");
        var features = LastExtent(fields, "in_shape");
        var x = _graph.Input(fields.LocationOf("in_shape"), "x", features);
        var y = x;
        var count = 0;
        foreach (var element in fields.List("layers"))
        {
            y = ReadLayer(new JsonFields(element, $"layers[{count}]"), y, count);
            count++;
        }

        if (count == 0)
        {
            throw new RnnImportException(fields.LocationOf("layers"), "none", "at least one layer");
        }

        if (fields.OptionalInteger("in_skip", 0) is { } skip and > 0)
        {
            y = skip == 1
                ? _graph.Combine(fields.LocationOf("in_skip"), y, x, builder => builder.Add)
                : throw new RnnImportException(fields.LocationOf("in_skip"), $"{skip}", "0, or 1: the input is added to the output");
        }

        foreach (var gain in new[] { "in_gain", "out_gain" })
        {
            if (fields.Take(gain) is { } element && JsonText.ToNumber(element, fields.LocationOf(gain)) != 0)
            {
                throw new RnnImportException(fields.LocationOf(gain), JsonText.Describe(element), "0: apply the gain outside and set it to 0");
            }
        }

        _graph.Output(fields.Location, "y", y);
        KeepNotes(fields);
        return _graph.Build(fields.Location);
    }

    private TensorRef ReadLayer(JsonFields layer, TensorRef x, int index)
    {
        var type = layer.Text("type");
        layer.Location = $"layers[{index}] ({(type.Length <= 40 ? type : type[..40])})";
        layer.OptionalText("name");
        var units = LastExtent(layer, "shape");
        var activation = layer.OptionalText("activation") ?? "";
        var weights = type == "activation" && !layer.Has("weights")
            ? []
            : NestedList.ReadEach(layer.List("weights"), layer.LocationOf("weights"), _graph.Limits);
        var y = type switch
        {
            "dense" or "time-distributed-dense" => Dense(layer, x, weights),
            "conv1d" => Convolution(layer, x, weights),
            "lstm" or "gru" => Cell(layer, x, weights, type == "lstm" ? CellKind.Lstm : CellKind.Gru, index),
            "batchnorm" => BatchNorm(layer, x, weights),
            "prelu" => _graph.PRelu(layer.Location, x, Counted(layer, weights, 1, 1, "the slopes")[0]),
            "activation" => Activation(layer, x, weights, activation),
            _ => throw new RnnImportException(layer.Location, $"layer type {JsonText.Quote(type)}", Types),
        };
        layer.Finish();
        if (type is "lstm" or "gru")
        {
            if (activation is not ("" or "tanh"))
            {
                throw new RnnImportException(layer.LocationOf("activation"), JsonText.Quote(activation), "tanh, or nothing: the cell's own is tanh");
            }
        }
        else if (activation.Length > 0 && type != "activation")
        {
            y = Activations.Apply(_graph, layer.LocationOf("activation"), y, activation);
        }

        var size = y.Shape[0];
        return size == units
            ? y
            : throw new RnnImportException(layer.LocationOf("shape"), $"{units} units", $"{size}, as the layer's weights and input have");
    }

    private TensorRef Dense(JsonFields layer, TensorRef x, ImmutableArray<Weight> weights)
    {
        Counted(layer, weights, 1, 2, "[inputs][outputs] and, if there is one, the bias");
        return _graph.Linear(layer.Location, x, weights[0], weights.Length == 2 ? weights[1] : null, MatrixLayout.InOut);
    }

    private TensorRef Convolution(JsonFields layer, TensorRef x, ImmutableArray<Weight> weights)
    {
        Counted(layer, weights, 1, 2, "[kernel][inputs / groups][outputs] and, if there is one, the bias");
        weights[0].ExpectRank(3, "[kernel][inputs / groups][outputs]");
        var kernel = Single(layer, "kernel_size") ?? throw new RnnImportException(layer.LocationOf("kernel_size"), "nothing", "the kernel's size");
        if (kernel != weights[0].Tensor.Shape[0])
        {
            throw new RnnImportException(layer.LocationOf("kernel_size"), $"{kernel}", $"{weights[0].Tensor.Shape[0]}, as the weights {weights[0].Tensor} have");
        }

        var dilation = Single(layer, "dilation") ?? 1;
        var groups = layer.OptionalInteger("groups", 1) ?? 1;
        if ((Single(layer, "strides") ?? 1) != 1)
        {
            throw new RnnImportException(layer.LocationOf("strides"), "steps over frames", "1: an output for each step");
        }

        if (layer.OptionalText("padding") is { } padding && padding != "causal")
        {
            throw new RnnImportException(layer.LocationOf("padding"), JsonText.Quote(padding), "causal");
        }

        return _graph.Convolution(layer.Location, x, weights[0], weights.Length == 2 ? weights[1] : null, dilation, groups, kernelFirst: true);
    }

    /// <summary>Without biases a GRU resets after the recurrent product, as with them: RTNeural has no other.</summary>
    private TensorRef Cell(JsonFields layer, TensorRef x, ImmutableArray<Weight> weights, CellKind kind, int index)
    {
        Counted(layer, weights, 2, 3, kind == CellKind.Lstm
            ? "kernel, recurrent kernel, bias [4 * units]"
            : "kernel, recurrent kernel, biases [2][3 * units]");
        var biases = weights.Length == 2 ? BiasForm.None : kind == CellKind.Lstm ? BiasForm.One : BiasForm.Merged;
        var features = LayerGraph.Features(layer.Location, x);
        var cell = CellWeights.Convert(CellFormat.Keras(kind, biases), features, weights[0], weights[1], weights.AsSpan()[2..]);
        return _graph.Cell(layer.Location, x, cell, $"layer{index}");
    }

    private TensorRef Activation(JsonFields layer, TensorRef x, ImmutableArray<Weight> weights, string name)
    {
        Counted(layer, weights, 0, 0, "none: an activation has no weights");
        return name.Length > 0
            ? Activations.Apply(_graph, layer.LocationOf("activation"), x, name)
            : throw new RnnImportException(layer.LocationOf("activation"), "nothing", Activations.Names);
    }

    private TensorRef BatchNorm(JsonFields layer, TensorRef x, ImmutableArray<Weight> weights)
    {
        var epsilon = layer.Number("epsilon");
        return weights switch
        {
            [var mean, var variance] => _graph.BatchNorm(layer.Location, x, null, null, mean, variance, epsilon),
            [var gamma, var beta, var mean, var variance] => _graph.BatchNorm(layer.Location, x, gamma, beta, mean, variance, epsilon),
            _ => throw new RnnImportException(layer.LocationOf("weights"), $"{weights.Length} lists", "gamma, beta, mean, variance, or mean and variance"),
        };
    }

    private static ImmutableArray<Weight> Counted(JsonFields layer, ImmutableArray<Weight> weights, int least, int most, string expected) =>
        weights.Length >= least && weights.Length <= most
            ? weights
            : throw new RnnImportException(layer.LocationOf("weights"), $"{weights.Length} lists", expected);

    /// <summary>A number, or a list of one: exporters write Keras' tuples.</summary>
    private static int? Single(JsonFields layer, string name)
    {
        if (layer.Take(name) is not { } element)
        {
            return null;
        }

        var value = element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 1 ? element[0] : element;
        return JsonText.ToInteger(value, layer.LocationOf(name), minimum: 1);
    }

    /// <summary>The features of <c>[null, ..., features]</c>; batch and time come before them.</summary>
    private static int LastExtent(JsonFields fields, string name)
    {
        JsonElement? last = null;
        foreach (var extent in fields.List(name))
        {
            if (extent.ValueKind != JsonValueKind.Null)
            {
                JsonText.ToInteger(extent, fields.LocationOf(name), minimum: 1);
            }

            last = extent;
        }

        return last is { ValueKind: JsonValueKind.Number } features
            ? features.GetInt32()
            : throw new RnnImportException(fields.LocationOf(name), "no number at the end", "[null, time, features]");
    }

    /// <summary>The engine reads the shape and the layers; whatever else exporters write about the model goes into the metadata.</summary>
    private void KeepNotes(JsonFields fields)
    {
        foreach (var (name, element) in fields.Rest)
        {
            var location = fields.LocationOf(JsonText.Quote(name));
            var text = element.ValueKind == JsonValueKind.String ? JsonText.ToText(element, location) : JsonText.RawText(element, location);
            if (text.Length > MaximumNoteLength)
            {
                throw new RnnImportException(location, $"{text.Length} characters", $"at most {MaximumNoteLength}: only in_shape and layers are part of the network");
            }

            _graph.Metadata(location, name is "samplerate" or "sample_rate" ? "sample_rate" : $"rtneural.{name}", text);
        }
    }
}
