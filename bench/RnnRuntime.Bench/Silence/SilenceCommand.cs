using System.Diagnostics;
using System.Globalization;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Silence;

/// <summary>Whether silence costs what sound costs: times of a step while a state decays to nothing, for every kernel, beside ONNX Runtime.</summary>
internal static class SilenceCommand
{
    internal const string Usage = """
        silence [--sizes 64x128] [--cells lstm,gru,rnn] [--weights f32,int8] [--kernel NAME,...|all] [--rounds N] [--output FILE | --no-file]
            Ns a step with sound, while the input fades, in silence while the state decays through the subnormal numbers, and with a subnormal input: every kernel, and ONNX Runtime in float32.
        """;

    /// <summary>Steps of a window, the unit that is timed.</summary>
    private const int Window = 250;

    private const double WarmUpSeconds = 0.3;

    /// <summary>The state passes the least normal number after 8,700 steps of silence and the least subnormal one 1,600 later.</summary>
    private static readonly (Phase Phase, int Windows)[] s_schedule = [(Phase.Sound, 12), (Phase.Fade, 4), (Phase.Silence, 48), (Phase.SubnormalInput, 12)];

    internal static void Run(ReadOnlySpan<string> arguments)
    {
        LabOptions options = new LabOptions("silence") { Sizes = [(64, 128)], Cells = Enum.GetValues<Cell>(), Rounds = 7 }.Parse(arguments);
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# Silence: does it cost what sound costs?");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Command: `{options.Command}`");
        writer.WriteLine($"- Ns a step, one step of one stream a call; windows of {Window} steps, the least of {options.Rounds} rounds each; a phase's slowest window, but the median one of sound");
        writer.WriteLine();
        writer.WriteLine("| layer | weights | runs | sound | input fades | silence | subnormal input | slowest / sound |");
        writer.WriteLine("|---|---|---|---:|---:|---:|---:|---:|");
        foreach (CellShape shape in options.Cells.SelectMany(cell => options.Sizes.Select(size => new CellShape(size.Input, size.Hidden, Cell: cell))))
        {
            foreach (WeightType weights in options.Weights)
            {
                Console.Error.WriteLine($"Measuring {CellSuite.Key(shape.Cell)} {shape} {weights.Key()}.");
                foreach (string line in Lines(options, shape, weights))
                {
                    writer.WriteLine(line);
                }
            }
        }

        writer.WriteLine();
        writer.WriteLine("""
            Once its input is silent, a state loses a hundredth a step: it reaches the least normal number (1.2e-38) after 8,700 steps and would stay subnormal for 1,600 more. Processors take
            subnormal operands many times slower where they are not flushed to zero; .NET cannot ask for that, so kernels replace tiny states and inputs by zero themselves.
            """);
        string report = writer.ToString().ReplaceLineEndings("\n");
        Console.Write(report);
        if (!options.NoFile && (options.IsWhole || options.Output is not null))
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "silence.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
            if (options.Output is null)
            {
                Versions.Write("silence", [options.Command]);
            }
        }
    }

    private static IEnumerable<string> Lines(LabOptions options, CellShape shape, WeightType weights)
    {
        var fading = new FadingProblem(shape);
        foreach (string kernel in options.Kernels)
        {
            using var own = new RnnRuntimePeer(fading.Problem, weights.Precision(), kernel, Plan.SparseChoice.Never);
            yield return Line(shape, weights, kernel, Measure(options.Rounds, fading, own, () => { }));
            // A plain RNN's state is what int8 rounds: below 50 / 127 a hundredth less is the same number again, and it stays.
            bool decays = shape.Cell != Cell.Rnn || weights == WeightType.Float32;
            if (decays && own.Output.ContainsAnyExcept(0f))
            {
                throw new InvalidOperationException($"{CellSuite.Key(shape.Cell)} {shape} {kernel}: the state has not decayed at the end.");
            }
        }

        if (weights == WeightType.Float32)
        {
            using var peer = new OnnxRuntimePeer(fading.Problem, OnnxPrecision.Float32);
            yield return Line(shape, weights, "ONNX Runtime", Measure(options.Rounds, fading, peer, () => peer.Load(fading.Problem.Frames)));
        }
    }

    /// <summary>The least ns a step of each window over the rounds, phase by phase.</summary>
    private static Dictionary<Phase, double[]> Measure(int rounds, FadingProblem fading, IPeer peer, Action load)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            fading.Load(Phase.Sound, 0);
            load();
            peer.Step();
        }

        var times = s_schedule.ToDictionary(phase => phase.Phase, phase => Enumerable.Repeat(double.MaxValue, phase.Windows).ToArray());
        for (int round = 0; round < rounds; round++)
        {
            foreach ((Phase phase, int windows) in s_schedule)
            {
                for (int window = 0; window < windows; window++)
                {
                    times[phase][window] = Math.Min(times[phase][window], Seconds(fading, phase, window * Window, peer, load) * 1e9 / Window);
                }
            }
        }

        return times;
    }

    private static double Seconds(FadingProblem fading, Phase phase, int firstStep, IPeer peer, Action load)
    {
        long ticks = 0;
        for (int step = firstStep; step < firstStep + Window; step++)
        {
            fading.Load(phase, step);
            load();
            long before = Stopwatch.GetTimestamp();
            peer.Step();
            ticks += Stopwatch.GetTimestamp() - before;
        }

        return ticks / (double)Stopwatch.Frequency;
    }

    private static string Line(CellShape shape, WeightType weights, string name, Dictionary<Phase, double[]> times)
    {
        double[] sorted = [.. times[Phase.Sound].Order()];
        double sound = sorted[sorted.Length / 2];
        double[] slowest = [.. new[] { Phase.Fade, Phase.Silence, Phase.SubnormalInput }.Select(phase => times[phase].Max())];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {CellSuite.Key(shape.Cell)} {shape} | {weights.Key()} | {name} | {sound:N0} | {slowest[0]:N0} | {slowest[1]:N0} | {slowest[2]:N0} | {slowest.Max() / sound:F2} |");
    }
}
