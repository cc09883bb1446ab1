using System.Runtime.CompilerServices;
using RnnRuntime.Graph;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Sessions that run on several threads give the bits of one.</summary>
public sealed class ThreadTests
{
    private static readonly string[] s_kinds = [.. TestModels.Cells, "linear"];

    public static MatrixTheoryData<string, string> Variants => new(TestModels.Kernels, ["float32", "bf16", "fp16", "int8"]);

    public static TheoryData<int> Wrong => [0, -1, int.MinValue, Environment.ProcessorCount + 1, int.MaxValue];

    [Theory]
    [MemberData(nameof(Variants))]
    [Trait("Category", "Kernels")]
    public void AnyNumberOfThreadsGivesTheSameBits(string kernel, string precision)
    {
        const int TimeSteps = 5;
        foreach (var kind in s_kinds)
        {
            // 136 and 152 units end in panels of other widths than 64; a GRU of these is not divided.
            foreach (var size in kind.StartsWith("gru", StringComparison.Ordinal) ? new[] { 128, 192 } : [136, 152])
            {
                var graph = InPrecision(TestModels.Single(kind, features: 21, size, seed: size), precision);
                foreach (var streams in new[] { 1, 3 })
                {
                    using var alone = Bind(graph, kernel, threads: 1);
                    using var reference = alone.CreateSession(streams, TimeSteps);
                    var signals = Signals.Random(alone, TimeSteps, streams, seed: size);
                    var expected = signals.Run(reference, TimeSteps);
                    foreach (var threads in new[] { 2, 3 })
                    {
                        using var model = Bind(graph, kernel, threads);
                        Assert.InRange(ThreadsOf(model), 2, threads);
                        foreach (var lengths in new[] { [TimeSteps], [1], new[] { 2, 1 } })
                        {
                            var what = $"{kind} of {size} units, {precision}, {streams} streams on {threads} threads, calls of {string.Join(", ", lengths)} steps";
                            using var session = model.CreateSession(streams, lengths.Max());
                            Bits.Equal(what, expected, signals.Run(session, lengths));
                            Bits.EqualState(what, reference, session);
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SequencesInAFrameGiveTheSameBits(bool int8)
    {
        foreach (var cell in Enum.GetValues<SequenceCell>())
        {
            foreach (var (timeSteps, streams, reverse) in new[] { (4, 2, false), (3, 1, true), (1, 1, false) })
            {
                var graph = new SequenceCase(7, cell, timeSteps, streams, Features: 9, Units: 128) { Reverse = reverse, Int8 = int8 }.Graph();
                using var alone = Bind(graph, null, threads: 1);
                using var model = Bind(graph, null, threads: 2);
                Assert.Equal(2, ThreadsOf(model));
                using var reference = alone.CreateSession(2, 3);
                using var session = model.CreateSession(2, 3);
                var signals = Signals.Random(alone, 3, 2, seed: 3);
                Bits.Equal($"{cell}, {timeSteps} steps, reverse {reverse}, int8 {int8}", signals.Run(reference, 3), signals.Run(session, 3));
            }
        }
    }

    /// <summary>States that are read from outside of their cells, and fed back.</summary>
    [Fact]
    public void ExposedStatesGiveTheSameBits()
    {
        foreach (var (kind, seed) in TestModels.Cells.SelectMany(kind => Enumerable.Range(1, 4).Select(seed => (kind, seed))))
        {
            var graph = TestModels.WithExposedStates(TestModels.Single(kind, 12, 128, seed), seed);
            using var alone = Bind(graph, null, threads: 1);
            using var model = Bind(graph, null, threads: 2);
            using var reference = alone.CreateSession(2, 4);
            using var session = model.CreateSession(2, 4);
            var signals = Signals.Random(alone, 4, 2, seed);
            Bits.Equal($"{kind}, seed {seed}", signals.Run(reference, 4), signals.Run(session, 4));
            Bits.EqualState($"{kind}, seed {seed}", reference, session);
        }
    }

    [Fact]
    public async Task SessionsAtTheSameTimeGiveTheSameBits()
    {
        const int TimeSteps = 200, Sessions = 4;
        var graph = TestModels.Single("gru-reset-before", 16, 128, seed: 4);
        using var alone = Bind(graph, null, threads: 1);
        using var model = Bind(graph, null, threads: 3);
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(seed => Task.Run(() =>
        {
            var signals = Signals.Random(alone, TimeSteps, 1, seed);
            using var reference = alone.CreateSession(1, TimeSteps);
            var expected = signals.Run(reference, TimeSteps);
            for (var round = 0; round < 5; round++)
            {
                using var session = model.CreateSession(1, 8);
                Bits.Equal($"session {seed}, round {round}", expected, signals.Run(session, [8, 1, 3]));
            }
        }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void ALongRunGivesTheSameBits()
    {
        const int TimeSteps = 4000;
        var graph = TestModels.Single("lstm", 3, 64, seed: 6);
        using var alone = Bind(graph, null, threads: 1);
        using var model = Bind(graph, null, threads: 2);
        using var reference = alone.CreateSession(1, TimeSteps);
        using var session = model.CreateSession(1, 1);
        var signals = Signals.Random(alone, TimeSteps, 1, seed: 6);
        Bits.Equal("one by one", signals.Run(reference, TimeSteps), signals.Run(session, 1));
        Bits.EqualState("one by one", reference, session);
    }

    [Theory]
    [InlineData("lstm", false)]
    [InlineData("gru-reset-before", true)]
    [InlineData("linear", true)]
    public void NoCallAllocates(string kind, bool int8)
    {
        using var model = Bind(TestModels.Single(kind, 16, 128, seed: 1).Quantized(int8), null, threads: 2);
        using var session = model.CreateSession(1, 4);
        var (input, output) = (new float[10 * 16], new float[10 * 128]);
        void Run()
        {
            for (var call = 0; call < 20; call++)
            {
                session.Run(input, output);
                session.Run(input.AsSpan(0, 16), output.AsSpan(0, 128));
            }
        }

        Run();
        Assert.Equal(0, Allocations.Of(Run));
    }

    [Fact]
    public void OneThreadIsTheRuleAndStartsNone()
    {
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 256, 512, seed: 1));
        using var session = model.CreateSession();
        Assert.Equal(1, new RnnOptions().Threads);
        Assert.Equal(1, ThreadsOf(model));
        Assert.Null(model.Team);
    }

    [Fact]
    public void WorkersStartWithTheFirstSessionAndEndWithTheLast()
    {
        var model = Bind(TestModels.Single("lstm", 16, 128, seed: 1), null, threads: 3);
        Assert.Null(model.Team);
        var session = model.CreateSession();
        var workers = model.Team!.Workers;
        Assert.Equal(2, workers.Count);
        model.Dispose();
        session.Run(new float[16], new float[128]);
        using (var fork = session.Fork())
        {
            session.Dispose();
            fork.Run(new float[16], new float[128]);
            Assert.All(workers, worker => Assert.True(worker.IsAlive));
        }

        Assert.All(workers, worker => Assert.False(worker.IsAlive));
    }

    [Fact]
    public void WorkersOfAForgottenModelEnd()
    {
        var workers = Forget();
        for (var round = 0; round < 10 && workers.Any(worker => worker.IsAlive); round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Array.ForEach(workers, worker => worker.Join(TimeSpan.FromSeconds(1)));
        }

        Assert.All(workers, worker => Assert.False(worker.IsAlive));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Thread[] Forget()
        {
            var model = Bind(TestModels.Single("lstm", 16, 128, seed: 1), null, threads: 2);
            model.CreateSession().Run(new float[16], new float[128]);
            return [.. model.Team!.Workers];
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void ANumberOfThreadsThatCannotBe(int threads)
    {
        var graph = TestModels.Single("lstm", 3, 5, seed: 1);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => RnnModel.FromGraph(graph, new RnnOptions { Threads = threads }));
        Assert.Contains($"Threads is {threads}", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"expected 1 to {Environment.ProcessorCount}", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>What is too small, sparse, or has no cut that fits is not divided; many streams make it larger.</summary>
    [Fact]
    public void ThePlanTellsHowManyThreadsShareAStep()
    {
        Assert.Equal(1, Threads(TestModels.Single("lstm", 8, 32, seed: 1)));
        Assert.Equal(2, Threads(TestModels.Single("lstm", 8, 32, seed: 1), streams: 64));
        Assert.Equal(1, Threads(TestModels.Single("lstm", 8, 24, seed: 1), streams: 64));
        Assert.Equal(2, Threads(TestModels.Single("lstm", 64, 128, seed: 1)));
        Assert.Equal(2, Threads(TestModels.Single("gru-reset-after", 64, 128, seed: 1)));
        Assert.Equal(1, Threads(TestModels.Single("gru-reset-after", 64, 136, seed: 1)));
        Assert.Equal(2, Threads(TestModels.Single("linear", 512, 512, seed: 1)));
        Assert.Equal(1, Threads(TestModels.Single("lstm", 64, 128, seed: 1), sparse: SparseChoice.Always));

        static int Threads(RnnGraph graph, int streams = 1, SparseChoice sparse = SparseChoice.Measured)
        {
            using var model = RnnModel.FromGraph(graph, new RnnOptions { Threads = 2, MostThreads = 2, Sparse = sparse });
            return model.DescribePlan(streams).Steps.Max(step => step.Threads);
        }
    }

    private static int ThreadsOf(RnnModel model) => model.DescribePlan().Steps.Max(step => step.Threads);

    private static RnnModel Bind(RnnGraph graph, string? kernel, int threads)
    {
        if (kernel is not null)
        {
            TestModels.Require(kernel);
        }

        return RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel, Threads = threads, MostThreads = 8, SmallestPart = 1 });
    }

    private static RnnGraph InPrecision(RnnGraph graph, string precision) => precision switch
    {
        "bf16" => SampleGraphs.ToHalf(graph, RnnPrecision.BFloat16),
        "fp16" => SampleGraphs.ToHalf(graph, RnnPrecision.Float16),
        _ => graph.Quantized(precision == "int8"),
    };
}
