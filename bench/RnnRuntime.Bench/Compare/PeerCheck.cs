using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Compare;

/// <summary>Holds every peer against the double-precision reference before it is timed: a fast wrong answer is no result.</summary>
internal static class PeerCheck
{
    private const double FloatTolerance = 2e-5;
    private const double Int8Tolerance = 0.1;

    /// <summary>The largest absolute error of each peer's hidden states after its first calls; peers must not have been called yet.</summary>
    internal static double[] MaxErrors(IReadOnlyList<IPeer> peers, LstmProblem problem)
    {
        int calls = problem.Shape.TimeSteps == 1 ? 3 : 1;
        double[] expected = ReferenceLstm.Run(problem, calls);
        var errors = new double[peers.Count];
        for (int p = 0; p < peers.Count; p++)
        {
            for (int call = 0; call < calls; call++)
            {
                peers[p].Step();
            }

            errors[p] = ReferenceLstm.MaxError(peers[p].Output, expected);
            double tolerance = peers[p].IsInt8 ? Int8Tolerance : FloatTolerance;
            if (errors[p] > tolerance)
            {
                throw new InvalidOperationException(
                    $"{peers[p].Name} at {problem.Shape} is {errors[p]:E2} away from the reference; at most {tolerance:E0} is expected.");
            }
        }

        return errors;
    }
}
