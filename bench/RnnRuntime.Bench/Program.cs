using BenchmarkDotNet.Running;
using RnnRuntime.Bench;
using RnnRuntime.Bench.Crossover;
using RnnRuntime.Bench.Density;
using RnnRuntime.Bench.Hosts;
using RnnRuntime.Bench.Interop;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Latency;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Models;
using RnnRuntime.Bench.Precisions;
using RnnRuntime.Bench.Rejected;
using RnnRuntime.Bench.Silence;
using RnnRuntime.Bench.Suites;
using RnnRuntime.Bench.Threads;

Type[] benchmarks = [typeof(StepBenchmarks), typeof(GruStepBenchmarks), typeof(SequenceBenchmarks), typeof(BatchBenchmarks), typeof(ModelBenchmarks)];
string suiteUsage = $"""
    suite --filter PATTERN [BenchmarkDotNet options]
        BenchmarkDotNet over all kernels of the registry and other runtimes, and over whole models, with its exporters (Markdown, CSV, HTML, JSON):
        {string.Join(Environment.NewLine + "    ", benchmarks.Select(suite => $"{suite.Name,-20} --filter '*{suite.Name}*'"))}
        Narrowed by environment variables: RNNBENCH_SIZES='(64,128);(256,512)', RNNBENCH_VARIANTS='onnxruntime;avx2', RNNBENCH_MODELS='silero 16k;denoiser'.
    """;

BenchCommand[] commands =
[
    new("kernels", "each kernel's products alone, weights hot and cold: ns, GB/s, share of the roof", ProductSuite.Usage, arguments => ProductSuite.Run(arguments)),
    new("steps", "LSTM, GRU and RNN, one step a call, every kernel, every type of weights", LabCommands.VariantsUsage, arguments => LabCommands.RunSteps(arguments)),
    new("sequences", "100 steps in one call, every kernel", LabCommands.VariantsUsage, arguments => LabCommands.RunSequences(arguments)),
    new("streams", "16 and 64 streams in one call, every kernel", LabCommands.VariantsUsage, arguments => LabCommands.RunStreams(arguments)),
    new("latency", "from completion to completion, with and without garbage elsewhere: p50 to p99.99", LatencyOptions.Usage, arguments => LatencyCommand.Run(LatencyOptions.Parse(arguments))),
    new("host", "a program in C over the shared library: latency, cost of a call, start, memory", HostCommand.Usage, arguments => HostCommand.Run(arguments)),
    new("silence", "steps while a state decays to nothing, and with subnormal input", SilenceCommand.Usage, arguments => SilenceCommand.Run(arguments)),
    new("threads", "one thread and two, and processor time of idle workers", ThreadsOptions.Usage, arguments => ThreadsCommand.Run(arguments)),
    new("models", "whole models, streamed, beside ONNX Runtime", ModelsOptions.Usage, arguments => ModelsCommand.Run(ModelsOptions.Parse(arguments))),
    new("peers", "ONNX Runtime and oneDNN beside RnnRuntime, all regimes", LabCommands.PeersUsage, arguments => LabCommands.RunPeers(arguments)),
    new("roof", "what one core of this machine can do at most", "roof", _ =>
    {
        Console.WriteLine(Machine.Describe());
        Console.WriteLine();
        Console.Write(Roof.Current.ToMarkdown());
    }),
    new("precision", "what weights of fewer bits gain and cost", PrecisionOptions.Usage, arguments => PrecisionCommand.Run(PrecisionOptions.Parse(arguments))),
    new("density", "when leaving zeros out pays", DensityOptions.Usage, arguments => DensityCommand.Run(DensityOptions.Parse(arguments))),
    new("crossover", "from which size on fewer bits are faster", CrossoverCommand.Usage, arguments => CrossoverCommand.Run(arguments)),
    new("sevenbit", "int8 products that lost", SevenBitCommand.Usage, _ => SevenBitCommand.Run()),
    new("suite", "BenchmarkDotNet", suiteUsage, RunBenchmarks),
    new("readme", "the README's tables from the result files", ReadmeCommand.Usage, ReadmeCommand.Run),
];

// What C# has no instruction for: with it the int8 roof of every command knows VNNI.
RoofProbe.Vnni = BenchNative.VnniLoop;

try
{
    if (args is [] or ["--help"])
    {
        PrintCommands(Console.Out);
        return 0;
    }

    BenchCommand? command = commands.FirstOrDefault(command => command.Name == args[0]);
    if (command is null)
    {
        Console.Error.WriteLine($"'{args[0]}' is not a command.");
        PrintCommands(Console.Error);
        return 2;
    }

    if (args is [_, "--help"])
    {
        Console.WriteLine(command.Usage);
        return 0;
    }

    return command.Run(args[1..]);
}
catch (UsageException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

int RunBenchmarks(string[] arguments)
{
    // BenchmarkDotNet wraps what a parameter source throws, so the variables are read once before it does.
    _ = LayerSize.Selected().Count() + Variant.Selected().Count();
    foreach (ModelEntry missing in ModelLibrary.Selected().Where(entry => !entry.IsPresent))
    {
        Console.Error.WriteLine(ModelLibrary.SkipLine(missing));
    }

    bool failed = BenchmarkSwitcher.FromTypes(benchmarks).Run(arguments, new SuiteConfig())
        .Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success));
    return failed ? 1 : 0;
}

void PrintCommands(TextWriter writer)
{
    writer.WriteLine("dotnet run -c Release --project bench/RnnRuntime.Bench -- COMMAND [OPTIONS | --help]");
    writer.WriteLine();
    foreach (BenchCommand command in commands)
    {
        writer.WriteLine($"    {command.Name,-11} {command.Summary}");
    }
}
