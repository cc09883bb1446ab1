using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Peers.OneDnn;
using RnnRuntime.Kernels;

namespace RnnRuntime.Bench.Lab;

/// <summary>The suites of cells: what each runs when nothing is narrowed.</summary>
internal static class LabCommands
{
    private const string Files = """
            A run narrowed by --sizes, --cells or --regimes replaces its rows of bench/results/<processor>/SUITE.json, .md and roofline-SUITE.png; one narrowed by --kernel or --weights
            only prints, unless --output names a file. --sizes all adds layers of real models.
        """;

    internal const string VariantsUsage = $"""
        steps | sequences | streams {LabOptions.Usage}
            Every kernel of the registry but the scalar references (--kernel all has them): one step of one stream a call; 100 steps a call; 16 and 64 streams a call.
            Ns a step, share of the roof, C# against C.
        {Files}
        """;

    internal const string PeersUsage = $"""
        peers {LabOptions.Usage}
            ONNX Runtime and, where it is installed, oneDNN beside the default kernel and the first ones of the registry in C# and in C: LSTM in float32 and int8, GRU in float32, in all four regimes
            (step, sequence, batch, batch64).
        {Files}
        """;

    private static readonly LabOptions Steps = new("steps")
    {
        Sizes = CellShape.AllSizes,
        Cells = Enum.GetValues<Cell>(),
        Weights = WeightTypes.All,
        Rounds = 15,
        SliceSeconds = 0.005,
    };

    private static readonly LabOptions Peers = new("peers") { Regimes = Regime.All, Rounds = 15, SliceSeconds = 0.02, Kernels = [.. BestKernels()] };

    internal static void RunSteps(ReadOnlySpan<string> arguments) => RunVariants(Steps.Parse(arguments), "One step of one stream a call, kernel by kernel");

    internal static void RunSequences(ReadOnlySpan<string> arguments) =>
        RunVariants(new LabOptions("sequences") { Regimes = [Regime.Sequence] }.Parse(arguments), "100 steps in one call, kernel by kernel");

    internal static void RunStreams(ReadOnlySpan<string> arguments) =>
        RunVariants(new LabOptions("streams") { Regimes = [Regime.Streams16, Regime.Streams64] }.Parse(arguments), "Many streams in one call, kernel by kernel");

    internal static void RunPeers(ReadOnlySpan<string> arguments)
    {
        LabOptions options = Peers.Parse(arguments);
        if (OneDnnApi.MissingReason is { } reason)
        {
            Console.Error.WriteLine($"oneDNN is not measured: {reason}.");
        }

        new CellSuite(options, "RnnRuntime beside other runtimes, on the same weights", problem => BuildPeers(options, problem)).Run();
    }

    /// <summary>The kernel that a model takes by itself, the first in C# and the first in C.</summary>
    private static IEnumerable<string> BestKernels() =>
        new[] { RnnKernels.Default, LabOptions.Available.First(kernel => !KernelRegistry.IsNative(kernel)), LabOptions.Available.FirstOrDefault(KernelRegistry.IsNative) }.OfType<string>().Distinct();

    private static void RunVariants(LabOptions options, string title) =>
        new CellSuite(options, title, problem => [.. Own(options, problem, options.Weights, "")]).Run();

    private static List<IPeer> BuildPeers(LabOptions options, CellProblem problem)
    {
        var peers = new List<IPeer>();
        WeightType[] types = [.. options.Weights.Where(type => type is WeightType.Float32 || (type is WeightType.Int8 && problem.Shape.Cell == Cell.Lstm))];
        foreach (WeightType type in types)
        {
            peers.AddRange(type == WeightType.Int8
                ? [new OnnxRuntimePeer(problem, OnnxPrecision.Int8Bits7), new OnnxRuntimePeer(problem, OnnxPrecision.Int8Bits8)]
                : [new OnnxRuntimePeer(problem, OnnxPrecision.Float32)]);
            if (OneDnnApi.MissingReason is null && problem.Shape.Cell != Cell.Rnn)
            {
                peers.Add(new OneDnnPeer(problem, type));
            }

            peers.AddRange(Own(options, problem, [type], "RnnRuntime "));
        }

        return peers;
    }

    private static IEnumerable<IPeer> Own(LabOptions options, CellProblem problem, IEnumerable<WeightType> types, string prefix) =>
        from type in types
        from kernel in options.Kernels
        select new RnnRuntimePeer(problem, type.Precision(), kernel) { Name = $"{prefix}{kernel} {type.Key()}" };
}
