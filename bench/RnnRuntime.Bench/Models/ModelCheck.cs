namespace RnnRuntime.Bench.Models;

/// <summary>Runs both peers over the same inputs before anything is timed: outputs and states have to agree.</summary>
internal static class ModelCheck
{
    private const int Steps = 8;
    private const double Tolerance = 1e-4;

    /// <summary>The largest absolute difference; peers must not have been called yet.</summary>
    internal static double MaxDifference(ModelProblem problem, OnnxModelPeer peer, RnnModelPeer own)
    {
        double largest = 0;
        for (int step = 0; step < Steps; step++)
        {
            peer.Load(step);
            own.Load(step);
            peer.Step();
            own.Step();
            IReadOnlyDictionary<string, float[]> expected = peer.Results(), found = own.Results();
            if (!expected.Keys.ToHashSet().SetEquals(found.Keys))
            {
                throw new InvalidOperationException(
                    $"{problem.Name}: ONNX Runtime gives {string.Join(", ", expected.Keys)}; RnnRuntime gives {string.Join(", ", found.Keys)}.");
            }

            foreach ((string name, float[] values) in expected)
            {
                largest = Math.Max(largest, Compare($"{problem.Name}, step {step}, {name}", values, found[name]));
            }
        }

        return largest;
    }

    private static double Compare(string what, float[] expected, float[] found)
    {
        if (expected.Length != found.Length)
        {
            throw new InvalidOperationException($"{what}: {found.Length} values; ONNX Runtime gives {expected.Length}.");
        }

        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - found[i]);
            if (!(difference <= Tolerance * Math.Max(1, Math.Abs(expected[i]))))
            {
                throw new InvalidOperationException($"{what}[{i}] is {found[i]}; ONNX Runtime gives {expected[i]}.");
            }

            largest = Math.Max(largest, difference);
        }

        return largest;
    }
}
