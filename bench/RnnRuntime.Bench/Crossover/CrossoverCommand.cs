using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Crossover;

/// <summary>From which size on weights of fewer bits make a step faster, layer by layer and kernel by kernel.</summary>
internal static class CrossoverCommand
{
    internal const string Usage = """
        crossover [--kinds lstm,gru,...] [--rounds N]
            Small layers in float32, int8, float16 and bfloat16, every kernel of the registry but the scalar one, interleaved rounds.
            Writes bench/results/<processor>/crossover.md as well as standard output.
        """;

    private const double WarmUpSeconds = 0.15;
    private const double SliceSeconds = 0.004;

    private static readonly RnnPrecision?[] Precisions = [null, RnnPrecision.Int8, RnnPrecision.Float16, RnnPrecision.BFloat16];

    internal static void Run(ReadOnlySpan<string> arguments)
    {
        (string[] kinds, int rounds) = Parse(arguments);
        string[] kernels = [.. RnnKernels.All.Where(kernel => kernel.IsAvailable && kernel.Name != "scalar").Select(kernel => kernel.Name)];
        var timer = new InterleavedTimer(rounds, SliceSeconds, WarmUpSeconds);
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Small layers: where fewer bits a weight begin to gain");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Command: `dotnet run -c Release --project bench/RnnRuntime.Bench -- crossover{(kinds.Length == LayerShape.Kinds.Length ? "" : $" --kinds {string.Join(',', kinds)}")} --rounds {rounds}`");
        writer.WriteLine($"- {rounds} interleaved rounds in one process, one step a call, one stream: minimum of float32 in ns, and ratios of minima (above 1: faster than float32)");
        writer.WriteLine();
        writer.WriteLine($"| layer (input,units) | weights | {string.Join(" | ", kernels.SelectMany(kernel => new[] { $"{kernel}: float32, ns", "int8", "float16", "bfloat16" }))} |");
        writer.WriteLine($"|---|---:{string.Concat(Enumerable.Repeat("|---:", kernels.Length * Precisions.Length))}|");
        foreach (LayerShape shape in kinds.SelectMany(LayerShape.All))
        {
            Console.Error.WriteLine($"Measuring {shape}.");
            writer.WriteLine($"| {shape} | {shape.Weights} | {string.Join(" | ", kernels.SelectMany(kernel => Cells(shape, kernel, timer)))} |");
        }

        string report = writer.ToString();
        Console.WriteLine(report);
        Directory.CreateDirectory(Machine.ResultsFolder);
        File.WriteAllText(Path.Combine(Machine.ResultsFolder, "crossover.md"), report);
    }

    private static string[] Cells(LayerShape shape, string kernel, InterleavedTimer timer)
    {
        RnnGraph graph = shape.ToGraph();
        IPeer[] peers = [.. Precisions.Select(precision => new LayerPeer(graph, precision, kernel))];
        try
        {
            double[] minima = [.. timer.Measure(peers, 1).Select(timing => timing.Min)];
            return [minima[0].ToString("F0", CultureInfo.InvariantCulture), .. minima[1..].Select(time => (minima[0] / time).ToString("F2", CultureInfo.InvariantCulture))];
        }
        finally
        {
            Array.ForEach(peers, peer => peer.Dispose());
        }
    }

    private static (string[] Kinds, int Rounds) Parse(ReadOnlySpan<string> arguments)
    {
        (string[] kinds, int rounds) = (LayerShape.Kinds, 25);
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new UsageException($"'{arguments[i]}' is not an option of crossover, or lacks its value.");
            switch (arguments[i])
            {
                case "--kinds": kinds = value.Split(','); break;
                case "--rounds": rounds = OptionValue.Integer("--rounds", value); break;
                default: throw new UsageException($"'{arguments[i]}' is not an option of crossover.");
            }
        }

        return kinds.Except(LayerShape.Kinds).FirstOrDefault() is { } unknown
            ? throw new UsageException($"'{unknown}' is none of {string.Join(", ", LayerShape.Kinds)}.")
            : (kinds, rounds);
    }
}
