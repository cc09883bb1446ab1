using System.Globalization;
using RnnRuntime.Bench.Compare;

namespace RnnRuntime.Bench.Models;

/// <summary>Runs every model in ONNX Runtime and RnnRuntime in this one process and writes the report; or times the steps of its plan.</summary>
internal static class ModelsCommand
{
    /// <summary>A process that is pinned to one processor waits a second before it compiles anything for the second time.</summary>
    internal const double WarmUpSeconds = 2;

    internal static void Run(ModelsOptions options)
    {
        IReadOnlyList<ModelEntry> entries = options.Select(ModelLibrary.All);
        var skipped = entries.Where(entry => !entry.IsPresent).Select(ModelLibrary.SkipLine).ToList();
        skipped.ForEach(Console.Error.WriteLine);
        entries = [.. entries.Where(entry => entry.IsPresent)];
        if (options.Steps)
        {
            ProfileSteps(options, entries);
            return;
        }

        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        var table = new ModelTable();
        foreach (ModelEntry entry in entries)
        {
            Console.Error.WriteLine($"Measuring {entry.Name}.");
            table.Add(Measure(entry, options.Kernel, timer));
        }

        string report = Report(options, table, skipped);
        Console.WriteLine(report);
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "models.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
        }
    }

    private static ModelRow Measure(ModelEntry entry, string? kernel, InterleavedTimer timer)
    {
        ModelProblem problem = entry.Read();
        using var peer = new OnnxModelPeer(problem);
        using var own = new RnnModelPeer(problem, kernel);
        double difference = ModelCheck.MaxDifference(problem, peer, own);
        Timing[] timings = timer.Measure([peer, own], timeSteps: 1);
        return new ModelRow(problem.Name, timings[0], timings[1], difference, own.Model.DescribePlan(1, 1));
    }

    private static void ProfileSteps(ModelsOptions options, IReadOnlyList<ModelEntry> entries)
    {
        foreach (ModelEntry entry in entries)
        {
            ModelProblem problem = entry.Read();
            using var own = new RnnModelPeer(problem, options.Kernel);
            new StepProfile(own.Model, problem, options.Rounds, options.SliceSeconds).Write(Console.Out);
        }
    }

    private static string Report(ModelsOptions options, ModelTable table, List<string> skipped)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Models: ONNX Runtime and RnnRuntime on the same files");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Kernel: {options.Kernel ?? RnnKernels.Default}");
        writer.WriteLine($"- Command: `{options.Command}`");
        writer.WriteLine($"- {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms a peer in one process; times are the minimum (and median) of a call in us");
        writer.WriteLine();
        table.Write(writer);
        skipped.ForEach(writer.WriteLine);
        writer.WriteLine("""
            Both get the same inputs and keep their states from call to call; outputs and states of eight steps are compared before anything is timed. A
            call is one step of a streaming model; the PyTorch exports take the sequence of their manifest in a call. Ratios are of minima. The chains are
            nodes with next to nothing to do: there, ns a plan step is the fixed cost of a step.
            """);
        return writer.ToString().ReplaceLineEndings("\n");
    }
}
