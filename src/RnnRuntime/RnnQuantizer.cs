using RnnRuntime.Quantization;

namespace RnnRuntime;

/// <summary>
/// Makes int8 networks out of float32 ones: weights symmetric per output row in [-127, 127]. Activations are quantised by the runtime, per
/// step and stream; biases, gates and states stay float32.
/// </summary>
public static class RnnQuantizer
{
    /// <summary>Quantises the weights of every recurrent, linear and convolution node.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="keepFloat">Names of nodes that stay as they are.</param>
    /// <exception cref="ArgumentException">A name is not a node of the graph.</exception>
    public static RnnGraph Quantize(RnnGraph graph, IEnumerable<string>? keepFloat = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var keep = (keepFloat ?? []).ToHashSet();
        foreach (var name in keep)
        {
            if (graph.Nodes.All(node => node.Name != name))
            {
                throw new ArgumentException($"The graph has no node '{name}'; it has {string.Join(", ", graph.Nodes.Select(node => $"'{node.Name}'"))}.", nameof(keepFloat));
            }
        }

        return new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, WeightQuantizer.Quantize(graph.Nodes, keep), graph.Metadata);
    }

    /// <summary>
    /// The same for a model: its golden input, where it has one, is kept and its golden output is made anew by the quantised model.
    /// </summary>
    /// <exception cref="ArgumentException">A name is not a node of the graph, or the kernel cannot run here.</exception>
    public static RnnModel Quantize(RnnModel model, IEnumerable<string>? keepFloat = null, RnnOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var graph = Quantize(model.Graph, keepFloat);
        if (model.Golden is not { } golden)
        {
            return RnnModel.FromGraph(graph, options);
        }

        using var quantized = RnnModel.FromGraph(graph, golden, options);
        return RnnModel.FromGraph(graph, GoldenCheck.Renew(quantized, golden), options);
    }
}
