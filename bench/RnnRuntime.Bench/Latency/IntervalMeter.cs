using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Latency;

/// <summary>Collects the times between completions over several rounds, with the collections that happened meanwhile.</summary>
internal sealed class IntervalMeter(int capacity)
{
    private const int Generations = 3;

    private readonly List<long> _intervals = new(capacity);
    private readonly List<long> _undisturbed = new(capacity);
    private readonly int[] _collections = new int[Generations];
    private TimeSpan _paused;
    private long _preemptions;

    internal void Measure(StepLoop loop, long[] stamps, byte[] preempted, int processor)
    {
        int[] before = Counts();
        TimeSpan pausedBefore = GC.GetTotalPauseDuration();
        Array.Clear(preempted);
        loop.Run(stamps, preempted, processor);
        _preemptions += loop.Preemptions;
        _paused += GC.GetTotalPauseDuration() - pausedBefore;
        int[] after = Counts();
        for (int generation = 0; generation < Generations; generation++)
        {
            _collections[generation] += after[generation] - before[generation];
        }

        for (int i = 1; i < stamps.Length; i++)
        {
            _intervals.Add(stamps[i] - stamps[i - 1]);
            if (preempted[i - 1] == 0)
            {
                _undisturbed.Add(stamps[i] - stamps[i - 1]);
            }
        }
    }

    internal Intervals Summarise()
    {
        _intervals.Sort();
        _undisturbed.Sort();
        return new Intervals(
            _intervals.Count, Percentile(_intervals, 0.5), Percentile(_intervals, 0.99), Percentile(_intervals, 0.999), Percentile(_intervals, 0.9999),
            Microseconds(_intervals[^1]), _collections, Math.Round(_paused.TotalMilliseconds, 1), _preemptions,
            _intervals.Count - _undisturbed.Count, Percentile(_undisturbed, 0.9999), Percentile(_undisturbed, 1));
    }

    /// <summary>The least time that this share of all times does not pass.</summary>
    private static double Percentile(List<long> sorted, double share) =>
        sorted.Count == 0 ? 0 : Microseconds(sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)]);

    private static double Microseconds(long nanoseconds) => Math.Round(nanoseconds / 1000.0, 3);

    private static int[] Counts() => [.. Enumerable.Range(0, Generations).Select(generation => GC.CollectionCount(generation))];
}
