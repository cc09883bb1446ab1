using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Measuring;

/// <summary>Holds every peer against the double-precision reference before it is timed: a fast wrong answer is no result.</summary>
internal static class PeerCheck
{
    /// <summary>The largest absolute error of each peer's hidden states after its first calls; peers must not have been called yet.</summary>
    internal static double[] MaxErrors(IReadOnlyList<IPeer> peers, CellProblem problem)
    {
        int calls = problem.Shape.TimeSteps == 1 ? 3 : 1;
        double[] expected = ReferenceCell.Run(problem, calls);
        var errors = new double[peers.Count];
        for (int p = 0; p < peers.Count; p++)
        {
            for (int call = 0; call < calls; call++)
            {
                peers[p].Step();
            }

            errors[p] = ReferenceCell.MaxError(peers[p].Output, expected);
            double tolerance = Tolerance(peers[p].Weights);
            if (errors[p] > tolerance)
            {
                throw new InvalidOperationException(
                    $"{peers[p].Name} at {problem.Shape} is {errors[p]:E2} away from the reference; at most {tolerance:E0} is expected.");
            }
        }

        return errors;
    }

    private static double Tolerance(WeightType weights) => weights switch
    {
        WeightType.Float32 => 2e-5,
        WeightType.Float16 => 2e-3,
        WeightType.BFloat16 => 1e-2,
        _ => 0.1,
    };
}
