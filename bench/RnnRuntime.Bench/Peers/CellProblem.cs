namespace RnnRuntime.Bench.Peers;

/// <summary>
/// Random weights and frames that every peer of one comparison is given: uniform in ±1/sqrt(hidden), as frameworks initialise, frames in ±1.
/// Gate order i, f, g, o (LSTM) or r, z, n (GRU), G gates. Layouts: input weights [GH, F], recurrent weights [GH, H], bias [GH], the GRU's
/// recurrent bias [GH] (otherwise empty), frames [T, B, F].
/// </summary>
internal sealed class CellProblem
{
    private const int Seed = 20241;

    /// <param name="shape">Sizes.</param>
    /// <param name="density">The share of the weights' blocks of 8 rows and 4 columns that are not zeros.</param>
    internal CellProblem(CellShape shape, double density = 1)
    {
        var random = new Random(Seed);
        float bound = 1 / MathF.Sqrt(shape.Hidden);
        Shape = shape;
        InputWeights = Uniform(random, shape.Rows * shape.Input, bound);
        RecurrentWeights = Uniform(random, shape.Rows * shape.Hidden, bound);
        Bias = Uniform(random, shape.Rows, bound);
        RecurrentBias = Uniform(random, shape.Cell == Cell.Gru ? shape.Rows : 0, bound);
        Frames = Uniform(random, shape.TimeSteps * shape.Streams * shape.Input, 1);
        ClearBlocks(random, InputWeights, shape.Input, density);
        ClearBlocks(random, RecurrentWeights, shape.Hidden, density);
    }

    internal CellShape Shape { get; }

    internal float[] InputWeights { get; }

    internal float[] RecurrentWeights { get; }

    internal float[] Bias { get; }

    internal float[] RecurrentBias { get; }

    internal float[] Frames { get; }

    private static float[] Uniform(Random random, int count, float bound)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = ((random.NextSingle() * 2) - 1) * bound;
        }

        return values;
    }

    private static void ClearBlocks(Random random, float[] weights, int columns, double density)
    {
        int rows = weights.Length / columns;
        for (int row = 0; row < rows && density < 1; row += 8)
        {
            for (int column = 0; column < columns; column += 4)
            {
                bool keeps = random.NextDouble() < density;
                for (int i = row; i < Math.Min(row + 8, rows) && !keeps; i++)
                {
                    weights.AsSpan((i * columns) + column, Math.Min(4, columns - column)).Clear();
                }
            }
        }
    }
}
