using System.Globalization;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Roofline;

namespace RnnRuntime.Bench.Compare;

/// <summary>Measures every regime and size with all peers in this one process and writes the report.</summary>
internal static class CompareCommand
{
    private const double WarmUpSeconds = 0.3;

    internal static void Run(CompareOptions options)
    {
        Console.Error.WriteLine("Measuring the roof.");
        Roof roof = Roof.Current;
        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        var tables = new List<ComparisonTable>();
        foreach (Regime regime in options.Regimes)
        {
            var table = new ComparisonTable(regime);
            foreach ((int input, int hidden) in options.Sizes)
            {
                Console.Error.WriteLine($"Measuring {regime.Key} ({input},{hidden}).");
                table.Add(MeasureSize(new LstmShape(input, hidden, regime.Streams, regime.TimeSteps), options.Kernel, timer, roof));
            }

            tables.Add(table);
        }

        string report = Report(options, roof, tables);
        Console.WriteLine(report);
        if (!options.NoFile)
        {
            string path = options.Output ?? Path.Combine(Machine.ResultsFolder, "compare.md");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, report);
        }
    }

    private static ComparisonRow MeasureSize(LstmShape shape, string? kernel, InterleavedTimer timer, Roof roof)
    {
        var problem = new LstmProblem(shape);
        IPeer[] peers =
        [
            new OnnxRuntimePeer(problem, OnnxPrecision.Float32),
            new RnnRuntimePeer(problem, null, kernel),
            new OnnxRuntimePeer(problem, OnnxPrecision.Int8Bits7),
            new OnnxRuntimePeer(problem, OnnxPrecision.Int8Bits8),
            new RnnRuntimePeer(problem, RnnPrecision.Int8, kernel),
        ];
        try
        {
            double[] errors = PeerCheck.MaxErrors(peers, problem);
            Timing[] timings = timer.Measure(peers, shape.TimeSteps);
            return new ComparisonRow(
                shape,
                [.. peers.Select((peer, i) => new PeerResult(peer.Name, peer.IsInt8, timings[i], errors[i]))],
                shape.RoofNanoseconds(roof, int8: false),
                shape.RoofNanoseconds(roof, int8: true));
        }
        finally
        {
            Array.ForEach(peers, peer => peer.Dispose());
        }
    }

    private static string Report(CompareOptions options, Roof roof, List<ComparisonTable> tables)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# LSTM: ONNX Runtime and RnnRuntime on the same weights");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        writer.WriteLine($"- Kernel: {options.Kernel ?? RnnKernels.Default}");
        writer.WriteLine($"- Command: `{Command(options)}`");
        writer.WriteLine($"- {options.Rounds} interleaved rounds of {options.SliceSeconds * 1000:F0} ms a peer in one process; cells are the minimum (and median) in ns");
        writer.WriteLine();
        writer.WriteLine(roof.ToMarkdown());
        foreach (ComparisonTable table in tables)
        {
            table.Write(writer);
        }

        writer.WriteLine("""
            The roof is max(weight bytes / read bandwidth of the level that they fit in, multiply-adds / peak); activations are not counted. With more
            than one step a call, input weights are counted once a call. `q7`: weights in ±63, the range in which ONNX Runtime's int8 product cannot saturate
            on processors without VNNI; with ±127 it may, and its error then shows it. Both have a scale per row. The int8 roof is that of `maddubs`: where the
            processor has VNNI, ONNX Runtime uses it and can pass that roof.
            """);
        return writer.ToString().ReplaceLineEndings("\n");
    }

    private static string Command(CompareOptions options)
    {
        var command = new List<string> { "dotnet run -c Release --project bench/RnnRuntime.Bench -- compare" };
        if (options.Regimes.Count != Regime.All.Length)
        {
            command.Add($"--regimes {string.Join(',', options.Regimes.Select(regime => regime.Key))}");
        }

        if (options.Sizes.Count != LstmShape.Sizes.Length)
        {
            command.Add($"--hidden {string.Join(',', options.Sizes.Select(size => size.Hidden))}");
        }

        var standard = new CompareOptions();
        if (options.Rounds != standard.Rounds)
        {
            command.Add($"--rounds {options.Rounds}");
        }

        if (options.SliceSeconds != standard.SliceSeconds)
        {
            command.Add(string.Create(CultureInfo.InvariantCulture, $"--slice-ms {options.SliceSeconds * 1000:F0}"));
        }

        if (options.Kernel is not null)
        {
            command.Add($"--kernel {options.Kernel}");
        }

        return string.Join(' ', command);
    }
}
