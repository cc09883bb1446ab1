using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Latency;

/// <summary>Collects the times between completions over several rounds, with the collections that happened meanwhile.</summary>
internal sealed class IntervalMeter(int capacity)
{
    private const int Generations = 3;

    private readonly List<long> _intervals = new(capacity);
    private readonly int[] _collections = new int[Generations];
    private TimeSpan _paused;
    private long _preemptions;

    internal void Measure(StepLoop loop, long[] stamps, int processor)
    {
        int[] before = Counts();
        TimeSpan pausedBefore = GC.GetTotalPauseDuration();
        loop.Run(stamps, processor);
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
        }
    }

    internal Intervals Summarise()
    {
        _intervals.Sort();
        return new Intervals(
            _intervals.Count, Percentile(0.5), Percentile(0.99), Percentile(0.999), Percentile(0.9999), Microseconds(_intervals[^1]),
            _collections, Math.Round(_paused.TotalMilliseconds, 1), _preemptions);
    }

    /// <summary>The least time that this share of all times does not pass.</summary>
    private double Percentile(double share) => Microseconds(_intervals[Math.Max(0, (int)Math.Ceiling(share * _intervals.Count) - 1)]);

    private static double Microseconds(long nanoseconds) => Math.Round(nanoseconds / 1000.0, 3);

    private static int[] Counts() => [.. Enumerable.Range(0, Generations).Select(generation => GC.CollectionCount(generation))];
}
