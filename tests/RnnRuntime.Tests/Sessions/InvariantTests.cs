using CsCheck;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Chunking, neighbours and kernel variants change no bit, over random graphs of all node kinds.</summary>
public sealed class InvariantTests
{
    private const int Graphs = 40;
    private const int LongGraphs = 6;

    private static readonly string[] s_available = [.. RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name)];

    private static readonly Gen<(int Seed, bool Int8, string Kernel, int TimeSteps, int Streams, int[] Lengths)> s_cases = Gen.Select(
        Gen.Int[1000, 1_000_000], Gen.Bool, Gen.Int[0, s_available.Length - 1].Select(i => s_available[i]),
        Gen.Int[1, 20], Gen.Int[1, 6], Gen.Int[1, 7].Array[1, 5]);

    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    [Fact]
    public void RandomGraphsCoverEveryOperatorAndFeedback()
    {
        var graphs = Enumerable.Range(1, Graphs).Select(RandomGraph.Make).ToArray();
        var longGraphs = Enumerable.Range(1, LongGraphs).Select(RandomGraph.MakeLong);
        string[] expected =
        [
            "lstm", "gru", "rnn", "linear", "embedding", "causal_conv1d", "delay", "softmax", "log_softmax", "constant", "view", "concat", "pick",
            "gather", "matmul", "layer_norm", "select", "cast", "fused", "conv", "lstm_sequence", "gru_sequence", "rnn_sequence",
            .. Enum.GetValues<UnaryOperator>().Except([UnaryOperator.ThresholdedRelu]).Select(Names.Of),
            .. Enum.GetValues<BinaryOperator>().Select(Names.Of),
            .. Enum.GetValues<ReduceOperator>().Select(Names.Of),
        ];

        Assert.Empty(expected.Except(graphs.Concat(longGraphs).SelectMany(graph => graph.DescribeNodes()).Select(node => node.Operator)));
        Assert.InRange(graphs.Count(HasFeedback), 8, Graphs - 8);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AnyChunkingGivesTheSameBits(string kernel, bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            CheckChunking(RandomGraph.Make, seed, kernel, int8, timeSteps: 13, streams: 1 + (seed % 4), [3, 1, 5, 2]);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AStreamIsTheSameAlone(string kernel, bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            CheckBatch(RandomGraph.Make, seed, kernel, int8, timeSteps: 6, streams: 2 + (seed % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryVariantGivesTheBitsOfScalar(string kernel, bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            CheckVariant(RandomGraph.Make, seed, kernel, int8, timeSteps: 7, streams: 1 + (seed % 5));
        }
    }

    [Fact]
    public void AllThreeHoldForGeneratedCases() => Property.Check(s_cases, 60, each =>
    {
        CheckChunking(RandomGraph.Make, each.Seed, each.Kernel, each.Int8, each.TimeSteps, each.Streams, each.Lengths);
        CheckBatch(RandomGraph.Make, each.Seed, each.Kernel, each.Int8, each.TimeSteps, each.Streams);
        CheckVariant(RandomGraph.Make, each.Seed, each.Kernel, each.Int8, each.TimeSteps, each.Streams);
    });

    /// <summary>Outputs that are views of inputs as well: the next inputs may be given before the last outputs are read.</summary>
    [Fact]
    public void OutputsStayWhenInputsAreGivenAnew()
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            using var model = RnnModel.FromGraph(RandomGraph.Make(seed));
            var (signals, others) = (Signals.Random(model, timeSteps: 2, streams: 2, seed), Signals.Random(model, timeSteps: 2, streams: 2, seed + 1000));
            using var session = model.CreateSession(2, 2);
            var expected = signals.Run(session, 2);
            others.Give(session);
            Bits.Equal($"graph seed {seed}", expected, signals.Read(session));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void LongGraphsKeepTheSameInvariants(string kernel, bool int8)
    {
        for (var seed = 1; seed <= LongGraphs; seed++)
        {
            CheckChunking(RandomGraph.MakeLong, seed, kernel, int8, timeSteps: 6, streams: 2, [2, 1, 3]);
            CheckBatch(RandomGraph.MakeLong, seed, kernel, int8, timeSteps: 3, streams: 3);
            CheckVariant(RandomGraph.MakeLong, seed, kernel, int8, timeSteps: 3, streams: 2);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void PlainCallsAreNamedCalls(string kernel, bool int8)
    {
        foreach (var kind in TestModels.Kinds)
        {
            using var model = TestModels.Bind(TestModels.Single(kind, features: 5, size: 19, seed: 1).Quantized(int8), kernel);
            var signals = Signals.Random(model, timeSteps: 23, streams: 3, seed: 2);
            using var named = model.CreateSession(3, 23);
            var expected = signals.Run(named, 23)[0];
            foreach (var chunkLength in new int?[] { 1, 4, 23, 64, null })
            {
                using var plain = model.CreateSession(3, chunkLength);
                var actual = new float[expected.Length];
                plain.Run(signals.Floats(0), actual);
                Bits.Equal($"{kind}, chunk length {chunkLength}", expected, actual);
                Bits.EqualState($"{kind}, chunk length {chunkLength}", named, plain);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void HostileInputsGiveTheBitsOfScalarInAnyChunking(string kernel, bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            var graph = RandomGraph.Make(seed).Quantized(int8);
            using var model = TestModels.Bind(graph, kernel);
            using var scalar = TestModels.Bind(graph, "scalar");
            var signals = Signals.Random(model, timeSteps: 5, streams: 3, seed).WithHostileNeighbours(stream: -1);
            using var reference = scalar.CreateSession(3, 5);
            var expected = signals.Run(reference, 5);
            foreach (var length in new[] { 1, 2, 5 })
            {
                using var session = model.CreateSession(3, length);
                Bits.Equal($"graph seed {seed}, {kernel}, int8 {int8}, calls of {length} steps", expected, signals.Run(session, length));
            }
        }
    }

    private static void CheckChunking(Func<int, RnnGraph> make, int seed, string kernel, bool int8, int timeSteps, int streams, int[] lengths)
    {
        var what = $"graph seed {seed}, {kernel}, int8 {int8}, {streams} streams, {timeSteps} steps";
        using var model = TestModels.Bind(make(seed).Quantized(int8), kernel);
        var signals = Signals.Random(model, timeSteps, streams, seed);
        using var whole = model.CreateSession(streams, timeSteps);
        var expected = signals.Run(whole, timeSteps);

        using var single = model.CreateSession(streams, 1);
        Bits.Equal($"{what}, one by one", expected, signals.Run(single, 1));
        Bits.EqualState($"{what}, one by one", whole, single);

        using var uneven = model.CreateSession(streams, lengths.Max());
        Bits.Equal($"{what}, chunks of {string.Join(", ", lengths)}", expected, signals.Run(uneven, lengths));
        Bits.EqualState($"{what}, chunks of {string.Join(", ", lengths)}", whole, uneven);

        using var roomy = model.CreateSession(streams, timeSteps + 5);
        Bits.Equal($"{what}, a longer chunk length", expected, signals.Run(roomy, lengths));
    }

    private static void CheckBatch(Func<int, RnnGraph> make, int seed, string kernel, bool int8, int timeSteps, int streams)
    {
        using var model = TestModels.Bind(make(seed).Quantized(int8), kernel);
        var signals = Signals.Random(model, timeSteps, streams, seed);
        using var batch = model.CreateSession(streams, timeSteps);
        var together = signals.Run(batch, timeSteps);
        foreach (var stream in new[] { 0, streams / 2, streams - 1 }.Distinct())
        {
            var what = $"graph seed {seed}, {kernel}, int8 {int8}, stream {stream} of {streams}";
            using var alone = model.CreateSession(1, timeSteps);
            var expected = signals.Stream(stream).Run(alone, timeSteps);
            Bits.Equal(what, expected, OfStream(together, stream));

            using var beside = model.CreateSession(streams, timeSteps);
            var hostile = signals.WithHostileNeighbours(stream).Run(beside, timeSteps);
            Bits.Equal($"{what}, hostile neighbours", expected, OfStream(hostile, stream));
        }

        float[][] OfStream(float[][] outputs, int stream) => [.. outputs.Select(output => Signals.OfStream(output, timeSteps, streams, stream))];
    }

    private static void CheckVariant(Func<int, RnnGraph> make, int seed, string kernel, bool int8, int timeSteps, int streams)
    {
        var graph = make(seed).Quantized(int8);
        using var model = TestModels.Bind(graph, kernel);
        using var scalar = TestModels.Bind(graph, "scalar");
        var signals = Signals.Random(model, timeSteps, streams, seed);
        using var session = model.CreateSession(streams, timeSteps);
        using var reference = scalar.CreateSession(streams, timeSteps);
        var what = $"graph seed {seed}, {kernel}, int8 {int8}, {streams} streams";
        Bits.Equal(what, signals.Run(reference, timeSteps), signals.Run(session, timeSteps));
        Bits.EqualState(what, reference, session);
    }

    private static bool HasFeedback(RnnGraph graph)
    {
        using var model = RnnModel.FromGraph(graph);
        return model.Plan.HasFeedback;
    }
}
