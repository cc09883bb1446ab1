using System.Globalization;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Results;

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
        var measured = new List<ModelResult>();
        foreach (ModelEntry entry in entries)
        {
            Console.Error.WriteLine($"Measuring {entry.Name}.");
            measured.Add(Measure(entry, options, timer));
        }

        Console.WriteLine(Report(options, measured, skipped));
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "models.md");
            string json = Path.ChangeExtension(path, ".json");
            var file = ResultFile<ModelResult>.Merge(json, Machine.Describe(), measured, row => row.Name);
            file.Save(json);
            File.WriteAllText(path, Report(options, file.Rows, skipped));
            if (options.Output is null)
            {
                Versions.Write("models", file.Rows.Select(row => row.Command));
            }
        }
    }

    private static ModelResult Measure(ModelEntry entry, ModelsOptions options, InterleavedTimer timer)
    {
        ModelProblem problem = entry.Read();
        using var peer = new OnnxModelPeer(problem);
        using var own = new RnnModelPeer(problem, options.Kernel);
        double difference = ModelCheck.MaxDifference(problem, peer, own);
        Timing[] timings = timer.Measure([peer, own], timeSteps: 1);
        RnnPlanInfo plan = own.Model.DescribePlan(1, 1);
        return new ModelResult(
            problem.Name, options.Command, Time(timings[0]), Time(timings[1]), difference, plan.Steps.Length, plan.Steps.Sum(step => step.MultiplyAdds), plan.ArenaBytes);

        static CallTime Time(Timing timing) => new(Math.Round(timing.Min, 1), Math.Round(timing.Median, 1));
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

    private static string Report(ModelsOptions options, IReadOnlyList<ModelResult> rows, List<string> skipped)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Models: ONNX Runtime and RnnRuntime on the same files");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Kernel: {options.Kernel ?? RnnKernels.Default}");
        foreach (string command in rows.Select(row => row.Command).Distinct())
        {
            writer.WriteLine($"- Command: `{command}`");
        }

        writer.WriteLine($"- {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms a peer in one process; times are the minimum (and median) of a call in us");
        writer.WriteLine();
        foreach (string line in ModelTable.Lines(rows))
        {
            writer.WriteLine(line);
        }

        writer.WriteLine();
        skipped.ForEach(writer.WriteLine);
        writer.WriteLine("""
            Both get the same inputs and keep their states from call to call; outputs and states of eight steps are compared before anything is timed. A
            call is one step of a streaming model; the PyTorch exports take the sequence of their manifest in a call. Ratios are of minima. The chains are
            nodes with next to nothing to do: there, ns a plan step is the fixed cost of a step.
            """);
        return writer.ToString().ReplaceLineEndings("\n");
    }
}
