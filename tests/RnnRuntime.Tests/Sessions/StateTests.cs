namespace RnnRuntime.Tests.Sessions;

/// <summary>Save, load, fork, reset, and reading and writing by name, over random graphs of all node kinds.</summary>
public sealed class StateTests
{
    private const int Graphs = 30;
    private const int TimeSteps = 12;

    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    public static TheoryData<bool> Precisions => [false, true];

    [Theory]
    [MemberData(nameof(Variants))]
    public void AStateSavedAtAnyStepGoesOnInAnotherSession(string kernel, bool int8) => ForGraphs(kernel, int8, (model, signals, what) =>
    {
        using var whole = model.CreateSession(signals.Streams, TimeSteps);
        var expected = signals.Run(whole, TimeSteps);
        using var saving = model.CreateSession(signals.Streams, 1);
        for (var step = 0; step <= TimeSteps; step++)
        {
            var state = saving.State();

            // The loading session has run before, so that its rings stand at another position.
            using var loading = model.CreateSession(signals.Streams, 5);
            signals.Steps(0, 1 + (step % 4)).Run(loading, 1);
            loading.LoadState(state);
            Bits.EqualState($"{what}, saved after {step} steps", state, loading.State());
            if (step < TimeSteps)
            {
                var rest = signals.Steps(step, TimeSteps - step).Run(loading, 4, 1, 5);
                Bits.Equal($"{what}, loaded after {step} steps", From(expected, step), rest);
                Bits.EqualState($"{what}, loaded after {step} steps", whole, loading);
                signals.Steps(step, 1).Run(saving, 1);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void AStateMovesBetweenKernels(string kernel, bool int8)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            var graph = RandomGraph.Make(seed).Quantized(int8);
            using var from = TestModels.Bind(graph, "scalar");
            using var to = TestModels.Bind(graph, kernel);
            var signals = Signals.Random(from, TimeSteps, 2, seed);
            using var whole = from.CreateSession(2, 3);
            var expected = signals.Run(whole, 3);
            using var first = from.CreateSession(2, 5);
            signals.Steps(0, 5).Run(first, 5);
            using var second = to.CreateSession(2, 2);
            second.LoadState(first.State());
            Bits.Equal($"graph seed {seed}", From(expected, 5), signals.Steps(5, TimeSteps - 5).Run(second, 2));
            Bits.EqualState($"graph seed {seed}", whole, second);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AForkGoesItsOwnWay(string kernel, bool int8) => ForGraphs(kernel, int8, (model, signals, what) =>
    {
        var other = Signals.Random(model, TimeSteps, signals.Streams, seed: 999);
        using var whole = model.CreateSession(signals.Streams, TimeSteps);
        var expected = signals.Run(whole, TimeSteps);
        using var trunk = model.CreateSession(signals.Streams, 4);
        signals.Steps(0, 5).Run(trunk, 4);
        using var fork = trunk.Fork();
        Bits.EqualState($"{what}, at the fork", trunk, fork);
        Assert.Equal((trunk.Streams, trunk.ChunkLength), (fork.Streams, fork.ChunkLength));

        // Alternating, so that anything shared shows.
        using var control = model.CreateSession(signals.Streams, 4);
        control.LoadState(trunk.State());
        for (var step = 5; step < TimeSteps; step++)
        {
            Bits.Equal($"{what}, the fork", other.Steps(step, 1).Run(control, 1), other.Steps(step, 1).Run(fork, 1));
            Bits.Equal($"{what}, the trunk", From(expected, step, 1), signals.Steps(step, 1).Run(trunk, 1));
        }

        Bits.EqualState($"{what}, the trunk", whole, trunk);
        Bits.EqualState($"{what}, the fork", control, fork);
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void ResetGivesTheInitialState(string kernel, bool int8) => ForGraphs(kernel, int8, (model, signals, what) =>
    {
        using var session = model.CreateSession(signals.Streams, TimeSteps);
        var initial = session.State();
        var expected = signals.Run(session, TimeSteps);
        session.Reset();
        Bits.EqualState(what, initial, session.State());
        Bits.Equal(what, expected, signals.Run(session, 5, 2));
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void ResetOfOneStreamLeavesTheOthers(string kernel, bool int8) => ForGraphs(kernel, int8, (model, signals, what) =>
    {
        const int At = 5;
        var rest = signals.Steps(At, TimeSteps - At);
        using var whole = model.CreateSession(signals.Streams, TimeSteps);
        var unbroken = From(signals.Run(whole, TimeSteps), At);
        using var fresh = model.CreateSession(signals.Streams, TimeSteps);
        var anew = rest.Run(fresh, TimeSteps);
        for (var chosen = 0; chosen < signals.Streams; chosen++)
        {
            using var session = model.CreateSession(signals.Streams, TimeSteps);
            signals.Steps(0, At).Run(session, At);
            session.Reset(chosen);
            var actual = rest.Run(session, TimeSteps);
            for (var stream = 0; stream < signals.Streams; stream++)
            {
                Bits.Equal($"{what}, stream {chosen} reset, stream {stream}", OfStream(stream == chosen ? anew : unbroken, stream), OfStream(actual, stream));
            }
        }

        float[][] OfStream(float[][] outputs, int stream) =>
            [.. outputs.Select(output => Signals.OfStream(output, TimeSteps - At, signals.Streams, stream))];
    });

    [Theory]
    [MemberData(nameof(Precisions))]
    public void StatesReadByNameAreTheSavedOnesAndCanBeWritten(bool int8) => ForGraphs(RnnKernels.Default, int8, (model, signals, what) =>
    {
        using var session = model.CreateSession(signals.Streams, TimeSteps);
        signals.Steps(0, 7).Run(session, 7);
        using var copy = model.CreateSession(signals.Streams, 1);
        signals.Steps(3, 2).Run(copy, 1);
        foreach (var state in model.States)
        {
            var values = new float[signals.Streams * state.Shape.ElementCount];
            session.GetState(state.Name, values);
            copy.SetState(state.Name, values);
        }

        Bits.EqualState(what, session, copy);
        Bits.Equal(what, signals.Steps(7, 5).Run(session, 5), signals.Steps(7, 5).Run(copy, 1));
    });

    [Fact]
    public void TheTapsOfADelayAreItsLastInputsOldestFirst()
    {
        using var model = RnnModel.FromGraph(TestModels.Single("delay", features: 1, size: 1, seed: 1));
        using var session = model.CreateSession(streams: 2, chunkLength: 4);
        Span<float> output = stackalloc float[10];
        session.Run([1f, 10, 2, 20, 3, 30, 4, 40, 5, 50], output);
        Span<float> taps = stackalloc float[6];
        session.GetState("delay1.taps", taps);
        Assert.Equal([3, 4, 5, 30, 40, 50], taps);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 10, 2, 20], output);

        session.SetState("delay1.taps", [7, 8, 9, 70, 80, 90]);
        session.Run([0f, 0, 0, 0, 0, 0], output[..6]);
        Assert.Equal([7, 70, 8, 80, 9, 90], output[..6]);
    }

    private static void ForGraphs(string kernel, bool int8, Action<RnnModel, Signals, string> check)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            using var model = TestModels.Bind(RandomGraph.Make(seed).Quantized(int8), kernel);
            check(model, Signals.Random(model, TimeSteps, 1 + (seed % 3), seed), $"graph seed {seed}, {kernel}, int8 {int8}");
        }
    }

    private static float[][] From(float[][] outputs, int step, int? count = null) =>
        [.. outputs.Select(output => output.AsSpan(output.Length / TimeSteps * step, output.Length / TimeSteps * (count ?? (TimeSteps - step))).ToArray())];
}
