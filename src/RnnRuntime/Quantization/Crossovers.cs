using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// From how many weights on a type of fewer bits makes a step faster: the fewest for which both the AVX2 and the AVX-512 kernel gain, by the bench
/// <c>crossover</c> (bench/results), one step and one stream. It is asked when a model is quantised, never when it is loaded, so that a file is the same
/// network on every machine.
/// </summary>
internal static class Crossovers
{
    /// <summary>Whether a step of the node in this type takes no longer than in float32.</summary>
    public static bool Gains(Node node, TensorType type) =>
        NodeWeights.Of(node).Sum(matrix => (long)matrix.Weights.Values.Shape.ElementCount) >= FewestWeights(node, type);

    /// <summary>The crossover for a kind of node; null where the type never gains.</summary>
    public static int? FewestWeights(Node node, TensorType type) => (node, type) switch
    {
        // Over many windows a product is bound by arithmetic, which 16 bits do not make less.
        (ConvNode, TensorType.Float16 or TensorType.BFloat16) => null,
        (_, TensorType.Float32) or (EmbeddingNode, _) => 0,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, TensorType.Int8) => 6_500,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, TensorType.BFloat16) => 8_000,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, _) => 12_000,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, TensorType.Int8) => 9_000,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, TensorType.BFloat16) => 12_000,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, _) => 20_000,
        (_, TensorType.Int8) => 2_300,
        _ => 9_000,
    };
}
