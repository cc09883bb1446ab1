using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Import;

/// <summary>What is promised of every model holds for those of other tools, whole and quantised.</summary>
public sealed class ImportedModelTests
{
    private const int TimeSteps = 4;

    public static MatrixTheoryData<string, bool> Sets => new(ImportedModels.Sets, [false, true]);

    public static MatrixTheoryData<string, string, bool> Variants => new(ImportedModels.Sets, TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Sets))]
    public void EverySetHasModels(string set, bool int8) => Assert.Equal(
        set switch { "silero" => 4, "torch" => 17, "onnx-rnn" => 71, "rtneural" => 4, "nam" => 2, "quantized" => 5, _ => 3 },
        ImportedModels.Of(set).Count(each => each.Graph.Quantized(int8).Outputs.Length > 0));

    [Theory]
    [MemberData(nameof(Variants))]
    public void AStepAllocatesNothing(string set, string kernel, bool int8)
    {
        foreach (var (name, graph) in ImportedModels.Of(set))
        {
            using var model = TestModels.Bind(graph.Quantized(int8), kernel);
            using var session = model.CreateSession(streams: 1, chunkLength: 1);
            var step = new StepCalls(session, timeSteps: 1);
            for (var i = 0; i < 3; i++)
            {
                step.All();
            }

            var bytes = Allocations.Of(() =>
            {
                for (var i = 0; i < 5; i++)
                {
                    step.All();
                }
            });
            Assert.True(bytes == 0, $"{name}, {kernel}, int8 {int8}: {bytes} bytes in five steps.");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryVariantGivesTheBitsOfScalarInAnyChunking(string set, string kernel, bool int8) => ForModels(set, int8, kernel, (model, signals, what) =>
    {
        using var scalar = TestModels.Bind(model.Graph, "scalar");
        using var reference = scalar.CreateSession(signals.Streams, 1);
        var expected = signals.Run(reference, 1);
        foreach (var length in new[] { 1, 3, TimeSteps })
        {
            using var session = model.CreateSession(signals.Streams, length);
            Bits.Equal($"{what}, calls of {length} steps", expected, signals.Run(session, length));
            Bits.EqualState($"{what}, calls of {length} steps", reference, session);
        }
    });

    [Theory]
    [MemberData(nameof(Sets))]
    public void ASavedModelGivesTheSameBits(string set, bool int8) => ForModels(set, int8, RnnKernels.Default, (model, signals, what) =>
    {
        using var saved = RnnModel.Load(SampleGraphs.Write(model.Graph));
        Assert.Equal(model.Inputs, saved.Inputs);
        Assert.Equal(model.Outputs, saved.Outputs);
        Assert.Equal(model.States, saved.States);
        using var expected = model.CreateSession(signals.Streams, TimeSteps);
        using var actual = saved.CreateSession(signals.Streams, TimeSteps);
        Bits.Equal(what, signals.Run(expected, TimeSteps), signals.Run(actual, TimeSteps));
        Bits.EqualState(what, expected, actual);
    });

    [Theory]
    [MemberData(nameof(Sets))]
    public void TwoStreamsAreTwoSessions(string set, bool int8) => ForModels(set, int8, RnnKernels.Default, (model, signals, what) =>
    {
        using var both = model.CreateSession(2, TimeSteps);
        var together = signals.Run(both, TimeSteps);
        for (var stream = 0; stream < 2; stream++)
        {
            using var alone = model.CreateSession(1, TimeSteps);
            float[][] own = [.. together.Select(output => Signals.OfStream(output, TimeSteps, 2, stream))];
            Bits.Equal($"{what}, stream {stream}", signals.Stream(stream).Run(alone, TimeSteps), own);
        }
    });

    [Theory]
    [MemberData(nameof(Sets))]
    public void AResetGivesTheFirstResultsAgain(string set, bool int8) => ForModels(set, int8, RnnKernels.Default, (model, signals, what) =>
    {
        using var session = model.CreateSession(signals.Streams, TimeSteps);
        var initial = session.State();
        var first = signals.Run(session, TimeSteps);
        session.Reset();
        Bits.EqualState(what, initial, session.State());
        Bits.Equal(what, first, signals.Run(session, 1));
    });

    private static void ForModels(string set, bool int8, string kernel, Action<RnnModel, Signals, string> check)
    {
        foreach (var (name, graph) in ImportedModels.Of(set))
        {
            using var model = TestModels.Bind(graph.Quantized(int8), kernel);
            check(model, Signals.Random(model, TimeSteps, streams: 2, seed: name.Length), $"{name}, {kernel}, int8 {int8}");
        }
    }
}
