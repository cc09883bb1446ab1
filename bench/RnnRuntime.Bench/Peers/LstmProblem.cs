namespace RnnRuntime.Bench.Peers;

/// <summary>
/// Random weights and frames that every peer of one comparison is given: uniform in ±1/sqrt(hidden), as frameworks initialise, frames in ±1.
/// Gate order i, f, g, o. Layouts: input weights [4H, F], recurrent weights [4H, H], bias [4H], frames [T, B, F].
/// </summary>
internal sealed class LstmProblem
{
    private const int Seed = 20241;

    internal LstmProblem(LstmShape shape)
    {
        var random = new Random(Seed);
        float bound = 1 / MathF.Sqrt(shape.Hidden);
        Shape = shape;
        InputWeights = Uniform(random, shape.Rows * shape.Input, bound);
        RecurrentWeights = Uniform(random, shape.Rows * shape.Hidden, bound);
        Bias = Uniform(random, shape.Rows, bound);
        Frames = Uniform(random, shape.TimeSteps * shape.Streams * shape.Input, 1);
    }

    internal LstmShape Shape { get; }

    internal float[] InputWeights { get; }

    internal float[] RecurrentWeights { get; }

    internal float[] Bias { get; }

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
}
