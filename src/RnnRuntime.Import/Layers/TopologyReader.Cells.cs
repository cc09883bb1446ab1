namespace RnnRuntime.Import.Layers;

/// <content>Recurrent layers: tensors by their own names, or by a prefix and the names that PyTorch and Keras give.</content>
internal sealed partial class TopologyReader
{
    private TensorRef Recurrent(JsonFields layer, CellKind kind, string name)
    {
        if (layer.OptionalFlag("bidirectional") == true)
        {
            throw new RnnImportException(
                layer.LocationOf("bidirectional"), "true",
                "false: the backward direction needs the end of the sequence first, which a stream has not; export the model to ONNX with a fixed length");
        }

        var x = InputOf(layer);
        var format = TopologyStyles.Cell(layer, kind, _style);
        var prefix = layer.OptionalText("prefix");
        var count = layer.OptionalInteger("layers", 1) ?? 1;
        if (prefix is null)
        {
            return count == 1
                ? Cell(layer, x, format, name, Tensor(layer, "input_weights"), Tensor(layer, "recurrent_weights"), BiasFields(format.Biases), Tensor)
                : throw new RnnImportException(layer.LocationOf("layers"), $"{count}", "1, or a prefix that names the tensors of all layers");
        }

        for (var i = 0; i < count; i++)
        {
            x = PrefixedCell(layer, x, format, prefix, i, count == 1 ? name : $"{name}.{i}");
        }

        return x;
    }

    private TensorRef PrefixedCell(JsonFields layer, TensorRef x, CellFormat format, string prefix, int index, string name)
    {
        var location = layer.LocationOf("prefix");
        if (_style == TopologyStyle.Keras)
        {
            return index == 0
                ? Cell(
                    layer, x, format, name, RequireKeras(layer, prefix, "kernel"), RequireKeras(layer, prefix, "recurrent_kernel"),
                    format.Biases == BiasForm.None ? [] : ["bias"], (_, field) => RequireKeras(layer, prefix, field))
                : throw new RnnImportException(layer.LocationOf("layers"), "several layers of one prefix", "one, as Keras gives each layer a prefix of its own");
        }

        // LSTMCell and its like have no layer number.
        var suffix = index == 0 && _tensors.Has($"{prefix}weight_ih") ? "" : $"_l{index}";
        if (_tensors.Has($"{prefix}weight_hr{suffix}"))
        {
            throw new RnnImportException(location, $"tensor '{prefix}weight_hr{suffix}' (proj_size)", "an LSTM without projection; export the model to ONNX");
        }

        if (_tensors.Has($"{prefix}weight_ih{suffix}_reverse"))
        {
            throw new RnnImportException(
                location, $"tensor '{prefix}weight_ih{suffix}_reverse' (bidirectional)",
                "one direction: the other needs the end of the sequence first, which a stream has not; export the model to ONNX with a fixed length");
        }

        return Cell(
            layer, x, format, name, _tensors.Take(location, $"{prefix}weight_ih{suffix}"), _tensors.Take(location, $"{prefix}weight_hh{suffix}"),
            BiasFields(format.Biases) switch { [_, _] => ["bias_ih", "bias_hh"], [_] => ["bias"], _ => [] },
            (_, field) => _tensors.Take(location, $"{prefix}{field}{suffix}"));
    }

    private TensorRef Cell(
        JsonFields layer, TensorRef x, CellFormat format, string name, Weight input, Weight recurrent, string[] biasFields, Func<JsonFields, string, Weight> bias)
    {
        var features = LayerGraph.Features(layer.Location, x);
        Weight[] biases = [.. biasFields.Select(field => bias(layer, field))];
        return _graph.Cell(layer.Location, x, CellWeights.Convert(format, features, input, recurrent, biases), name);
    }

    private static string[] BiasFields(BiasForm form) => form switch
    {
        BiasForm.None => [],
        BiasForm.Two => ["input_bias", "recurrent_bias"],
        _ => ["bias"],
    };

    private Weight RequireKeras(JsonFields layer, string prefix, string name) =>
        KerasTensor(prefix, name) ?? _tensors.Take(layer.LocationOf("prefix"), $"{prefix}{name}");

    /// <summary>Keras names end in <c>:0</c> up to version 2.</summary>
    private Weight? KerasTensor(string prefix, string name) => _tensors.TakeOptional($"{prefix}{name}:0") ?? _tensors.TakeOptional($"{prefix}{name}");
}
