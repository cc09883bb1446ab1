using System.Diagnostics;
using System.Globalization;
using RnnRuntime.Bench.Crossover;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Threading;

namespace RnnRuntime.Bench.Threads;

/// <summary>What more threads gain, and what their workers cost between calls.</summary>
internal static class ThreadsCommand
{
    private const double WarmUpSeconds = 0.3;
    private const double IdleSeconds = 2;

    internal static void Run(ReadOnlySpan<string> arguments)
    {
        ThreadsOptions options = ThreadsOptions.Parse(arguments);
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine($"# One thread and {options.Threads}");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe().Replace("; one thread is measured", "", StringComparison.Ordinal));
        writer.WriteLine($"- Command: `{options.Command(string.Join(' ', ["threads", .. arguments]))}`");
        writer.WriteLine($"- Hand-over: {HandOver(options.Threads, phases: 1):F0} ns for work of one empty phase, {HandOver(options.Threads, phases: 100) / 100:F0} ns a phase for work of 100");
        if (options.Times)
        {
            WriteTimes(writer, options);
        }

        if (options.Idle)
        {
            WriteIdle(writer, options);
        }

        string report = writer.ToString().ReplaceLineEndings("\n");
        Console.Write(report);
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "threads.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
        }
    }

    private static void WriteTimes(StringWriter writer, ThreadsOptions options)
    {
        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        writer.WriteLine($"- {options.Streams} streams, {options.TimeSteps} time steps a call, {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms in one process; times are");
        writer.WriteLine("  the minimum (and median) in ns of a time step; ratios of one thread over several, above 1 several are faster");
        writer.WriteLine();
        writer.WriteLine($"| layer | weights | 1 thread | {options.Threads} threads | ratio of minima | of medians | parts |");
        writer.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        foreach (string kind in options.Kinds)
        {
            foreach (string precision in options.Precisions)
            {
                foreach ((int input, int hidden) in options.Sizes)
                {
                    var shape = new LayerShape(kind, input, hidden);
                    Console.Error.WriteLine($"Measuring {shape} {precision}.");
                    using var one = new ThreadsPeer(shape, options, ThreadsOptions.PrecisionOf(precision), 1);
                    using var several = new ThreadsPeer(shape, options, ThreadsOptions.PrecisionOf(precision), options.Threads);
                    Timing[] timings = timer.Measure([one, several], options.TimeSteps);
                    writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"| {shape} | {precision} | {timings[0].Min:N0} ({timings[0].Median:N0}) | {timings[1].Min:N0} ({timings[1].Median:N0}) "
                        + $"| {timings[0].Min / timings[1].Min:F2} | {timings[0].Median / timings[1].Median:F2} | {several.Parts} |"));
                }
            }
        }
    }

    /// <summary>The least nanoseconds of a call of empty work on all threads.</summary>
    private static double HandOver(int threads, int phases)
    {
        const int Calls = 5000;
        using var team = new WorkerTeam(threads);
        var work = new EmptyWork();
        double least = double.PositiveInfinity;
        for (int round = 0; round < 40; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < Calls / phases; call++)
            {
                team.TryEnter();
                team.Run(work, phases, threads);
                team.Exit();
            }

            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalNanoseconds / (Calls / phases));
        }

        return least;
    }

    private static void WriteIdle(StringWriter writer, ThreadsOptions options)
    {
        writer.WriteLine();
        writer.WriteLine($"Processor time of the whole process, in ms per second, over {IdleSeconds:F0} s: after the last call, and with a call each 10 ms.");
        writer.WriteLine();
        writer.WriteLine("| layer | threads | idle | 100 calls a second | calls alone |");
        writer.WriteLine("|---|---:|---:|---:|---:|");
        foreach (int hidden in new[] { 128, 512 })
        {
            var shape = new LayerShape("lstm", hidden / 2, hidden);
            foreach (int threads in new[] { 1, options.Threads })
            {
                Console.Error.WriteLine($"Measuring the idle time of {shape} on {threads} threads.");
                using var peer = new ThreadsPeer(shape, options, null, threads);
                double nanoseconds = new InterleavedTimer(1, options.SliceSeconds, WarmUpSeconds).Measure([peer], options.TimeSteps)[0].Min;
                double idle = ProcessorTime(() => Thread.Sleep(TimeSpan.FromSeconds(IdleSeconds)));
                double calling = ProcessorTime(() => CallAt(peer, period: 0.01));
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {shape} | {threads} | {idle:F2} | {calling:F2} | {nanoseconds * options.TimeSteps * 100 * 1e-6:F2} |"));
            }
        }
    }

    private sealed class EmptyWork : SplitWork
    {
        public override void Run(int phase, int part)
        {
        }
    }

    private static void CallAt(ThreadsPeer peer, double period)
    {
        for (int call = 0; call < IdleSeconds / period; call++)
        {
            Thread.Sleep(TimeSpan.FromSeconds(period));
            peer.Step();
        }
    }

    private static double ProcessorTime(Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        action();
        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
