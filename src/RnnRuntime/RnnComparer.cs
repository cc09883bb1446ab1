using RnnRuntime.Comparison;

namespace RnnRuntime;

/// <summary>Shows where a network loses accuracy against another, such as a quantised one against its float32 original. Thread-safe.</summary>
public static class RnnComparer
{
    /// <summary>Part of the whole noise that the nodes suggested to be kept float cause together, at least.</summary>
    private const double MostOfTheNoise = 0.5;

    /// <summary>
    /// Runs both in lock step over the same inputs, one stream, the states carried from their initial values. Nodes, states and values are
    /// matched by name. Memory does not grow with the steps.
    /// </summary>
    /// <param name="reference">What the candidate is held to.</param>
    /// <param name="candidate">Has the same inputs and outputs.</param>
    /// <param name="inputs">What both are given.</param>
    /// <param name="options">How to run; null for the defaults.</param>
    /// <exception cref="ArgumentException">The inputs or outputs of the two differ, the inputs are for another network, or an option does not fit.</exception>
    public static RnnComparison Compare(RnnGraph reference, RnnGraph candidate, RnnInputs inputs, RnnComparisonOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new RnnComparisonOptions();
        var steps = options.Steps ?? inputs.Steps;
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.SensitivitySteps, nameof(options));
        inputs.CheckFit(reference, "reference");
        inputs.CheckFit(candidate, "candidate");

        var sensitivitySteps = (int)Math.Min(options.SensitivitySteps, steps);
        var work = WorkOf(reference, candidate, steps, sensitivitySteps);
        var comparison = new LockstepComparison(reference, candidate, inputs, steps).Run(options, done => options.Progress?.Report(done * work));
        var costs = SensitivityAnalysis.Run(
            reference, candidate, inputs, sensitivitySteps, options.Kernel, done => options.Progress?.Report(work + (done * (1 - work))));

        // Weights were read as spans of a mapped file, which do not keep the mapping; the graphs do.
        GC.KeepAlive(reference);
        GC.KeepAlive(candidate);
        return comparison with
        {
            SensitivitySteps = sensitivitySteps,
            Nodes = [.. comparison.Nodes.Select(node => node with { Cost = costs.GetValueOrDefault(node.Name) })],
            KeepFloat = comparison.SnrDecibels >= options.SufficientDecibels ? [] : [.. KeepFloat(costs)],
        };
    }

    /// <summary>The share of the work that the long run is, by steps.</summary>
    private static double WorkOf(RnnGraph reference, RnnGraph candidate, long steps, int sensitivitySteps) =>
        steps / (steps + ((double)sensitivitySteps * 4 * SensitivityAnalysis.Changed(reference, candidate).Count()));

    private static IEnumerable<string> KeepFloat(Dictionary<string, NodeCost> costs)
    {
        var share = 0.0;
        foreach (var (name, cost) in costs.OrderByDescending(cost => cost.Value.Share).ThenBy(cost => cost.Key, StringComparer.Ordinal))
        {
            if (share > MostOfTheNoise || cost.Share == 0)
            {
                yield break;
            }

            share += cost.Share;
            yield return name;
        }
    }
}
