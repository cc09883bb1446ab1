namespace RnnRuntime.Cli.Benching;

/// <summary>A bench on standard output, for people.</summary>
internal static class BenchText
{
    private const string None = "-";

    public static void Print(BenchReport report)
    {
        var work = report.Winner.Work;
        var listing = new Listing(
            $"{report.Source.Name}: {Count(report.Streams, "stream")}, {Count(report.TimeSteps, "step")} a call; a step reads {Text.Bytes(work.WeightBytes)} of weights, "
            + $"{Text.Count(work.FloatMultiplyAdds + work.Int8MultiplyAdds)} multiply-adds",
            "kernel", "", ">ns/step, min", ">median", ">times the best", ">GB/s", ">of the roof, %", "error");
        foreach (var kernel in report.Kernels)
        {
            listing.Add(report.ResultOf(kernel) is { } result
                ? Cells(report, result)
                : [kernel.Name, "", None, None, None, None, None, $"cannot run here: {kernel.UnavailableReason}"]);
        }

        listing.Write();
        Console.Out.WriteLine();
        foreach (var line in Notes(report))
        {
            Console.Out.WriteLine(line);
        }
    }

    private static string[] Cells(BenchReport report, BenchResult result) =>
    [
        result.Kernel.Name,
        result == report.Winner ? "*" : "",
        Nanoseconds(result.Timing.Min),
        Nanoseconds(result.Timing.Median),
        Text.Number(result.Timing.Min / report.Winner.Timing.Min, "0.00"),
        result.Work.WeightBytes == 0 ? None : Text.Number(result.GigabytesPerSecond, "0.0"),
        report.RoofShare(result) is > 0 and var share ? Text.Number(100 * share, "0") : None,
        Error(result),
    ];

    private static IEnumerable<string> Notes(BenchReport report)
    {
        var winner = report.Winner;
        yield return report.Results.Where(result => result != winner).MinBy(result => result.Timing.Min) is { } next
            ? $"* {winner.Kernel.Name} is the fastest, {Text.Number(next.Timing.Min / winner.Timing.Min, "0.00")} times as fast as {next.Kernel.Name}, the next"
            : $"* {winner.Kernel.Name} is the only kernel that was measured";
        yield return $"ns/step: of all streams; rounds in which every kernel has its turn (for {winner.Kernel.Name} {winner.Timing.Rounds} of {Count(winner.Timing.Calls, "call")})";
        yield return $"error: the largest difference of an output from {BenchReport.Reference}, over {Count(report.ComparedSteps, "step")} from the initial state; 0 is equal bits";
        if (report.Threads > 1)
        {
            yield return $"threads: {Text.Count(report.Threads)} share {Count(winner.Work.SharedSteps, "step")} of the plan of {winner.Kernel.Name}; the others are too small, or cannot be divided";
        }

        if (report.Roof is not { } roof)
        {
            yield return "roof: not measured; that needs AVX2 and FMA, which this processor lacks";
            yield break;
        }

        var level = roof.LevelFor(winner.Work.WeightBytes);
        yield return $"roof: {Nanoseconds(report.RoofNanoseconds(winner))} ns/step, one core, activations not counted; it reads {level.Level.Name} at "
            + $"{Text.Number(level.GigabytesPerSecond.Best, "0.0")} GB/s, and does {Text.Number(roof.FloatPeak.Best, "0")} float32 or {Text.Number(roof.BestInt8Peak, "0")} int8 multiply-adds a ns "
            + "(int8 by maddubs; VNNI can pass it)";
        if (report.TimeSteps > 1)
        {
            yield return "      with several steps a call it counts weights once a call, and GB/s counts them at every step";
        }
    }

    private static string Error(BenchResult result) =>
        result.Kernel.Name == BenchReport.Reference ? "reference"
        : result.Error.IsSameBits ? "0"
        : result.Error.Largest == 0 ? "0, but the bits differ"
        : Text.Number(result.Error.Largest, "0.0e+0");

    private static string Nanoseconds(double value) => Text.Number(value, value < 1000 ? "0.0" : "0");

    private static string Count(long count, string noun) => $"{Text.Count(count)} {noun}{(count == 1 ? "" : "s")}";
}
