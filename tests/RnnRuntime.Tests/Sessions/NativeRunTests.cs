using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>A call that stays in native code gives the bits of managed steps with the same kernels, and of scalar.</summary>
public sealed class NativeRunTests
{
    private const int Graphs = 40;
    private const int LongGraphs = 4;

    public static MatrixTheoryData<string, bool> Cases => new(NativeKernels, [false, true]);

    public static TheoryData<string> Kernels => [.. NativeKernels];

    private static IEnumerable<string> NativeKernels =>
        TestModels.Kernels.Intersect(KernelRegistry.All.OfType<NativeVariant>().Select(variant => variant.Name));

    /// <summary>Every kind of plan step, states that are fed back, several streams, chunks of any length.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void RandomGraphsGiveTheBitsOfManagedSteps(string kernel, bool int8)
    {
        var (steps, feedback) = (new HashSet<Type>(), 0);
        for (var seed = 1; seed <= Graphs + LongGraphs; seed++)
        {
            var graph = (seed <= Graphs ? RandomGraph.Make(seed) : RandomGraph.MakeLong(seed - Graphs)).Quantized(int8);
            using var model = TestModels.Bind(graph, kernel);
            steps.UnionWith(model.Plan.Steps.Select(step => step.GetType()));
            feedback += model.Plan.HasFeedback ? 1 : 0;
            Check($"graph seed {seed}, {kernel}, int8 {int8}", graph, kernel, timeSteps: 7, streams: 1 + (seed % 4), seed);
        }

        Assert.InRange(feedback, 4, Graphs);
        var kinds = typeof(PlanStep).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(PlanStep)) && !type.IsAbstract);
        Assert.Empty(kinds.Except(steps).Select(type => type.Name));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SamplesOfEveryNodeGiveTheBitsOfManagedSteps(string kernel)
    {
        TestModels.Require(kernel);
        foreach (var (name, graph) in new[] { ("layers", SampleGraphs.Layers()), ("operators", SampleGraphs.Operators()) })
        {
            Check(name, graph, kernel, timeSteps: 5, streams: 3, seed: 1);
            Check($"{name}, int8", SampleGraphs.ToInt8(graph), kernel, timeSteps: 5, streams: 3, seed: 2);
            Check($"{name}, float16", SampleGraphs.ToHalf(graph, RnnPrecision.Float16), kernel, timeSteps: 5, streams: 2, seed: 3);
            Check($"{name}, bfloat16", SampleGraphs.ToHalf(graph, RnnPrecision.BFloat16), kernel, timeSteps: 5, streams: 2, seed: 4);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void AnIndexOutsideItsTableRunsNothing(string kernel)
    {
        using var model = TestModels.Bind(TestModels.Tokens(7, 20, seed: 1), kernel);
        using var session = model.CreateSession();
        var output = new float[3 * 7];
        session.Run([1, 2, 3], output);
        var (state, before) = (session.State(), output.ToArray());
        Assert.Throws<ArgumentException>(() => session.Run([1, 2, 7], output));
        Assert.Throws<ArgumentException>(() => session.Run([1, -1, 2], output));
        Bits.Equal("outputs", before, output);
        Bits.EqualState("state", state, session.State());
    }

    [Fact]
    public void ASessionSaysWhoRunsItsSteps()
    {
        foreach (var variant in KernelRegistry.Available)
        {
            using var model = TestModels.Bind(TestModels.Single("lstm", 3, 4, seed: 1), variant.Name);
            using var session = model.CreateSession();
            var reason = variant is NativeVariant ? null : $"the kernel {variant.Name} is managed code";
            Assert.Equal(variant is NativeVariant, session.RunsNatively);
            Assert.Equal(reason, session.ManagedReason);
            Assert.Equal(reason, model.DescribePlan().ManagedReason);
        }
    }

    /// <summary>Managed calls and native ones of another thread, by turns, go on with one state.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public unsafe void TheHandleRunsStepsFromAnotherThread(string kernel)
    {
        const int Turns = 5;
        const int ValuesATurn = 40 * 3;
        using var model = TestModels.Bind(TestModels.Single("lstm", 3, 3, seed: 1), kernel);
        using var session = model.CreateSession();
        using var shared = model.CreateSession();
        var random = new Random(1);
        float[] input = [.. Enumerable.Range(0, Turns * ValuesATurn).Select(_ => (random.NextSingle() * 2) - 1)];
        var (expected, output) = (new float[input.Length], new float[input.Length]);
        session.Run(input, expected);

        var handle = shared.NativeHandle;
        for (var turn = 0; turn < Turns; turn++)
        {
            var start = turn * ValuesATurn;
            if (turn % 2 == 0)
            {
                shared.Run(input.AsSpan(start, ValuesATurn), output.AsSpan(start, ValuesATurn));
                continue;
            }

            var thread = new Thread(() =>
            {
                fixed (float* source = &input[start], target = &output[start])
                {
                    ((delegate* unmanaged[Cdecl]<nint, void*, void*, int, void>)handle.Run)(handle.Program, source, target, ValuesATurn / 3);
                }
            });
            thread.Start();
            thread.Join();
        }

        Bits.Equal("outputs", expected, output);
        Bits.EqualState("state", session, shared);
    }

    [Fact]
    public void WithoutNativeStepsThereIsNoHandle()
    {
        using var model = TestModels.Bind(TestModels.Single("lstm", 3, 4, seed: 1), "scalar");
        var session = model.CreateSession();
        var error = Assert.Throws<InvalidOperationException>(() => session.NativeHandle);
        Assert.Contains(session.ManagedReason!, error.Message, StringComparison.Ordinal);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.NativeHandle);
    }

    private static void Check(string what, RnnGraph graph, string kernel, int timeSteps, int streams, int seed)
    {
        using var model = TestModels.Bind(graph, kernel);
        using var managedModel = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel, StaysManaged = true });
        using var scalarModel = TestModels.Bind(graph, "scalar");
        var signals = Signals.Random(model, timeSteps, streams, seed);
        using var managed = managedModel.CreateSession(streams, timeSteps);
        using var scalar = scalarModel.CreateSession(streams, timeSteps);
        Assert.False(managed.RunsNatively);
        var expected = signals.Run(managed, timeSteps);
        Bits.Equal($"{what}, managed against scalar", signals.Run(scalar, timeSteps), expected);
        foreach (var length in new[] { timeSteps, 1, 3 })
        {
            using var session = model.CreateSession(streams, length);
            Assert.True(session.RunsNatively, session.ManagedReason);
            Bits.Equal($"{what}, calls of {length} steps", expected, signals.Run(session, length));
            Bits.EqualState($"{what}, calls of {length} steps", managed, session);
        }
    }
}
