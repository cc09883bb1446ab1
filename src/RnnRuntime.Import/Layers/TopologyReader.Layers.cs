using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <content>The layers' types.</content>
internal sealed partial class TopologyReader
{
    private const string Types =
        "embedding, lstm, gru, rnn, linear, conv1d, batchnorm, layernorm, prelu, activation, clip, add, multiply, concat, reflect_pad, magnitude, pool_time";

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
            "layernorm" => LayerNorm(layer),
            "activation" => Activations.Apply(_graph, layer, InputOf(layer)),
            "clip" => Clip(layer),
            "add" => Combine(layer, builder => builder.Add),
            "multiply" => Combine(layer, builder => builder.Multiply),
            "concat" => _graph.Concat(layer.Location, Inputs(layer)),
            "reflect_pad" => _graph.ReflectPad(layer.Location, InputOf(layer), layer.OptionalInteger("before", 0) ?? 0, layer.OptionalInteger("after", 0) ?? 0),
            "magnitude" => _graph.Magnitude(layer.Location, InputOf(layer)),
            "pool_time" => _graph.Pool(layer.LocationOf("function"), InputOf(layer), layer.Text("function")),
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
        var x = InputOf(layer);
        var (weight, bias) = (Tensor(layer, "weight"), OptionalTensor(layer, "bias"));
        var (dilation, groups) = (layer.OptionalInteger("dilation", 1) ?? 1, layer.OptionalInteger("groups", 1) ?? 1);
        var stride = layer.OptionalInteger("stride", 1) ?? 1;
        if (LayerGraph.IsSignal(x))
        {
            var kernel = weight.ExpectRank(3, "three extents").Tensor.Shape[kernelFirst ? 0 : 2];
            var (before, after) = Padding(layer, x.Shape[0], kernel, stride, dilation);
            return _graph.SignalConvolution(layer.Location, x, weight, bias, kernelFirst, new LayerGraph.Window(stride, dilation, groups, before, after));
        }

        if (layer.Text("padding") is var padding && padding != "causal")
        {
            throw new RnnImportException(
                layer.LocationOf("padding"), JsonText.Quote(padding),
                "causal: zeros before the first step only (a convolution without padding gives the same, (kernel - 1) * dilation steps later); with time_steps a signal lies whole in a step and takes others");
        }

        return stride == 1
            ? _graph.Convolution(layer.Location, x, weight, bias, dilation, groups, kernelFirst)
            : throw new RnnImportException(
                layer.LocationOf("stride"), $"{stride}", "1, as each step of a stream has a result; with time_steps a signal lies whole in a step and takes others");
    }

    /// <summary>Zeros on both sides of a signal: a number for each side, or a word.</summary>
    private static (int Before, int After) Padding(JsonFields layer, int steps, int kernel, int stride, int dilation)
    {
        const string Expected = "a number of zeros on each side, [before, after], valid, same or causal";
        var location = layer.LocationOf("padding");
        var element = layer.Require("padding", Expected);
        switch (element.ValueKind)
        {
            case JsonValueKind.Number:
                var both = JsonText.ToInteger(element, location, minimum: 0);
                return (both, both);
            case JsonValueKind.Array when element.GetArrayLength() == 2:
                return (JsonText.ToInteger(element[0], location, minimum: 0), JsonText.ToInteger(element[1], location, minimum: 0));
            case JsonValueKind.String:
                return JsonText.ToText(element, location) switch
                {
                    "valid" => (0, 0),
                    "same" => LayerGraph.SamePadding(steps, kernel, stride, dilation),
                    "causal" => ((int)Math.Min((kernel - 1) * (long)dilation, int.MaxValue), 0),
                    var text => throw new RnnImportException(location, JsonText.Quote(text), Expected),
                };
            default:
                throw new RnnImportException(location, JsonText.Describe(element), Expected);
        }
    }

    private TensorRef LayerNorm(JsonFields layer)
    {
        var x = InputOf(layer);
        var epsilon = layer.Float("epsilon");
        if (layer.OptionalText("prefix") is not { } prefix)
        {
            return _graph.LayerNorm(layer.Location, x, OptionalTensor(layer, "gamma"), OptionalTensor(layer, "beta"), epsilon);
        }

        var (gamma, beta) = _style == TopologyStyle.Keras
            ? (KerasTensor(prefix, "gamma"), KerasTensor(prefix, "beta"))
            : (_tensors.TakeOptional($"{prefix}weight"), _tensors.TakeOptional($"{prefix}bias"));
        return gamma is not null || beta is not null
            ? _graph.LayerNorm(layer.Location, x, gamma, beta, epsilon)
            : throw new RnnImportException(layer.LocationOf("prefix"), $"no tensors that begin with {JsonText.Quote(prefix)}", "weight and bias, of Keras gamma and beta, or no prefix");
    }

    private TensorRef Clip(JsonFields layer)
    {
        var x = InputOf(layer);
        var (least, most) = (layer.OptionalFloat("min"), layer.OptionalFloat("max"));
        if (least is null && most is null)
        {
            throw new RnnImportException(layer.Location, "neither min nor max", "one of them or both");
        }

        return _graph.Unary(layer.Location, x, (builder, value) =>
        {
            value = least is { } low ? builder.Maximum(value, builder.Constant([low])) : value;
            return most is { } high ? builder.Minimum(value, builder.Constant([high])) : value;
        });
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
        var inputs = Inputs(layer);
        var result = inputs[0];
        foreach (var other in inputs.AsSpan(1))
        {
            result = _graph.Combine(layer.Location, result, other, function);
        }

        return result;
    }

    private TensorRef[] Inputs(JsonFields layer)
    {
        TensorRef[] inputs = [.. layer.OptionalTexts("inputs").Select(name => Find(layer.LocationOf("inputs"), name))];
        return inputs.Length >= 2
            ? inputs
            : throw new RnnImportException(layer.LocationOf("inputs"), $"{inputs.Length} names", "at least two names of inputs or earlier layers");
    }
}
