using System.Text.RegularExpressions;

namespace RnnRuntime.Cli.Comparing;

/// <summary>The numbers of a comparison as sentences and tables that need no manual.</summary>
internal static partial class ComparisonTables
{
    /// <summary>What is left of the beginning of a name that is too long: where names come from paths, they differ further on.</summary>
    private const int Beginning = 6;

    /// <summary>What a report shows of a table that may be long, unless told otherwise.</summary>
    public const int Top = 20;

    /// <summary>The lines above the tables.</summary>
    public static IEnumerable<string> Summary(RnnComparison comparison, ComparisonHeading heading)
    {
        yield return $"A, the reference: {heading.Reference}";
        yield return $"B, held to it:    {heading.Candidate}";
        yield return $"Input:            {heading.Input}";
        yield return $"Run:              {Steps(comparison.Steps)}, kernel {heading.Kernel}";
        yield return comparison.Outputs.All(output => output.Error.LargestError == 0)
            ? "Result:           the outputs are equal"
            : $"Result:           the outputs of B are those of A with noise at {Decibels(comparison.SnrDecibels)} dB signal to noise";
        if (comparison.LanguageModel is { } language)
        {
            yield return $"Language model:   {Text.Number(language.ReferenceBits, "0.0000")} bits a token with A, {Text.Number(language.CandidateBits, "0.0000")} with B:"
                + $" {Text.Number(language.Change, "+0.0000;-0.0000")}, over {language.Tokens} tokens";
        }
    }

    /// <summary>The tables that have rows.</summary>
    public static IEnumerable<ComparisonTable> All(RnnComparison comparison, int top = Top) =>
        ((ComparisonTable[])[Outputs(comparison), Nodes(comparison, top), Gates(comparison, top), Drift(comparison), Values(comparison, top)]).Where(table => table.Rows.Count > 0);

    /// <summary>The lines below the tables.</summary>
    public static IEnumerable<string> Advice(RnnComparison comparison)
    {
        if (!comparison.KeepFloat.IsEmpty)
        {
            var share = comparison.Nodes.Where(node => comparison.KeepFloat.Contains(node.Name)).Sum(node => node.Cost?.Share ?? 0);
            yield return $"Keep float, as more than half of the noise comes from there ({Percent(share)} %):";
            yield return "  " + string.Join(' ', comparison.KeepFloat.Select(name => $"--keep-float {Quote(name)}"));
        }
        else if (comparison.Nodes.Any(node => node.Cost is { Share: > 0 }))
        {
            yield return $"Nothing needs to be kept float: at {Decibels(comparison.SnrDecibels)} dB the outputs are near enough.";
        }

        foreach (var line in comparison.LeftOut)
        {
            yield return $"Not compared: {Text.OneLine(line, 200)}";
        }
    }

    /// <summary>A ratio in dB; "equal" where there is no noise.</summary>
    public static string Decibels(double value) => double.IsPositiveInfinity(value) ? "equal" : double.IsNegativeInfinity(value) ? "-inf" : Text.Number(value, "0.0");

    /// <summary>A name that may be anything, on one line and not too long: the middle goes, as long names differ at their ends.</summary>
    public static string Name(string name, int length = 56)
    {
        var line = Text.OneLine(name, int.MaxValue);
        var runes = line.EnumerateRunes().ToArray();
        return runes.Length <= length ? line : $"{string.Concat(runes[..Beginning])}...{string.Concat(runes[^(length - Beginning - 3)..])}";
    }

    /// <summary>Whether a node makes numbers that are not another's in other places.</summary>
    public static bool Computes(NodeComparison node) => node.Operator is not ("view" or "concat" or "pick");

    private static ComparisonTable Outputs(RnnComparison comparison) => new(
        "Outputs", ["output", "shape", ">SNR, dB", ">RMS error", ">mean |error|", ">largest error", ">at step", "decision", ">changed", ">changed, %"],
        [.. comparison.Outputs.Select(output => (string[])
        [
            Name(output.Name), $"{output.Shape}", Decibels(output.Error.SnrDecibels), Error(output.Error.RmsError), Error(output.Error.MeanAbsoluteError),
            Error(output.Error.LargestError), Text.Count(output.Error.LargestErrorStep),
            output.Decision == DecisionKind.Threshold ? "threshold" : "largest element", Text.Count(output.ChangedDecisions),
            Percent((double)output.ChangedDecisions / comparison.Steps, "0.000"),
        ])]);

    private static ComparisonTable Nodes(RnnComparison comparison, int top)
    {
        var costly = comparison.Nodes.Where(node => node.Cost is not null).OrderByDescending(node => node.Cost!.Share).ToArray();
        return new ComparisonTable(
            $"Nodes, costliest first{Part(top, costly.Length)}. Alone: the outputs of A with this node from B, over {Steps(comparison.SensitivitySteps)}. If kept: those of B with this node from A.",
            ["node", "operator", "weights", ">share of noise, %", ">SNR alone, dB", ">gain if kept, dB", ">SNR of its values, dB", ">largest error"],
            [.. costly.Take(top).Select(node => (string[])
            [
                Name(node.Name), node.Operator, node.CandidatePrecision is { } precision ? Text.Of(precision) : "-", Percent(node.Cost!.Share), Decibels(node.Cost.SnrDecibels),
                double.IsFinite(node.Cost.GainDecibels) ? Text.Number(node.Cost.GainDecibels, "+0.0;-0.0;0.0") : "all of it",
                node.Values is [var value, ..] ? Decibels(value.Error.SnrDecibels) : "-", node.Values is [var first, ..] ? Error(first.Error.LargestError) : "-",
            ])]);
    }

    private static ComparisonTable Gates(RnnComparison comparison, int top)
    {
        var gates = comparison.Nodes.SelectMany(node => node.Cost?.Gates.Select(gate => (Node: node.Name, Gate: gate)) ?? []).OrderByDescending(gate => gate.Gate.Share).ToArray();
        return new ComparisonTable(
            $"Gates, costliest first{Part(top, gates.Length)}. Alone: the outputs of A with the stored weights of this gate from B.", ["node", "gate", ">share of gates, %", ">SNR alone, dB"],
            [.. gates.Take(top).Select(gate => (string[])[Name(gate.Node), gate.Gate.Gate, Percent(gate.Gate.Share), Decibels(gate.Gate.SnrDecibels)])]);
    }

    private static ComparisonTable Drift(RnnComparison comparison)
    {
        var signals = comparison.Outputs.Select(output => (Kind: "output", output.Name, output.Decades))
            .Concat(comparison.States.Select(state => (Kind: "state", state.Name, state.Decades))).ToArray();
        var decades = signals[0].Decades;
        return new ComparisonTable(
            "Drift: RMS error by steps",
            ["signal", "kind", .. decades.Select(decade => $">{decade.FirstStep} to {decade.FirstStep + decade.Steps - 1}"), ">largest error"],
            [.. signals.Select(signal => (string[])
                [Name(signal.Name), signal.Kind, .. signal.Decades.Select(decade => Error(decade.RmsError)), Error(signal.Decades.Max(decade => decade.LargestError))])]);
    }

    private static ComparisonTable Values(RnnComparison comparison, int top)
    {
        var values = comparison.Nodes.Where(Computes).SelectMany(node => node.Values.Select(value => (Node: node, Value: value)))
            .Where(value => value.Value.Error.NoisePower > 0).OrderBy(value => value.Value.Error.SnrDecibels).ToArray();
        return new ComparisonTable(
            $"Values inside, worst first{Part(top, values.Length)}: the noise that has gathered up to here",
            ["value", "operator", "shape", ">SNR, dB", ">RMS error", ">largest error", ">at step"],
            [.. values.Take(top).Select(value => (string[])
            [
                Name(value.Value.Name), value.Node.Operator, $"{value.Value.Shape}", Decibels(value.Value.Error.SnrDecibels), Error(value.Value.Error.RmsError),
                Error(value.Value.Error.LargestError), Text.Count(value.Value.Error.LargestErrorStep),
            ])]);
    }

    private static string Part(int top, int count) => top < count ? $" ({top} of {count})" : "";

    private static string Steps(long steps) => steps == 1 ? "1 step" : $"{steps} steps";

    private static string Error(double value) => value == 0 ? "0" : double.IsFinite(value) ? Text.Number(value, "0.00e+0") : "infinite";

    private static string Percent(double share, string format = "0.0") => Text.Number(100 * share, format);

    /// <summary>As a shell takes it.</summary>
    private static string Quote(string name) => PlainWord().IsMatch(name) ? name : $"'{name.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w./:+,][\w./:+,-]*$")]
    private static partial Regex PlainWord();
}
