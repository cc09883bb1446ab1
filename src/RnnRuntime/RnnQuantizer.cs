using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Quantization;

namespace RnnRuntime;

/// <summary>
/// Makes networks with weights of fewer bits out of float32 ones. Int8 weights are symmetric per output row in [-127, 127]; the vectors that they
/// multiply are quantised by the runtime, per step and stream, with the range that is known of them (the hidden state of an LSTM: [-1, 1]) or their
/// own largest magnitude; biases, gates and states stay float32. 16-bit weights are widened exactly and multiplied in float32.
/// </summary>
public static class RnnQuantizer
{
    /// <summary>The metadata that holds what was decided.</summary>
    internal const string MetadataKey = "quantization";

    /// <summary>Quantises the weights of every recurrent, linear, convolution and embedding node.</summary>
    /// <exception cref="ArgumentException">A name is not a node of the graph, or an option is out of its range.</exception>
    public static RnnQuantization Quantize(RnnGraph graph, RnnQuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Quantize(graph, null, options ?? new RnnQuantizationOptions());
    }

    /// <summary>The same for a model, whose golden input goes with it.</summary>
    /// <inheritdoc cref="Quantize(RnnGraph, RnnQuantizationOptions?)"/>
    public static RnnQuantization Quantize(RnnModel model, RnnQuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Quantize(model.Graph, model.Golden, options ?? new RnnQuantizationOptions());
    }

    private static RnnQuantization Quantize(RnnGraph graph, GoldenVectors? golden, RnnQuantizationOptions options)
    {
        var keep = KeptNodes(graph, options);
        var asked = options.Precision switch
        {
            RnnPrecision.Int8 => TensorType.Int8,
            RnnPrecision.Float16 => TensorType.Float16,
            RnnPrecision.BFloat16 => TensorType.BFloat16,
            _ => throw new ArgumentException($"Expected a precision; found {options.Precision}.", nameof(options)),
        };
        var decisions = graph.Nodes.Where(NodeQuantizer.IsCandidate).ToDictionary(
            node => node.Name, node => NodeQuantizer.Decide(node, keep.Contains(node.Name) ? TensorType.Float32 : asked, options.NeverSlower));
        var quantized = NodeQuantizer.Quantize(
            graph, decisions.ToDictionary(pair => pair.Key, pair => pair.Value.Type), ImmutableDictionary<Value, float>.Empty);
        var choices = graph.Nodes.Where(NodeQuantizer.IsCandidate).Select(
            node => new RnnQuantizationChoice(node.Name, node.Operator, decisions[node.Name].Type, decisions[node.Name].Reason)).ToImmutableArray();
        return new RnnQuantization(WithMetadata(quantized, options, choices), choices, golden);
    }

    private static HashSet<string> KeptNodes(RnnGraph graph, RnnQuantizationOptions options)
    {
        var keep = options.KeepFloat.ToHashSet(StringComparer.Ordinal);
        foreach (var name in keep)
        {
            if (graph.Nodes.All(node => node.Name != name))
            {
                throw new ArgumentException(
                    $"The graph has no node '{name}'; it has {string.Join(", ", graph.Nodes.Select(node => $"'{node.Name}'"))}.", nameof(options));
            }
        }

        return keep;
    }

    private static RnnGraph WithMetadata(RnnGraph graph, RnnQuantizationOptions options, ImmutableArray<RnnQuantizationChoice> choices)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("precision", Names.Of(options.Precision));
            json.WriteStartObject("nodes");
            foreach (var choice in choices)
            {
                json.WriteString(choice.Node, choice.Reason.Length == 0 ? Names.Of(choice.Precision) : $"{Names.Of(choice.Precision)}: {choice.Reason}");
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables, graph.Nodes,
            graph.Metadata.SetItem(MetadataKey, Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length)));
    }
}
