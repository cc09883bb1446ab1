using System.Collections.Immutable;
using RnnRuntime.Formats;

namespace RnnRuntime;

/// <summary>What the weights of a network become.</summary>
public enum RnnPrecision
{
    /// <summary>8 bits and a scale a row; vectors are quantised in each step.</summary>
    Int8,

    /// <summary>IEEE 754 binary16 weights, float32 arithmetic.</summary>
    Float16,

    /// <summary>The upper half of float32 weights, float32 arithmetic.</summary>
    BFloat16,

    /// <summary>Int8 where the error allows it, float16 for the nodes that cost most, float32 for those that cost too much even then.</summary>
    Mixed,
}

/// <summary>What to do with a network's weights.</summary>
public sealed record RnnQuantizationOptions
{
    /// <summary>What the weights become.</summary>
    public RnnPrecision Precision { get; init; } = RnnPrecision.Int8;

    /// <summary>Names of nodes that stay as they are.</summary>
    public IReadOnlyCollection<string> KeepFloat { get; init; } = [];

    /// <summary>Whether nodes stay float32 that the precision would slow down; true unless set.</summary>
    public bool NeverSlower { get; init; } = true;
}

/// <summary>What was decided for one node with weights.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its operator, as the file format writes it.</param>
/// <param name="Precision">The type of its weights from now on.</param>
/// <param name="Reason">Why it is not the precision that was asked for; empty where it is.</param>
public sealed record RnnQuantizationChoice(string Node, string Operator, TensorType Precision, string Reason);

/// <summary>A quantised network, and what was decided for it.</summary>
public sealed class RnnQuantization
{
    private readonly GoldenVectors? _golden;

    internal RnnQuantization(RnnGraph graph, ImmutableArray<RnnQuantizationChoice> choices, GoldenVectors? golden)
    {
        Graph = graph;
        Choices = choices;
        _golden = golden;
    }

    /// <summary>The network; its metadata <c>quantization</c> holds the choices as JSON.</summary>
    public RnnGraph Graph { get; }

    /// <summary>What was decided, node by node in the graph's order.</summary>
    public ImmutableArray<RnnQuantizationChoice> Choices { get; }

    /// <summary>
    /// Binds the network to this machine. The golden input of the model that was quantised, where it had one, is kept, and its golden output made anew.
    /// </summary>
    /// <exception cref="ArgumentException">The kernel is unknown or cannot run here.</exception>
    public RnnModel CreateModel(RnnOptions? options = null)
    {
        if (_golden is null)
        {
            return RnnModel.FromGraph(Graph, options);
        }

        using var model = RnnModel.FromGraph(Graph, _golden, options);
        return RnnModel.FromGraph(Graph, GoldenCheck.Renew(model, _golden), options);
    }
}
