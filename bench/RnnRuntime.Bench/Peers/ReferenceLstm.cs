namespace RnnRuntime.Bench.Peers;

/// <summary>The LSTM equations in double precision, written to be read; the judge of the peers' numbers.</summary>
internal static class ReferenceLstm
{
    /// <summary>Hidden states [T, B, H] of the last of <paramref name="calls"/> calls from a zero state.</summary>
    internal static double[] Run(LstmProblem problem, int calls)
    {
        LstmShape shape = problem.Shape;
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

    private static void Step(LstmProblem problem, ReadOnlySpan<float> x, double[] h, double[] c)
    {
        int hidden = problem.Shape.Hidden;
        var gates = new double[4 * hidden];
        for (int row = 0; row < gates.Length; row++)
        {
            gates[row] = problem.Bias[row]
                + Dot(problem.InputWeights.AsSpan(row * x.Length, x.Length), x)
                + Dot(problem.RecurrentWeights.AsSpan(row * hidden, hidden), h);
        }

        for (int j = 0; j < hidden; j++)
        {
            double i = Sigmoid(gates[j]), f = Sigmoid(gates[hidden + j]), g = Math.Tanh(gates[(2 * hidden) + j]), o = Sigmoid(gates[(3 * hidden) + j]);
            c[j] = (f * c[j]) + (i * g);
            h[j] = o * Math.Tanh(c[j]);
        }
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
