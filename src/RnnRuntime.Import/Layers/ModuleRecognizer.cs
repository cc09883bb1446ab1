using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// A file that holds weights only and one recognisable module, told by its tensors' names and shapes: torch.nn.LSTM, GRU, LSTMCell, GRUCell
/// with any number of layers; Keras LSTM and GRU layers, one or a numbered stack; and embedding, recurrent module, linear (a language
/// model). Where names leave a choice that changes results the file is refused: a topology says what it is.
/// </summary>
internal static class ModuleRecognizer
{
    private static readonly string[] EmbeddingNames = ["emb", "embed", "embedding", "embeddings", "encoder", "token_embedding", "wte"];
    private static readonly string[] HeadNames = ["out", "output", "fc", "head", "decoder", "linear", "lin", "proj", "lm_head"];

    /// <summary>Makes the graph. Input <c>x</c> and output <c>y</c>; of a language model <c>token</c> and <c>logits</c>.</summary>
    public static RnnGraph Read(NamedTensors file, RnnImportLimits limits)
    {
        var tensors = new TensorSource(file);
        var graph = new LayerGraph(limits);
        var location = $"{file.Format} file";
        var torch = TorchModule.Find(file);
        if (torch.Count == 1)
        {
            ReadTorch(file, tensors, graph, torch[0]);
        }
        else if (torch.Count == 0 && KerasStack.Find(file) is { } keras)
        {
            keras.Build(tensors, graph, location);
        }
        else
        {
            throw Unknown(file, torch.Count > 1
                ? $"{torch.Count} recurrent modules ({string.Join(", ", torch.Take(4).Select(module => JsonText.Quote(module.Prefix)))})"
                : "no recurrent module that names tell");
        }

        return graph.Build(location);
    }

    private static void ReadTorch(NamedTensors file, TensorSource tensors, LayerGraph graph, TorchModule module)
    {
        var others = file.Tensors.Where(pair => !module.Owns(pair.Key)).ToArray();
        var location = $"{file.Format} file, module {JsonText.Quote(module.Prefix)}";
        if (others.Length == 0)
        {
            var features = module.Features(tensors, location);
            graph.Output(location, "y", module.Build(tensors, graph, location, graph.Input(location, "x", features)));
            return;
        }

        var table = Single(others, EmbeddingNames, "weight");
        var weight = Single(others, HeadNames, "weight");
        var bias = weight is null ? null : Single(others, [weight[..^".weight".Length]], "bias");
        var found = (table is null ? 0 : 1) + (weight is null ? 0 : 1) + (bias is null ? 0 : 1);
        if (table is null || weight is null || found != others.Length)
        {
            throw Unknown(file, $"the recurrent module {JsonText.Quote(module.Prefix)} and {others.Length} other tensors");
        }

        var embedded = graph.Embedding(location, graph.Tokens(location, "token"), tensors.Take(location, table));
        var hidden = module.Build(tensors, graph, location, embedded);
        graph.Output(location, "logits", graph.Linear(
            location, hidden, tensors.Take(location, weight), bias is null ? null : tensors.Take(location, bias), MatrixLayout.OutIn));
    }

    /// <summary>The one tensor whose module has one of these names, whatever stands before it.</summary>
    private static string? Single(KeyValuePair<string, HostTensor>[] tensors, string[] modules, string parameter)
    {
        string? found = null;
        foreach (var (name, _) in tensors)
        {
            foreach (var module in modules)
            {
                var ending = $"{module}.{parameter}";
                if (name == ending || name.EndsWith($".{ending}", StringComparison.Ordinal))
                {
                    if (found is not null)
                    {
                        return null;
                    }

                    found = name;
                    break;
                }
            }
        }

        return found;
    }

    private static RnnImportException Unknown(NamedTensors file, string found) => new(
        $"{file.Format} file", $"{found}; its tensors are {TensorSource.Describe(file)}",
        "one torch.nn.LSTM or GRU, Keras LSTM or GRU layers, or embedding, recurrent module and linear; for anything else give a topology that names the layers");
}
