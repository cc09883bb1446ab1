using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// Part of a gate's sum: some columns of a linear layer's weights, the row Rows[unit] for each unit, applied to the source. The path are
/// the nodes between the source and the layer.
/// </summary>
internal sealed record GateTerm(ElementRun Source, Weights Weights, int[] Rows, int FirstColumn, int Columns, ImmutableArray<Node> Path);

/// <summary>Two values multiplied element by element, and the positions in both of each stream's units.</summary>
internal readonly record struct GateProduct(Value Left, Value Right, int[] Positions);

/// <summary>What enters a gate's activation: a sum of linear layers, biases and products.</summary>
internal sealed class GateForm(int units)
{
    public List<GateTerm> Terms { get; } = [];

    public List<GateProduct> Products { get; } = [];

    public double[] Bias { get; } = new double[units];
}
