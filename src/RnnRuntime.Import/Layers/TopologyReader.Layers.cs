namespace RnnRuntime.Import.Layers;

/// <content>The layers' types.</content>
internal sealed partial class TopologyReader
{
    private const string Types =
        "embedding, lstm, gru, rnn, linear, conv1d, batchnorm, prelu, activation, add, multiply";

    private void ReadLayer(JsonFields layer)
    {
        var type = layer.Text("type");
        layer.Location = $"{layer.Location} ({(type.Length <= 40 ? type : type[..40])})";
        var name = layer.OptionalText("name") ?? NextName(type);
        var value = type switch
        {
            "embedding" => _graph.Embedding(layer.Location, InputOf(layer), Tensor(layer, "table")),
            "lstm" => Recurrent(layer, CellKind.Lstm, name),
            "gru" => Recurrent(layer, CellKind.Gru, name),
            "rnn" => Recurrent(layer, CellKind.Rnn, name),
            "linear" => Linear(layer),
            "conv1d" => Convolution(layer),
            "batchnorm" => BatchNorm(layer),
            "prelu" => _graph.PRelu(layer.Location, InputOf(layer), Tensor(layer, "alpha")),
            "activation" => Activations.Apply(_graph, layer.LocationOf("function"), InputOf(layer), layer.Text("function")),
            "add" => Combine(layer, builder => builder.Add),
            "multiply" => Combine(layer, builder => builder.Multiply),
            _ => throw new RnnImportException(layer.Location, $"layer type {JsonText.Quote(type)}", Types),
        };
        layer.Finish();
        Define(layer, name, value);
    }

    private string NextName(string type)
    {
        do
        {
            _counters[type] = _counters.GetValueOrDefault(type) + 1;
        }
        while (_values.ContainsKey($"{type}{_counters[type]}"));
        return $"{type}{_counters[type]}";
    }

    private TensorRef Linear(JsonFields layer)
    {
        var layout = TopologyStyles.Layout(layer, _style);
        return _graph.Linear(layer.Location, InputOf(layer), Tensor(layer, "weight"), OptionalTensor(layer, "bias"), layout);
    }

    private TensorRef Convolution(JsonFields layer)
    {
        var kernelFirst = TopologyStyles.KernelFirst(layer, _style);
        if (layer.Text("padding") is var padding && padding != "causal")
        {
            throw new RnnImportException(
                layer.LocationOf("padding"), JsonText.Quote(padding),
                "causal: zeros before the first step only (a convolution without padding gives the same, (kernel - 1) * dilation steps later)");
        }

        return _graph.Convolution(
            layer.Location, InputOf(layer), Tensor(layer, "weight"), OptionalTensor(layer, "bias"),
            layer.OptionalInteger("dilation", 1) ?? 1, layer.OptionalInteger("groups", 1) ?? 1, kernelFirst);
    }

    private TensorRef BatchNorm(JsonFields layer)
    {
        var x = InputOf(layer);
        var epsilon = layer.Number("epsilon");
        if (layer.OptionalText("prefix") is { } prefix)
        {
            if (_style == TopologyStyle.Keras)
            {
                return _graph.BatchNorm(
                    layer.Location, x, KerasTensor(prefix, "gamma"), KerasTensor(prefix, "beta"),
                    RequireKeras(layer, prefix, "moving_mean"), RequireKeras(layer, prefix, "moving_variance"), epsilon);
            }

            // A counter for training; it has no part in the result.
            _tensors.TakeOptional($"{prefix}num_batches_tracked");
            return _graph.BatchNorm(
                layer.Location, x, _tensors.TakeOptional($"{prefix}weight"), _tensors.TakeOptional($"{prefix}bias"),
                _tensors.Take(layer.LocationOf("prefix"), $"{prefix}running_mean"), _tensors.Take(layer.LocationOf("prefix"), $"{prefix}running_var"), epsilon);
        }

        return _graph.BatchNorm(
            layer.Location, x, OptionalTensor(layer, "gamma"), OptionalTensor(layer, "beta"), Tensor(layer, "mean"), Tensor(layer, "variance"), epsilon);
    }

    private TensorRef Combine(JsonFields layer, Func<RnnGraphBuilder, Func<TensorRef, TensorRef, TensorRef>> function)
    {
        var names = layer.OptionalTexts("inputs").ToArray();
        if (names.Length < 2)
        {
            throw new RnnImportException(layer.LocationOf("inputs"), $"{names.Length} names", "at least two names of inputs or earlier layers");
        }

        var result = Find(layer.LocationOf("inputs"), names[0]);
        foreach (var name in names.AsSpan(1))
        {
            result = _graph.Combine(layer.Location, result, Find(layer.LocationOf("inputs"), name), function);
        }

        return result;
    }
}
