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
        var kind = Kind(tensors, location);
        if (_names.FirstOrDefault(name => name.EndsWith("_reverse", StringComparison.Ordinal)) is { } reverse)
        {
            throw new RnnImportException(
                location, $"tensor {JsonText.Quote(reverse)} (bidirectional): the backward direction needs the end of the sequence first, which a stream has not",
                $"a topology that gives time_steps, the length T of a sequence: {Topology(tensors, location, $"\"time_steps\": T, ", kind == CellKind.Lstm ? "lstm" : "gru", "\"direction\": \"bidirectional\", \"state\": \"zeros\"")}");
        }

        var used = 0;
        for (var layer = 0; layer < _layers; layer++)
        {
            var suffix = _numbered ? $"_l{layer}" : "";
            var biases = tensors.Has($"{Prefix}bias_ih{suffix}") || tensors.Has($"{Prefix}bias_hh{suffix}");
            Weight[] added = biases
                ? [tensors.Take(location, $"{Prefix}bias_ih{suffix}"), tensors.Take(location, $"{Prefix}bias_hh{suffix}")]
                : [];
            var projection = kind == CellKind.Lstm ? tensors.TakeOptional($"{Prefix}weight_hr{suffix}") : null;
            var cell = CellWeights.Convert(
                CellFormat.PyTorch(kind, biases), LayerGraph.Features(location, x),
                new CellTensors(
                    tensors.Take(location, $"{Prefix}weight_ih{suffix}"), tensors.Take(location, $"{Prefix}weight_hh{suffix}"), [.. added], projection, []));
            x = graph.Cell(location, x, cell, _layers == 1 ? "rnn" : $"rnn.{layer}");
            used += 2 + added.Length + (projection is null ? 0 : 1);
        }

        return used == _names.Count
            ? x
            : throw new RnnImportException(location, $"{_names.Count} tensors, of which {used} are those of {_layers} layers", "weight_ih, weight_hh, both biases or none and of an LSTM weight_hr or none of each layer");
    }

    private CellKind Kind(TensorSource tensors, string location)
    {
        var (input, recurrent) = (First(tensors, location, "weight_ih"), First(tensors, location, "weight_hh"));
        if (tensors.Has($"{Prefix}weight_hr{(_numbered ? "_l0" : "")}"))
        {
            return CellKind.Lstm;
        }

        var (rows, hidden) = (input.Tensor.Shape[0], recurrent.Tensor.Shape[1]);
        return (rows / (double)hidden) switch
        {
            4 => CellKind.Lstm,
            3 => CellKind.Gru,
            1 => throw new RnnImportException(
                location, $"a plain RNN ({rows} rows for {hidden} units), which may use tanh or relu: the tensors do not tell",
                $"a topology: {Topology(tensors, location, "", "rnn", "\"nonlinearity\": \"tanh\"")}"),
            _ => throw new RnnImportException(input.Name, $"{rows} rows for {hidden} units", "4 rows a unit (LSTM) or 3 (GRU)"),
        };
    }

    /// <summary>A topology of this module alone, as an error shows it.</summary>
    private string Topology(TensorSource tensors, string location, string fields, string type, string rest) =>
        $"{{\"style\": \"pytorch\", {fields}\"inputs\": [{{\"name\": \"x\", \"size\": {Features(tensors, location)}}}], \"layers\": [{{\"type\": \"{type}\", \"prefix\": {JsonText.Literal(Prefix)}, \"layers\": {_layers}, {rest}}}]}}";

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
