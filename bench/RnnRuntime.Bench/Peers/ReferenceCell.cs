namespace RnnRuntime.Bench.Peers;

/// <summary>The cells' equations in double precision, written to be read; the judge of the peers' numbers.</summary>
internal static class ReferenceCell
{
    /// <summary>Hidden states [T, B, H] of the last of <paramref name="calls"/> calls from a zero state.</summary>
    internal static double[] Run(CellProblem problem, int calls)
    {
        CellShape shape = problem.Shape;
        var output = new double[shape.TimeSteps * shape.Streams * shape.Hidden];
        for (int stream = 0; stream < shape.Streams; stream++)
        {
            var h = new double[shape.Hidden];
            var c = new double[shape.Hidden];
            for (int call = 0; call < calls; call++)
            {
                for (int t = 0; t < shape.TimeSteps; t++)
                {
                    int row = (t * shape.Streams) + stream;
                    Step(problem, problem.Frames.AsSpan(row * shape.Input, shape.Input), h, c);
                    h.CopyTo(output, row * shape.Hidden);
                }
            }
        }

        return output;
    }

    internal static double MaxError(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        if (actual.Length != expected.Length)
        {
            throw new ArgumentException($"The output has {actual.Length} values, the reference {expected.Length}.", nameof(actual));
        }

        double max = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            max = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(max, error);
        }

        return max;
    }

    private static void Step(CellProblem problem, ReadOnlySpan<float> x, double[] h, double[] c)
    {
        int hidden = problem.Shape.Hidden;
        var w = new double[problem.Shape.Rows];
        var u = new double[problem.Shape.Rows];
        for (int row = 0; row < w.Length; row++)
        {
            w[row] = problem.Bias[row] + Dot(problem.InputWeights.AsSpan(row * x.Length, x.Length), x);
            u[row] = Dot(problem.RecurrentWeights.AsSpan(row * hidden, hidden), h) + (problem.RecurrentBias.Length > 0 ? problem.RecurrentBias[row] : 0);
        }

        for (int j = 0; j < hidden; j++)
        {
            switch (problem.Shape.Cell)
            {
                case Cell.Lstm:
                    double i = Sigmoid(Sum(0, j)), f = Sigmoid(Sum(1, j)), g = Math.Tanh(Sum(2, j)), o = Sigmoid(Sum(3, j));
                    c[j] = (f * c[j]) + (i * g);
                    h[j] = o * Math.Tanh(c[j]);
                    break;
                case Cell.Gru:
                    double r = Sigmoid(Sum(0, j)), z = Sigmoid(Sum(1, j)), n = Math.Tanh(w[(2 * hidden) + j] + (r * u[(2 * hidden) + j]));
                    h[j] = ((1 - z) * n) + (z * h[j]);
                    break;
                default:
                    h[j] = Math.Tanh(Sum(0, j));
                    break;
            }
        }

        double Sum(int gate, int unit) => w[(gate * hidden) + unit] + u[(gate * hidden) + unit];
    }

    private static double Dot(ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += (double)weights[i] * values[i];
        }

        return sum;
    }

    private static double Dot(ReadOnlySpan<float> weights, ReadOnlySpan<double> values)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += weights[i] * values[i];
        }

        return sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
