using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// Makes zeros of the blocks of 8 rows and 4 columns that have the least sum of squares. Rows are grouped within a gate, as the lanes of packed
/// weights are, so that what is zero here is a block that the runtime leaves out.
/// </summary>
internal static class BlockPruner
{
    private const int BlockRows = 8;
    private const int BlockColumns = 4;

    /// <summary>
    /// The weights with this share of their blocks, rounded to a whole number and at least one; of equal blocks the earlier ones stay.
    /// </summary>
    /// <param name="weights">Float32.</param>
    /// <param name="gates">How many equal blocks of rows the matrix consists of.</param>
    /// <param name="density">The share to keep: above 0, at most 1.</param>
    /// <exception cref="ArgumentException">The weights are not float32, or the density is out of its range.</exception>
    public static Weights Prune(Weights weights, int gates, double density)
    {
        CheckDensity(density);
        if (!weights.IsFloat32)
        {
            throw new ArgumentException($"'{weights.Values.Name}' has {Names.Of(weights.Values.Type)} weights; pruning takes float32.", nameof(weights));
        }

        var values = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).ToArray();
        var blocks = Blocks(weights.Rows, weights.Columns, gates).ToArray();
        var magnitudes = Array.ConvertAll(blocks, block => SumOfSquares(values, weights.Columns, block));
        var kept = Math.Max(1, (int)Math.Round(density * blocks.Length, MidpointRounding.AwayFromZero));
        foreach (var index in Enumerable.Range(0, blocks.Length).OrderByDescending(index => magnitudes[index]).Skip(kept))
        {
            var (firstRow, rows, firstColumn, columns) = blocks[index];
            for (var row = firstRow; row < firstRow + rows; row++)
            {
                values.AsSpan((row * weights.Columns) + firstColumn, columns).Clear();
            }
        }

        return weights with { Values = weights.Values with { Data = MemoryMarshal.AsBytes(values.AsSpan()).ToArray() } };
    }

    /// <summary>
    /// The same nodes with each matrix of their recurrent, linear and convolution weights pruned, but for the named nodes and for convolutions of one
    /// filter a channel, whose weights no product reads. A tensor that nodes share is pruned once, is left as it is where a named node shares it,
    /// and gets another name where a table does.
    /// </summary>
    /// <exception cref="ArgumentException">Weights to be pruned are not float32, or the density is out of its range.</exception>
    public static ImmutableArray<Node> Prune(ImmutableArray<Node> nodes, double density, IReadOnlySet<string> keep)
    {
        CheckDensity(density);
        var keptValues = ValuesOf(nodes.Where(node => keep.Contains(node.Name)));
        var usedAsTheyAre = ValuesOf(nodes.Where(node => !HasProducts(node)));
        var names = nodes.SelectMany(node => node.Constants).Select(constant => constant.Name).ToHashSet(StringComparer.Ordinal);
        var pruned = new Dictionary<Constant, Weights>();
        return [.. nodes.Select(node => keep.Contains(node.Name) || !HasProducts(node) ? node : NodeWeights.Map(node, PruneOnce))];

        Weights PruneOnce(NodeMatrix matrix)
        {
            var weights = matrix.Weights;
            if (keptValues.Contains(weights.Values))
            {
                return weights;
            }

            if (!pruned.TryGetValue(weights.Values, out var result))
            {
                result = Prune(weights, matrix.Gates, density);
                pruned.Add(weights.Values, result = usedAsTheyAre.Contains(weights.Values) ? result with { Values = result.Values with { Name = NewName(weights.Values.Name) } } : result);
            }

            return weights with { Values = result.Values };
        }

        string NewName(string stem)
        {
            var name = $"{stem}.pruned";
            for (var i = 2; !names.Add(name); i++)
            {
                name = $"{stem}.pruned{i}";
            }

            return name;
        }
    }

    /// <summary>The share of blocks that are not all zeros.</summary>
    public static double Density(Weights weights, int gates)
    {
        var values = WeightValues.ToFloat32(weights);
        var blocks = Blocks(weights.Rows, weights.Columns, gates).ToArray();
        return (double)blocks.Count(block => SumOfSquares(values, weights.Columns, block) > 0) / blocks.Length;
    }

    private static HashSet<Constant> ValuesOf(IEnumerable<Node> nodes) => [.. nodes.SelectMany(node => NodeWeights.Of(node)).Select(matrix => matrix.Weights.Values)];

    private static bool HasProducts(Node node) => node switch
    {
        EmbeddingNode => false,
        ConvNode n => !n.IsDepthwise,
        _ => true,
    };

    private static void CheckDensity(double density)
    {
        if (!(density is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(density), density, "The share of blocks to keep is above 0 and at most 1.");
        }
    }

    private static IEnumerable<(int FirstRow, int Rows, int FirstColumn, int Columns)> Blocks(int rows, int columns, int gates)
    {
        var gateRows = rows / gates;
        for (var gate = 0; gate < gates; gate++)
        {
            for (var row = 0; row < gateRows; row += BlockRows)
            {
                for (var column = 0; column < columns; column += BlockColumns)
                {
                    yield return (
                        (gate * gateRows) + row, Math.Min(BlockRows, gateRows - row), column, Math.Min(BlockColumns, columns - column));
                }
            }
        }
    }

    private static double SumOfSquares(float[] values, int columns, (int FirstRow, int Rows, int FirstColumn, int Columns) block)
    {
        var sum = 0.0;
        for (var row = block.FirstRow; row < block.FirstRow + block.Rows; row++)
        {
            foreach (var value in values.AsSpan((row * columns) + block.FirstColumn, block.Columns))
            {
                sum += (double)value * value;
            }
        }

        return sum;
    }
}
