using BenchmarkDotNet.Running;
using RnnRuntime.Bench.Compare;
using RnnRuntime.Bench.Crossover;
using RnnRuntime.Bench.Density;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Latency;
using RnnRuntime.Bench.Models;
using RnnRuntime.Bench.Precisions;
using RnnRuntime.Bench.Rejected;
using RnnRuntime.Bench.Silence;
using RnnRuntime.Bench.Suites;

Type[] suites = [typeof(StepBenchmarks), typeof(SequenceBenchmarks), typeof(BatchBenchmarks), typeof(ModelBenchmarks)];
try
{
    switch (args)
    {
        case ["kernels", ..]:
            ProductSuite.Run(args.AsSpan(1));
            return 0;
        case ["steps", ..]:
            LabCommands.RunSteps(args.AsSpan(1));
            return 0;
        case ["sequences", ..]:
            LabCommands.RunSequences(args.AsSpan(1));
            return 0;
        case ["streams", ..]:
            LabCommands.RunStreams(args.AsSpan(1));
            return 0;
        case ["peers", ..]:
            LabCommands.RunPeers(args.AsSpan(1));
            return 0;
        case ["latency", ..]:
            LatencyCommand.Run(LatencyOptions.Parse(args.AsSpan(1)));
            return 0;
        case ["silence", ..]:
            SilenceCommand.Run(args.AsSpan(1));
            return 0;
        case ["readme", .. string[] rest] when rest is [] or ["--check"]:
            return ReadmeCommand.Run(check: rest.Length > 0);
        case ["models", ..]:
            ModelsCommand.Run(ModelsOptions.Parse(args.AsSpan(1)));
            return 0;
        case ["precision", ..]:
            PrecisionCommand.Run(PrecisionOptions.Parse(args.AsSpan(1)));
            return 0;
        case ["crossover", ..]:
            CrossoverCommand.Run(args.AsSpan(1));
            return 0;
        case ["density", ..]:
            DensityCommand.Run(DensityOptions.Parse(args.AsSpan(1)));
            return 0;
        case ["sevenbit"]:
            SevenBitCommand.Run();
            return 0;
        case ["roof"]:
            Console.WriteLine(Machine.Describe());
            Console.WriteLine();
            Console.Write(Roof.Current.ToMarkdown());
            return 0;
        case ["suite", .. string[] rest]:
            return RunSuites(rest);
        case []:
            PrintUsage(Console.Out);
            return 0;
        default:
            PrintUsage(Console.Error);
            return 2;
    }
}
catch (UsageException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

int RunSuites(string[] arguments)
{
    // BenchmarkDotNet wraps what a parameter source throws, so the variables are read once before it does.
    _ = LayerSize.Selected().Count() + Variant.Selected().Count();
    foreach (ModelEntry missing in ModelLibrary.Selected().Where(entry => !entry.IsPresent))
    {
        Console.Error.WriteLine(ModelLibrary.SkipLine(missing));
    }

    bool failed = BenchmarkSwitcher.FromTypes(suites).Run(arguments, new SuiteConfig())
        .Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success));
    return failed ? 1 : 0;
}

void PrintUsage(TextWriter writer) => writer.WriteLine($"""
    dotnet run -c Release --project bench/RnnRuntime.Bench -- COMMAND

    roof
        This machine's roof: read bandwidth of each cache level, float32 and int8 peaks of one core.
    {ProductSuite.Usage}
    {LabCommands.Usage}
    {LatencyOptions.Usage}
    {SilenceCommand.Usage}
    {ModelsOptions.Usage}
    {PrecisionOptions.Usage}
    {CrossoverCommand.Usage}
    {SevenBitCommand.Usage}
    {DensityOptions.Usage}
    {ReadmeCommand.Usage}
    suite --filter PATTERN [BenchmarkDotNet options]
        BenchmarkDotNet suites over all kernels of the registry and ONNX Runtime, and over whole models:
        {string.Join(Environment.NewLine + "    ", suites.Select(suite => $"{suite.Name,-20} --filter '*{suite.Name}*'"))}
        The LSTM suites are narrowed by environment variables: RNNBENCH_SIZES='(64,128);(256,512)', RNNBENCH_VARIANTS='onnxruntime;avx2'; the models by RNNBENCH_MODELS='silero 16k;denoiser'.
    """);
