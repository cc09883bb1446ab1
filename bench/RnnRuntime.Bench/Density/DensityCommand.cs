using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Density;

/// <summary>One size at one density: stored with zeros and without them.</summary>
internal sealed record DensityRow(CellShape Shape, double Density, Timing Dense, Timing Sparse)
{
    internal double Ratio => Dense.Min / Sparse.Min;
}

/// <summary>Measures from which density on leaving zero blocks out pays, in this one process, and writes the report.</summary>
internal static class DensityCommand
{
    private const double WarmUpSeconds = 0.3;

    internal static void Run(DensityOptions options)
    {
        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        var rows = new List<(bool Int8, DensityRow Row)>();
        foreach ((int input, int hidden) in options.Sizes)
        {
            var shape = new CellShape(input, hidden, options.Regime.Streams, options.Regime.TimeSteps);
            foreach (double density in options.Densities)
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Measuring {shape} at density {density}."));
                rows.AddRange(Measure(new CellProblem(shape, density), density, options.Kernel, timer));
            }
        }

        string report = Report(options, rows);
        Console.WriteLine(report);
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, options.Regime == Regime.Step ? "density.md" : $"density-{options.Regime.Key}.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
        }
    }

    /// <summary>All four take turns, float32 and int8 with zeros and without; each pair has to agree in every bit.</summary>
    private static IEnumerable<(bool Int8, DensityRow Row)> Measure(CellProblem problem, double density, string? kernel, InterleavedTimer timer)
    {
        IPeer[] peers =
        [
            new RnnRuntimePeer(problem, precision: null, kernel, SparseChoice.Never),
            new RnnRuntimePeer(problem, precision: null, kernel, SparseChoice.Always),
            new RnnRuntimePeer(problem, RnnPrecision.Int8, kernel, SparseChoice.Never),
            new RnnRuntimePeer(problem, RnnPrecision.Int8, kernel, SparseChoice.Always),
        ];
        try
        {
            PeerCheck.MaxErrors(peers, problem);
            if (!peers[0].Output.SequenceEqual(peers[1].Output) || !peers[2].Output.SequenceEqual(peers[3].Output))
            {
                throw new InvalidOperationException($"{problem.Shape}: outputs with and without zero blocks differ.");
            }

            Timing[] timings = timer.Measure(peers, problem.Shape.TimeSteps);
            yield return (false, new DensityRow(problem.Shape, density, timings[0], timings[1]));
            yield return (true, new DensityRow(problem.Shape, density, timings[2], timings[3]));
        }
        finally
        {
            Array.ForEach(peers, peer => peer.Dispose());
        }
    }

    private static string Report(DensityOptions options, List<(bool Int8, DensityRow Row)> rows)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# LSTM with zero blocks: stored without them and with them");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Kernel: {options.Kernel ?? RnnKernels.Default}");
        writer.WriteLine($"- Command: `{options.Command}`");
        writer.WriteLine($"- {options.Regime.Title}; {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms in one process; times are the minimum (and median) in ns");
        writer.WriteLine();
        foreach (bool int8 in new[] { false, true })
        {
            writer.WriteLine($"## {(int8 ? "int8" : "float32")}");
            writer.WriteLine();
            writer.WriteLine("| (input,hidden) | density | dense | sparse | dense / sparse |");
            writer.WriteLine("|---|---:|---:|---:|---:|");
            DensityRow[] own = [.. rows.Where(row => row.Int8 == int8).Select(row => row.Row)];
            foreach (DensityRow row in own)
            {
                writer.WriteLine($"| {row.Shape} | {row.Density} | {Time(row.Dense)} | {Time(row.Sparse)} | {row.Ratio:F2} |");
            }

            writer.WriteLine();
            foreach (IGrouping<CellShape, DensityRow> size in own.GroupBy(row => row.Shape))
            {
                writer.WriteLine($"- {size.Key}: {Crossover([.. size.OrderBy(row => row.Density)])}");
            }

            writer.WriteLine();
        }

        writer.WriteLine("Blocks are 8 rows and 4 columns, left out at random. The crossover is where both take as long, between two densities on a straight line of time.");
        return writer.ToString().ReplaceLineEndings("\n");
    }

    private static string Crossover(DensityRow[] rising)
    {
        int slower = Array.FindIndex(rising, row => row.Ratio < 1);
        if (slower <= 0)
        {
            return slower < 0 ? "leaving zeros out is faster at every density" : "storing zeros is faster at every density";
        }

        (DensityRow before, DensityRow after) = (rising[slower - 1], rising[slower]);
        double gain = before.Dense.Min - before.Sparse.Min;
        double loss = after.Sparse.Min - after.Dense.Min;
        return string.Create(CultureInfo.InvariantCulture, $"crossover at density {before.Density + ((after.Density - before.Density) * gain / (gain + loss)):F2}");
    }

    private static string Time(Timing timing) => string.Create(CultureInfo.InvariantCulture, $"{timing.Min:N0} ({timing.Median:N0})");
}
