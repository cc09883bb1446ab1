using System.Globalization;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// Keras LSTM or GRU layers and nothing else: <c>LAYER/.../kernel</c>, <c>recurrent_kernel</c>, <c>bias</c>. Several are a stack in the
/// order of their numbers (lstm, lstm_1, lstm_2). The weights do not tell the activations; they are taken as Keras' defaults, tanh and
/// sigmoid.
/// </summary>
internal sealed class KerasStack
{
    private readonly List<(string Folder, string Layer, Dictionary<string, string> Tensors)> _layers;

    private KerasStack(List<(string Folder, string Layer, Dictionary<string, string> Tensors)> layers) => _layers = layers;

    /// <summary>The layers, or null where the file holds anything else.</summary>
    public static KerasStack? Find(NamedTensors file)
    {
        var folders = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (name, _) in file.Tensors)
        {
            var path = name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;
            var slash = path.LastIndexOf('/');
            if (path[(slash + 1)..] is not ("kernel" or "recurrent_kernel" or "bias"))
            {
                return null;
            }

            var folder = path[..(slash + 1)];
            if (!folders.TryGetValue(folder, out var tensors))
            {
                folders.Add(folder, tensors = []);
            }

            if (!tensors.TryAdd(path[(slash + 1)..], name))
            {
                return null;
            }
        }

        if (folders.Count == 0 || folders.Values.Any(tensors => !tensors.ContainsKey("kernel") || !tensors.ContainsKey("recurrent_kernel")))
        {
            return null;
        }

        var layers = folders.Select(pair => (Folder: pair.Key, Layer: pair.Key.Split('/')[0], Tensors: pair.Value)).ToList();
        if (layers.Count > 1)
        {
            var numbered = layers.Select(layer => (Number: Number(layer.Layer), Layer: layer)).ToList();
            if (numbered.Any(each => each.Number is null) || numbered.DistinctBy(each => each.Number!.Value.Number).Count() < layers.Count
                || numbered.DistinctBy(each => each.Number!.Value.Base).Count() > 1)
            {
                return null;
            }

            layers = [.. numbered.OrderBy(each => each.Number!.Value.Number).Select(each => each.Layer)];
        }

        return new KerasStack(layers);
    }

    public void Build(TensorSource tensors, LayerGraph graph, string location)
    {
        var first = tensors.Take(location, _layers[0].Tensors["kernel"]).ExpectRank(2, "[input size, gates * hidden]");
        var x = graph.Input(location, "x", first.Tensor.Shape[0]);
        for (var i = 0; i < _layers.Count; i++)
        {
            var layer = _layers[i];
            var kernel = tensors.Take(location, layer.Tensors["kernel"]);
            var recurrent = tensors.Take(location, layer.Tensors["recurrent_kernel"]).ExpectRank(2, "[hidden, gates * hidden]");
            Weight? bias = layer.Tensors.TryGetValue("bias", out var name) ? tensors.Take(location, name) : null;
            var format = Format(location, layer.Folder, recurrent, bias);
            var cell = CellWeights.Convert(format, LayerGraph.Features(location, x), kernel, recurrent, bias is { } added ? [added] : []);
            x = graph.Cell(location, x, cell, _layers.Count == 1 ? "rnn" : $"rnn.{i}");
        }

        graph.Output(location, "y", x);
    }

    /// <summary>A GRU whose bias is [2, 3H] resets after the recurrent product, one with [3H] before it.</summary>
    private static CellFormat Format(string location, string folder, Weight recurrent, Weight? bias)
    {
        var (hidden, rows) = (recurrent.Tensor.Shape[0], recurrent.Tensor.Shape[1]);
        switch (rows / (double)hidden)
        {
            case 4:
                return CellFormat.Keras(CellKind.Lstm, bias is null ? BiasForm.None : BiasForm.One);
            case 3 when bias is { } present:
                return present.Tensor.Rank == 2
                    ? CellFormat.Keras(CellKind.Gru, BiasForm.Merged)
                    : CellFormat.Keras(CellKind.Gru, BiasForm.One, resetAfter: false);
            case 3:
                throw new RnnImportException(
                    location, $"{JsonText.Quote(folder)}, a GRU without bias: the tensors do not tell reset_after", "a topology with \"reset_after\"");
            case 1:
                throw new RnnImportException(
                    location, $"{JsonText.Quote(folder)}, a SimpleRNN, whose activation the tensors do not tell", "a topology with \"nonlinearity\"");
            default:
                throw new RnnImportException(recurrent.Name, $"{recurrent.Tensor}", "[hidden, 4 * hidden] (LSTM) or [hidden, 3 * hidden] (GRU)");
        }
    }

    /// <summary>lstm_2 is number 2 of lstm; lstm is number 0.</summary>
    private static (string Base, int Number)? Number(string layer)
    {
        var underscore = layer.LastIndexOf('_');
        if (underscore < 0 || !int.TryParse(layer.AsSpan(underscore + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return layer.Length > 0 ? (layer, 0) : null;
        }

        return (layer[..underscore], number);
    }
}
