using System.Diagnostics;

namespace RnnRuntime.Cli;

/// <summary>Durations of steps. Holds the last <see cref="Capacity"/> of them; adding one allocates nothing.</summary>
internal sealed class StepTimes(long expectedSteps)
{
    public const int Capacity = 1 << 20;

    private readonly long[] _ticks = new long[Math.Clamp(expectedSteps, 1, Capacity)];
    private long _count;

    public long Count => _count;

    public void Add(long ticks)
    {
        _ticks[_count % _ticks.Length] = ticks;
        _count++;
    }

    /// <summary>For example <c>p50 18.2 us, p99 21.0 us, p99.9 35.4 us</c>.</summary>
    public string Describe()
    {
        var sorted = _ticks.AsSpan(0, (int)Math.Min(_count, _ticks.Length)).ToArray();
        if (sorted.Length == 0)
        {
            return "none";
        }

        Array.Sort(sorted);
        var part = _count > sorted.Length ? $" (of the last {sorted.Length} steps)" : "";
        return $"p50 {Microseconds(sorted, 0.5)} us, p99 {Microseconds(sorted, 0.99)} us, p99.9 {Microseconds(sorted, 0.999)} us{part}";
    }

    /// <summary>Nearest-rank percentile.</summary>
    internal static long Percentile(ReadOnlySpan<long> sorted, double share) =>
        sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    private static string Microseconds(long[] sorted, double share) =>
        Text.Number(Percentile(sorted, share) * 1e6 / Stopwatch.Frequency, "0.00");
}
