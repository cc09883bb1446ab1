using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// From how many weights on a type of fewer bits makes a step faster: sizes from which on both the AVX2 and the AVX-512 kernel gain, by the bench
/// <c>crossover</c> (bench/results), one step and one stream. It is asked when a model is quantised, never when it is loaded, so that a file is the same
/// network on every machine.
/// </summary>
internal static class Crossovers
{
    /// <summary>
    /// A float32 matrix of so many columns and with no more blocks than this part is stored without its zeros, and is then faster than 16 bits a weight
    /// with them.
    /// </summary>
    private const int ColumnsOfSparse = 64;
    private const double DensityOfSparse = 0.5;

    private const int ManyRows = 3;

    /// <summary>Why a step of the node in this type takes longer than in float32; null where it does not.</summary>
    public static string? Obstacle(Node node, TensorType type)
    {
        var matrices = NodeWeights.Of(node);
        var weights = matrices.Sum(matrix => (long)matrix.Weights.Values.Shape.ElementCount);
        var density = matrices.Sum(matrix => matrix.Weights.Values.Shape.ElementCount * DensityOf(matrix)) / weights;
        if (density <= DensityOfSparse && type != TensorType.Int8)
        {
            return FormattableString.Invariant($"{Names.Of(type)} would slow it down: float32 leaves out its zeros, {(1 - density) * 100:0} %");
        }

        // What is left out costs nothing in either type.
        var stored = density <= DensityOfSparse ? (long)(weights * density) : weights;
        return FewestWeights(node, type) is not { } fewest ? $"{Names.Of(type)} would slow it down: it never gains there"
            : stored < fewest ? $"{Names.Of(type)} would slow it down: {stored} weights, it gains from {fewest} on"
            : null;
    }

    private static double DensityOf(NodeMatrix matrix) => matrix.Role == "table" || matrix.Weights.Columns < ColumnsOfSparse
        ? 1
        : BlockPruner.Density(matrix.Weights, matrix.Gates);

    /// <summary>The crossover for a kind of node; null where the type never gains.</summary>
    private static int? FewestWeights(Node node, TensorType type) => (node, type) switch
    {
        (EmbeddingNode, _) => 0,

        // Over many rows a product is bound by arithmetic, which 16 bits do not make less.
        (_, TensorType.Float16 or TensorType.BFloat16) when RowsOf(node) > ManyRows => null,
        (ConvNode or LinearNode, _) when RowsOf(node) > ManyRows => 9_000,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, TensorType.Int8) => 7_000,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, TensorType.BFloat16) => 8_000,
        (LstmNode or SequenceNode { Cell: SequenceCell.Lstm }, _) => 12_000,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, TensorType.Int8) => 7_000,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, TensorType.BFloat16) => 9_500,
        (GruNode or SequenceNode { Cell: SequenceCell.Gru }, _) => 15_000,
        (RnnNode or SequenceNode { Cell: SequenceCell.Rnn }, TensorType.Int8) => 4_500,
        (RnnNode or SequenceNode { Cell: SequenceCell.Rnn }, TensorType.BFloat16) => 8_000,
        (RnnNode or SequenceNode { Cell: SequenceCell.Rnn }, _) => 9_300,
        (_, TensorType.Int8) => 2_300,
        _ => 9_000,
    };

    /// <summary>How many vectors a step multiplies with the same weights.</summary>
    private static int RowsOf(Node node) => node switch
    {
        LinearNode n => n.Input.Shape.ElementCount / n.Weights.Columns,
        ConvNode n => n.Output.Shape.ElementCount / n.Weights.Rows,
        SequenceNode n => n.Input.Shape[0] * n.Input.Shape[1],
        _ => 1,
    };
}
