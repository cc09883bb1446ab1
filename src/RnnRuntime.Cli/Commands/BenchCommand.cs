using System.CommandLine;
using RnnRuntime.Cli.Benching;
using RnnRuntime.Cli.Sources;
using RnnRuntime.Roofline;

namespace RnnRuntime.Cli.Commands;

internal static class BenchCommand
{
    private const string AllKernels = "all";
    private const int MostSteps = 1 << 16;

    /// <summary>Of a kernel's share of the time, what finding the reference's outputs may take.</summary>
    private const double ReferenceShare = 0.2;

    private static readonly Option<string> Kernel = new("--kernel")
    {
        Description = "Kernel variant, or all that run here whatever RNNRUNTIME_KERNEL says; 'rnn kernels' lists them.",
        HelpName = "all|NAME",
        DefaultValueFactory = _ => AllKernels,
    };

    private static readonly Option<int> Steps = new Option<int>("--steps")
    {
        Description = "Time steps of a call.",
        HelpName = "T",
        DefaultValueFactory = _ => 1,
    }.Checked(steps => steps is >= 1 and <= MostSteps, $"a whole number, 1 to {MostSteps},");

    private static readonly Option<int> Streams = new Option<int>("--streams")
    {
        Description = "Streams that advance together.",
        HelpName = "B",
        DefaultValueFactory = _ => 1,
    }.Checked(streams => streams is >= 1 and <= MostSteps, $"a whole number, 1 to {MostSteps},");

    private static readonly Option<int> Threads = new Option<int>("--threads")
    {
        Description = "Threads that share large cells and linear layers.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    }.Checked(
        threads => threads >= 1 && threads <= Environment.ProcessorCount, $"a whole number, 1 to {Environment.ProcessorCount} (the processors that this process may use),");

    private static readonly Option<double> Seconds = new Option<double>("--seconds")
    {
        Description = "Time for all kernels together; loading and the roof come on top, a few seconds.",
        HelpName = "S",
        DefaultValueFactory = _ => 20,
    }.Checked(seconds => seconds is > 0 and <= 3600, "a number above 0 and at most 3600");

    private static readonly Option<bool> AsJson = new("--json") { Description = "Write JSON." };

    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Times a step of a model with each kernel that runs here, beside what one core of this machine can do at most. The input is random; nothing else should run meanwhile.")
        {
            Kernel, Steps, Streams, Threads, Seconds, AsJson,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(
            command, "MODEL", $"The model: {ModelSource.Formats}; without it the language model inside this program.", false, source.OfPairs);
        command.SetAction(arguments => Run(arguments, model.Path(arguments), source));
        return command;
    }

    private static int Run(ParseResult arguments, string? model, SourceOptions options)
    {
        var named = arguments.GetValue(Kernel);
        using var source = ModelSource.Load(model, options.Read(arguments), named == AllKernels ? BenchReport.Reference : named);
        RnnKernelInfo[] kernels = [.. RnnKernels.All.Where(kernel => named is AllKernels || kernel.Name == named)];
        var report = Measure(arguments, source, kernels);
        if (arguments.GetValue(AsJson))
        {
            Json.Write(writer => BenchJson.Write(writer, report));
        }
        else
        {
            BenchText.Print(report);
        }

        return 0;
    }

    private static BenchReport Measure(ParseResult arguments, ModelSource source, RnnKernelInfo[] kernels)
    {
        var feed = new BenchFeed(source.Model, arguments.GetValue(Steps), arguments.GetValue(Streams));
        RnnKernelInfo[] available = [.. kernels.Where(kernel => kernel.IsAvailable)];
        var threads = arguments.GetValue(Threads);
        var share = arguments.GetValue(Seconds) / available.Length;
        var runs = new List<BenchRun>();
        try
        {
            foreach (var kernel in available)
            {
                runs.Add(Bind(source, kernel.Name, feed, threads));
            }

            using var progress = new Progress("bench", 100);
            var works = runs.Select(run => run.Work).ToArray();
            var roof = RoofProbe.IsSupported ? RoofProbe.MeasureFor([.. works.Select(work => work.WeightBytes)]) : null;
            var (errors, compared) = Compare(source, runs, feed, ReferenceShare * share);
            var timings = new BenchTimer(share).Measure(runs, progress);
            return new BenchReport(
                source, feed.TimeSteps, feed.Streams, threads, kernels, [.. available.Select((kernel, i) => new BenchResult(kernel, works[i], timings[i], errors[i]))],
                compared, roof);
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }

    private static (BenchError[] Errors, int Steps) Compare(ModelSource source, List<BenchRun> runs, BenchFeed feed, double seconds)
    {
        using var run = Bind(source, BenchReport.Reference, feed, threads: 1);
        var reference = new BenchReference(run, seconds);
        return ([.. runs.Select(reference.ErrorOf)], reference.Steps);
    }

    private static BenchRun Bind(ModelSource source, string kernel, BenchFeed feed, int threads)
    {
        var model = RnnModel.FromGraph(source.Model.Graph, new RnnOptions { Kernel = kernel, Threads = threads });
        try
        {
            return new BenchRun(model, feed);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
