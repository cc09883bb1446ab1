using System.Globalization;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>The tensors of one torch.nn recurrent module: <c>PREFIX weight_ih_l0</c>, or <c>PREFIX weight_ih</c> of a cell.</summary>
internal sealed class TorchModule
{
    private static readonly string[] Parameters = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _numbered;
    private int _layers;

    private TorchModule(string prefix) => Prefix = prefix;

    /// <summary>What stands before the parameters' names, with its dot; may be empty.</summary>
    public string Prefix { get; }

    public bool Owns(string name) => _names.Contains(name);

    /// <summary>Groups the tensors whose names are those of a recurrent module.</summary>
    public static List<TorchModule> Find(NamedTensors file)
    {
        var modules = new Dictionary<string, TorchModule>(StringComparer.Ordinal);
        foreach (var (name, _) in file.Tensors)
        {
            if (Split(name) is not ({ } prefix, var layer))
            {
                continue;
            }

            if (!modules.TryGetValue(prefix, out var module))
            {
                modules.Add(prefix, module = new TorchModule(prefix));
            }

            module._names.Add(name);
            module._numbered |= layer is not null;
            module._layers = Math.Max(module._layers, (layer ?? 0) + 1);
        }

        return [.. modules.Values];
    }

    public int Features(TensorSource tensors, string location) => First(tensors, location, "weight_ih").Tensor.Shape[1];

    public TensorRef Build(TensorSource tensors, LayerGraph graph, string location, TensorRef x)
    {
        foreach (var name in _names)
        {
            if (name.EndsWith("_reverse", StringComparison.Ordinal))
            {
                throw new RnnImportException(
                    location, $"tensor {JsonText.Quote(name)} (bidirectional)",
                    "one direction: the other needs the end of the sequence first, which a stream has not; export the model to ONNX with a fixed length");
            }

            if (name[Prefix.Length..].StartsWith("weight_hr", StringComparison.Ordinal))
            {
                throw new RnnImportException(location, $"tensor {JsonText.Quote(name)} (proj_size)", "an LSTM without projection; export the model to ONNX");
            }
        }

        var kind = Kind(tensors, location);
        var used = 0;
        for (var layer = 0; layer < _layers; layer++)
        {
            var suffix = _numbered ? $"_l{layer}" : "";
            var biases = tensors.Has($"{Prefix}bias_ih{suffix}") || tensors.Has($"{Prefix}bias_hh{suffix}");
            Weight[] added = biases
                ? [tensors.Take(location, $"{Prefix}bias_ih{suffix}"), tensors.Take(location, $"{Prefix}bias_hh{suffix}")]
                : [];
            var cell = CellWeights.Convert(
                CellFormat.PyTorch(kind, biases), LayerGraph.Features(location, x),
                tensors.Take(location, $"{Prefix}weight_ih{suffix}"), tensors.Take(location, $"{Prefix}weight_hh{suffix}"), added);
            x = graph.Cell(location, x, cell, _layers == 1 ? "rnn" : $"rnn.{layer}");
            used += 2 + added.Length;
        }

        return used == _names.Count
            ? x
            : throw new RnnImportException(location, $"{_names.Count} tensors, of which {used} are those of {_layers} layers", "weight_ih, weight_hh and both biases or none of each layer");
    }

    private CellKind Kind(TensorSource tensors, string location)
    {
        var (input, recurrent) = (First(tensors, location, "weight_ih"), First(tensors, location, "weight_hh"));
        var (rows, hidden) = (input.Tensor.Shape[0], recurrent.Tensor.Shape[1]);
        return (rows / (double)hidden) switch
        {
            4 => CellKind.Lstm,
            3 => CellKind.Gru,
            1 => throw new RnnImportException(
                location, $"a plain RNN ({rows} rows for {hidden} units), which may use tanh or relu: the tensors do not tell",
                $"a topology: {{\"style\": \"pytorch\", \"inputs\": [{{\"name\": \"x\", \"size\": {input.Tensor.Shape[1]}}}], \"layers\": [{{\"type\": \"rnn\", \"prefix\": \"{Prefix}\", \"layers\": {_layers}, \"nonlinearity\": \"tanh\"}}]}}"),
            _ => throw new RnnImportException(input.Name, $"{rows} rows for {hidden} units", "4 rows a unit (LSTM) or 3 (GRU)"),
        };
    }

    private Weight First(TensorSource tensors, string location, string parameter) =>
        tensors.Take(location, $"{Prefix}{parameter}{(_numbered ? "_l0" : "")}").ExpectRank(2, "a matrix");

    /// <summary>A parameter's name without what stands before it, and its layer; null where the name is another.</summary>
    private static (string? Prefix, int? Layer) Split(string name)
    {
        var start = name.LastIndexOf('.') + 1;
        var rest = name.AsSpan(start);
        foreach (var parameter in Parameters)
        {
            if (!rest.StartsWith(parameter, StringComparison.Ordinal))
            {
                continue;
            }

            var suffix = rest[parameter.Length..];
            if (suffix.EndsWith("_reverse", StringComparison.Ordinal))
            {
                suffix = suffix[..^"_reverse".Length];
            }

            if (suffix.IsEmpty)
            {
                return (name[..start], null);
            }

            return suffix.StartsWith("_l", StringComparison.Ordinal)
                && int.TryParse(suffix[2..], NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layer < 10_000
                ? (name[..start], layer)
                : (null, null);
        }

        return (null, null);
    }
}
