using System.Globalization;
using RnnRuntime.Bench.Interop;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Results;
using RnnRuntime.Kernels;

namespace RnnRuntime.Bench.Latency;

/// <summary>How long a host waits for a step at worst, and what collections that other threads cause do to it.</summary>
internal static class LatencyCommand
{
    /// <summary>Where the steps run; garbage, the collector and everything else keep off it as long as there is another processor.</summary>
    private static int StepProcessor => Processors.Allowed[^1];

    private static int OtherProcessor => Processors.Allowed[0];

    internal static void Run(LatencyOptions options)
    {
        // Threads inherit it: the collector's own, too, do not compete for the processor of the steps.
        Processors.PinAll(OtherProcessor);
        var measured = new List<LatencyResult>();
        foreach (Way way in Ways(options).Where(way => way.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase)))
        {
            Console.Error.WriteLine($"Measuring {way.Name}.");
            measured.Add(way.Missing is null ? Measure(options, way) : new LatencyResult(way.Name, way.Missing, way.StepsPerCall, null, null, options.Command));
        }

        Console.Write(Report(options, measured));
        if (!options.NoFile)
        {
            string markdown = options.Output ?? Path.Combine(Machine.ResultsFolder, "latency.md");
            string json = Path.ChangeExtension(markdown, ".json");
            var file = ResultFile<LatencyResult>.Merge(json, Machine.Describe(), measured, row => row.Name);
            file.Save(json);
            File.WriteAllText(markdown, Report(options, file.Rows));
            if (options.Output is null)
            {
                Versions.Write("latency", file.Rows.Select(row => row.Command));
            }
        }
    }

    private sealed record Way(string Name, int StepsPerCall, string? Missing, Func<StepLoop> Create);

    private static IEnumerable<Way> Ways(LatencyOptions options)
    {
        var step = new CellShape(options.Size.Input, options.Size.Hidden);
        CellShape block = step with { TimeSteps = options.Block };
        string managed = LabOptions.Available.First(kernel => !KernelRegistry.IsNative(kernel));
        string? native = LabOptions.Available.FirstOrDefault(KernelRegistry.IsNative);
        string? absent = native is not null ? null
            : RnnKernels.All.FirstOrDefault(kernel => KernelRegistry.IsNative(kernel.Name)) is { } kernel ? kernel.UnavailableReason
            : "the registry has no kernel of the C library";
        yield return new($"RnnSession, C# kernel {managed}, a step a call", 1, null, () => Own(step, managed));
        yield return new($"RnnSession, C# kernel {managed}, {options.Block} steps a call", options.Block, null, () => Own(block, managed));
        yield return new($"RnnSession, C kernel{Named(native)}, a step a call", 1, absent, () => Own(step, native!));
        yield return new($"RnnSession, C kernel{Named(native)}, {options.Block} steps a call", options.Block, absent, () => Own(block, native!));
        yield return new(
            $"rnn_run on a native thread, C kernel{Named(native)}, a step a call", 1, absent ?? BenchNative.MissingReason,
            () => new NativeThreadLoop(Checked(step, native!)));
        yield return new("ONNX Runtime, a step a call", 1, null, () => new ManagedLoop(new OnnxRuntimePeer(new CellProblem(step), OnnxPrecision.Float32)));

        static string Named(string? kernel) => kernel is null ? "" : $" {kernel}";
        static ManagedLoop Own(CellShape shape, string kernel) => new(new RnnRuntimePeer(new CellProblem(shape), null, kernel));
    }

    /// <summary>What the native thread will call gives the bits that a session gives.</summary>
    private static NativeRun Checked(CellShape shape, string kernel)
    {
        var problem = new CellProblem(shape);
        using var peer = new RnnRuntimePeer(problem, null, kernel);
        var run = new NativeRun(problem, kernel);
        for (int step = 0; step < 3; step++)
        {
            peer.Step();
            run.Call();
        }

        return run.Outputs.SequenceEqual(peer.Output)
            ? run
            : throw new InvalidOperationException($"rnn_run with {kernel} gives other numbers than a session.");
    }

    private static LatencyResult Measure(LatencyOptions options, Way way)
    {
        int calls = Math.Max(1, options.Steps / way.StepsPerCall);
        using StepLoop loop = way.Create();
        long[] stamps = GC.AllocateUninitializedArray<long>(calls + 1, pinned: true);
        byte[] preempted = new byte[calls];
        IntervalMeter quiet = new(calls * options.Rounds), garbage = new(calls * options.Rounds);
        for (int round = 0; round < options.Rounds; round++)
        {
            GC.Collect();
            quiet.Measure(loop, stamps, preempted, StepProcessor);
            using (new GarbageThread(OtherProcessor))
            {
                garbage.Measure(loop, stamps, preempted, StepProcessor);
            }
        }

        return new LatencyResult(way.Name, null, way.StepsPerCall, quiet.Summarise(), garbage.Summarise(), options.Command);
    }

    private static string Report(LatencyOptions options, IReadOnlyList<LatencyResult> rows)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Latency: from completion to completion, alone and beside a thread that makes garbage");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        foreach (string command in rows.Select(row => row.Command).Distinct())
        {
            writer.WriteLine($"- Command: `{command}`");
        }

        writer.WriteLine($"- LSTM ({options.Size.Input},{options.Size.Hidden}), float32; {options.Rounds} rounds, alone and with garbage in turn, of {options.Steps:N0} steps each; times in us");
        writer.WriteLine(StepProcessor == OtherProcessor
            ? "- One processor for everything: times with garbage include waiting for it"
            : "- The steps have a processor of their own; garbage and the collector's threads are kept on another");
        writer.WriteLine();
        writer.WriteLine("| steps | garbage | times | p50 | p99 | p99.9 | p99.99 | largest | preempted | p99.99 of the others | largest of the others | collections (0, 1, 2) | paused, ms |");
        writer.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (LatencyResult row in rows)
        {
            writer.WriteLine(row.Missing is { } missing
                ? $"| {row.Name} | | not measured: {missing} | | | | | | | | | | |"
                : $"{Line(row.Name, "no", row.Quiet!)}\n{Line(row.Name, "yes", row.Garbage!)}");
        }

        writer.WriteLine();
        writer.WriteLine("| steps | p99.99 with garbage / without | largest with garbage / without |");
        writer.WriteLine("|---|---:|---:|");
        foreach (LatencyResult row in rows.Where(row => row.Missing is null))
        {
            writer.WriteLine($"| {row.Name} | {row.Ratio:F2} | {row.Garbage!.Max / row.Quiet!.Max:F2} |");
        }

        writer.WriteLine();
        writer.WriteLine("""
            A time is from the end of a call to the end of the next, on the thread that calls: a timer around the call alone would hide a pause between two. A block of
            steps completes as one: its times are of blocks. RnnSession: a managed thread calls Run. rnn_run: a thread that the .NET runtime does not know calls the C library over the
            program of a session. Preempted: times during which the system gave the steps' processor to another thread; each costs milliseconds that no runtime is to blame for. All percentiles but
            those of the others have them in. A thread that waits for a collection gives its processor away by itself: that is no preemption, and counts everywhere.
            """);
        return writer.ToString().ReplaceLineEndings("\n");
    }

    private static string Line(string name, string garbage, Intervals times) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {garbage} | {times.Count:N0} | {times.P50:F2} | {times.P99:F2} | {times.P999:F2} | {times.P9999:F2} | {times.Max:F1} | {times.Preempted ?? times.Preemptions} "
        + $"| {times.UndisturbedP9999:F2} | {times.UndisturbedMax:F1} | {string.Join(", ", times.Collections)} | {times.PauseMilliseconds:F0} |");
}
