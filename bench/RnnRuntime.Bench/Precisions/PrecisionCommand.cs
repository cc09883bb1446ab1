using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Precisions;

/// <summary>What weights of fewer bits gain and cost: the same LSTM in every precision, in this one process, and the report of it.</summary>
internal static class PrecisionCommand
{
    private const double WarmUpSeconds = 0.3;
    private const int ErrorSteps = 1000;

    private static readonly RnnPrecision?[] s_precisions = [null, RnnPrecision.BFloat16, RnnPrecision.Float16, RnnPrecision.Int8];

    internal static void Run(PrecisionOptions options)
    {
        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# LSTM: one step in every precision of weights");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Command: `{options.Command}`");
        writer.WriteLine($"- {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms a precision in one process; times are the minimum (and median) in ns,");
        writer.WriteLine("  ratios are of minima: float32 over the precision, above 1 it is faster");
        writer.WriteLine();
        foreach (string kernel in options.Kernels)
        {
            WriteTimes(writer, options, kernel, timer);
        }

        WriteErrors(writer, options);
        string report = writer.ToString().ReplaceLineEndings("\n");
        Console.Write(report);
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "precision.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
        }
    }

    private static void WriteTimes(StringWriter writer, PrecisionOptions options, string kernel, InterleavedTimer timer)
    {
        writer.WriteLine($"## {kernel}");
        writer.WriteLine();
        writer.WriteLine("| (input,hidden) | weights, f32 | f32 | bf16 | fp16 | int8 | f32 / bf16 | f32 / fp16 | f32 / int8 |");
        writer.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach ((int input, int hidden) in options.Sizes)
        {
            Console.Error.WriteLine($"Measuring {kernel} ({input},{hidden}).");
            var shape = new CellShape(input, hidden);
            using var peers = new PeerSet(new CellProblem(shape), kernel);
            Timing[] timings = timer.Measure(peers.All, shape.TimeSteps);
            string times = string.Join(" | ", timings.Select(timing => $"{timing.Min:N0} ({timing.Median:N0})"));
            string ratios = string.Join(" | ", timings.Skip(1).Select(timing => (timings[0].Min / timing.Min).ToString("F2", CultureInfo.InvariantCulture)));
            writer.WriteLine($"| {shape} | {shape.WeightBytes(WeightType.Float32) / 1024:N0} KB | {times} | {ratios} |");
        }

        writer.WriteLine();
    }

    private static void WriteErrors(StringWriter writer, PrecisionOptions options)
    {
        writer.WriteLine($"## Largest error of a hidden state over {ErrorSteps:N0} steps");
        writer.WriteLine();
        writer.WriteLine("Against the float32 weights in double precision; random weights and frames. Every kernel gives the same bits.");
        writer.WriteLine();
        writer.WriteLine("| (input,hidden) | f32 | bf16 | fp16 | int8 |");
        writer.WriteLine("|---|---:|---:|---:|---:|");
        foreach ((int input, int hidden) in options.Sizes)
        {
            Console.Error.WriteLine($"Measuring the errors of ({input},{hidden}).");
            var problem = new CellProblem(new CellShape(input, hidden, TimeSteps: ErrorSteps));
            using var peers = new PeerSet(problem, options.Kernel);
            double[] expected = ReferenceCell.Run(problem, calls: 1);
            var errors = peers.All.Select(peer =>
            {
                peer.Step();
                return ReferenceCell.MaxError(peer.Output, expected).ToString("0.0E+0", CultureInfo.InvariantCulture);
            });
            writer.WriteLine($"| {problem.Shape} | {string.Join(" | ", errors)} |");
        }
    }

    /// <summary>The network in each precision, float32 first.</summary>
    private sealed class PeerSet(CellProblem problem, string? kernel) : IDisposable
    {
        internal IReadOnlyList<IPeer> All { get; } = [.. s_precisions.Select(precision => new RnnRuntimePeer(problem, precision, kernel))];

        public void Dispose()
        {
            foreach (IPeer peer in All)
            {
                peer.Dispose();
            }
        }
    }
}
