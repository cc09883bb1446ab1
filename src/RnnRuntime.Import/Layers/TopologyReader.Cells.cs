using System.Collections.Immutable;

namespace RnnRuntime.Import.Layers;

/// <content>Recurrent layers: tensors by their own names, or by a prefix and the names that PyTorch and Keras give.</content>
internal sealed partial class TopologyReader
{
    private static readonly string[] PeepholeFields = ["peephole_input", "peephole_forget", "peephole_output"];

    private TensorRef Recurrent(JsonFields layer, CellKind kind, string name)
    {
        var x = InputOf(layer);
        var format = TopologyStyles.Cell(layer, kind, _style);
        var form = Form(layer, x);
        var prefix = layer.OptionalText("prefix");
        var count = layer.OptionalInteger("layers", 1) ?? 1;
        if (prefix is not null && _style != TopologyStyle.Keras)
        {
            for (var i = 0; i < count; i++)
            {
                x = NumberedLayer(layer, x, format, prefix, i, count == 1 ? name : $"{name}.{i}", form);
            }

            return x;
        }

        if (form.IsForward && form.IsReverse)
        {
            throw new RnnImportException(
                layer.LocationOf("direction"), "bidirectional", "a prefix before PyTorch's names; otherwise a layer with the direction forward, one with reverse, and a concat of both");
        }

        if (count != 1)
        {
            throw new RnnImportException(layer.LocationOf("layers"), $"{count}", "1, or a prefix before PyTorch's names of all layers");
        }

        return prefix is null
            ? Cell(layer, x, Named(layer, format), format, name, form.IsReverse, form.CarriesState)
            : Cell(layer, x, Keras(layer, format, prefix), format, name, form.IsReverse, form.CarriesState);
    }

    /// <summary>Which way a layer goes and where it begins; a stream leaves no choice, over a signal the file does not tell.</summary>
    private static (bool IsForward, bool IsReverse, bool CarriesState) Form(JsonFields layer, TensorRef x)
    {
        var direction = layer.OptionalText("direction") ?? "forward";
        if (direction is not ("forward" or "reverse" or "bidirectional"))
        {
            throw new RnnImportException(layer.LocationOf("direction"), JsonText.Quote(direction), "forward, reverse or bidirectional");
        }

        if (!LayerGraph.IsSignal(x) && direction != "forward")
        {
            throw new RnnImportException(
                layer.LocationOf("direction"), JsonText.Quote(direction),
                "forward: the backward direction needs the end of the sequence first, which a stream has not; for whole sequences give time_steps in the topology");
        }

        var state = layer.OptionalText("state");
        var carries = state switch
        {
            "carried" => true,
            "zeros" when LayerGraph.IsSignal(x) => false,
            null when !LayerGraph.IsSignal(x) => true,
            _ => throw new RnnImportException(
                layer.LocationOf("state"), state is null ? "nothing" : JsonText.Quote(state),
                LayerGraph.IsSignal(x) ? "zeros (every call is a sequence of its own) or carried (a call goes on where the one before ended)" : "carried, or nothing"),
        };
        return (direction != "reverse", direction != "forward", carries);
    }

    /// <summary>One layer of a torch.nn module, in one direction or in both.</summary>
    private TensorRef NumberedLayer(
        JsonFields layer, TensorRef x, CellFormat format, string prefix, int index, string name, (bool IsForward, bool IsReverse, bool CarriesState) form)
    {
        // LSTMCell and its like have no layer number.
        var suffix = index == 0 && _tensors.Has($"{prefix}weight_ih") ? "" : $"_l{index}";
        var isBoth = form.IsForward && form.IsReverse;
        if (!isBoth)
        {
            if (_tensors.Has($"{prefix}weight_ih{suffix}_reverse"))
            {
                throw new RnnImportException(
                    layer.LocationOf("prefix"), $"tensor '{prefix}weight_ih{suffix}_reverse' (bidirectional)",
                    "the direction bidirectional, and time_steps in the topology: the backward direction needs the end of the sequence first, which a stream has not");
            }

            return Cell(layer, x, Numbered(layer, format, prefix, suffix), format, name, form.IsReverse, form.CarriesState);
        }

        var forward = Cell(layer, x, Numbered(layer, format, prefix, suffix), format, name, isReverse: false, form.CarriesState);
        var reverse = Cell(layer, x, Numbered(layer, format, prefix, $"{suffix}_reverse"), format, $"{name}.reverse", isReverse: true, form.CarriesState);
        return _graph.Concat(layer.Location, [forward, reverse]);
    }

    private TensorRef Cell(JsonFields layer, TensorRef x, CellTensors tensors, CellFormat format, string name, bool isReverse, bool carriesState)
    {
        var cell = CellWeights.Convert(format, LayerGraph.Features(layer.Location, x), tensors);
        return _graph.Cell(layer.Location, x, cell, name, isReverse, carriesState);
    }

    private CellTensors Numbered(JsonFields layer, CellFormat format, string prefix, string suffix)
    {
        var location = layer.LocationOf("prefix");
        var biases = BiasFields(format.Biases) switch { [_, _] => ["bias_ih", "bias_hh"], [_] => ["bias"], _ => ImmutableArray<string>.Empty };
        return new CellTensors(
            Take("weight_ih"), Take("weight_hh"), [.. biases.Select(Take)],
            format.Kind == CellKind.Lstm ? _tensors.TakeOptional($"{prefix}weight_hr{suffix}") : null, []);

        Weight Take(string parameter) => _tensors.Take(location, $"{prefix}{parameter}{suffix}");
    }

    private CellTensors Keras(JsonFields layer, CellFormat format, string prefix) => new(
        RequireKeras(layer, prefix, "kernel"), RequireKeras(layer, prefix, "recurrent_kernel"),
        format.Biases == BiasForm.None ? [] : [RequireKeras(layer, prefix, "bias")], null, []);

    private CellTensors Named(JsonFields layer, CellFormat format)
    {
        var peepholes = format.Kind == CellKind.Lstm && PeepholeFields.Any(layer.Has) ? PeepholeFields : [];
        return new CellTensors(
            Tensor(layer, "input_weights"), Tensor(layer, "recurrent_weights"), [.. BiasFields(format.Biases).Select(field => Tensor(layer, field))],
            format.Kind == CellKind.Lstm ? OptionalTensor(layer, "projection_weights") : null, [.. peepholes.Select(field => Tensor(layer, field))]);
    }

    private static ImmutableArray<string> BiasFields(BiasForm form) => form switch
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
