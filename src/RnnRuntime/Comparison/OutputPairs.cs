using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>The outputs of two graphs that are held against each other.</summary>
internal static class OutputPairs
{
    /// <summary>Indices of the outputs of the same name, in the reference's order.</summary>
    /// <exception cref="ArgumentException">One has an output that the other has not, or has in another form.</exception>
    public static ImmutableArray<(int Reference, int Candidate)> Of(RnnGraph reference, RnnGraph candidate)
    {
        if (!reference.Outputs.ToHashSet().SetEquals(candidate.Outputs))
        {
            throw new ArgumentException(
                $"The networks differ in their outputs: the reference has {Describe(reference)}, the candidate {Describe(candidate)}; expected the same names, types and shapes.");
        }

        return [.. reference.Outputs.Select((output, index) => (index, candidate.Outputs.IndexOf(output)))];
    }

    /// <summary>Mean over the outputs of the noise, each relative to its own signal: infinite where there is noise without a signal.</summary>
    public static double RelativeNoise(IEnumerable<SignalError> outputs) =>
        outputs.Select(error => error.NoisePower == 0 ? 0 : error.NoisePower / error.SignalPower).DefaultIfEmpty(0).Average();

    private static string Describe(RnnGraph graph) =>
        string.Join(", ", graph.Outputs.Select(output => $"'{output.Name}' ({Names.Describe(output.Type, output.Shape)})"));
}
