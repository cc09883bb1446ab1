namespace RnnRuntime.Bench.Results;

/// <summary>Times from one completion to the next, in us.</summary>
/// <param name="Count">How many.</param>
/// <param name="Collections">Garbage collections meanwhile, of generations 0, 1 and 2 (each counts the later ones too).</param>
/// <param name="PauseMilliseconds">How long they stopped managed threads, in sum.</param>
/// <param name="Preemptions">How often the system gave the steps' processor to another thread meanwhile.</param>
/// <param name="Preempted">Times during which it did; null in files from before they were told apart, as the two that follow.</param>
/// <param name="UndisturbedP9999">The 99.99th percentile of the other times.</param>
/// <param name="UndisturbedMax">Their largest.</param>
internal sealed record Intervals(
    long Count, double P50, double P99, double P999, double P9999, double Max, IReadOnlyList<int> Collections, double PauseMilliseconds, long Preemptions,
    long? Preempted = null, double? UndisturbedP9999 = null, double? UndisturbedMax = null);

/// <summary>One way to run steps, alone and beside a thread that makes garbage.</summary>
/// <param name="Name">The way.</param>
/// <param name="Missing">Why it could not be measured, or null.</param>
/// <param name="StepsPerInterval">Steps that complete together.</param>
/// <param name="Command">What measured it.</param>
internal sealed record LatencyResult(string Name, string? Missing, int StepsPerInterval, Intervals? Quiet, Intervals? Garbage, string Command)
{
    /// <summary>What garbage elsewhere does to the 99.99th percentile.</summary>
    internal double? Ratio => Garbage?.P9999 / Quiet?.P9999;
}
