using System.Diagnostics;

namespace RnnRuntime.Cli.Benching;

/// <summary>Nanoseconds of one time step over the rounds.</summary>
/// <param name="Min">The least.</param>
/// <param name="Median">The median.</param>
/// <param name="Rounds">Rounds that it took part in.</param>
/// <param name="Calls">Calls of a round.</param>
internal sealed record BenchTiming(double Min, double Median, int Rounds, long Calls);

/// <summary>
/// Times runs in rounds that give each a slice in turn, so that a slow spell of the machine meets all of them. Each may use its share of the time; one that
/// is slow makes fewer calls and, where a call is longer than a slice, takes part in fewer rounds, but in one at least.
/// That of bench has fixed rounds and slices instead, whatever time they take.
/// </summary>
internal sealed class BenchTimer(double shareSeconds)
{
    private const int Rounds = 21;

    /// <summary>Tiered compilation has finished with the code after it.</summary>
    private const double WarmUpShare = 0.3;

    public BenchTiming[] Measure(IReadOnlyList<BenchRun> runs, Progress progress)
    {
        var turns = runs.Select(run => new Turn(run)).ToArray();
        foreach (var turn in turns)
        {
            turn.WarmUp(WarmUpShare * shareSeconds);
            progress.Report(Percent(turns));
        }

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var turn in turns.Where(turn => turn.Rounds == 0 || turn.Spent < shareSeconds))
            {
                turn.Slice((shareSeconds - turn.Spent) / (Rounds - round));
                progress.Report(Percent(turns));
            }
        }

        return [.. turns.Select(turn => turn.Timing)];
    }

    private long Percent(Turn[] turns) => (long)(100 * turns.Sum(turn => turn.Spent) / (shareSeconds * turns.Length));

    private sealed class Turn(BenchRun run)
    {
        private readonly List<double> _nanoseconds = new(BenchTimer.Rounds);
        private double _secondsPerCall;
        private long _calls;

        public double Spent { get; private set; }

        public int Rounds => _nanoseconds.Count;

        public BenchTiming Timing
        {
            get
            {
                double[] sorted = [.. _nanoseconds.Order()];
                var middle = sorted.Length / 2;
                var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
                return new BenchTiming(sorted[0], median, sorted.Length, _calls);
            }
        }

        public void WarmUp(double seconds)
        {
            long calls = 1;
            do
            {
                var elapsed = Seconds(calls);
                _secondsPerCall = elapsed / calls;
                calls = elapsed < seconds / 16 ? calls * 2 : calls;
            }
            while (Spent < seconds);
        }

        public void Slice(double seconds)
        {
            if (_calls == 0)
            {
                _calls = Math.Max(1, (long)(seconds / _secondsPerCall));
            }

            if (_calls > 1)
            {
                // Other kernels' weights were in the caches.
                Seconds(1);
            }

            _nanoseconds.Add(Seconds(_calls) * 1e9 / _calls / run.TimeSteps);
        }

        private double Seconds(long calls)
        {
            var start = Stopwatch.GetTimestamp();
            for (long call = 0; call < calls; call++)
            {
                run.Call();
            }

            var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Spent += elapsed;
            return elapsed;
        }
    }
}
