using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Models with 16-bit weights are, bit for bit, the models with the same weights in float32; in any chunking, beside any streams.</summary>
public sealed class HalfModelTests
{
    private const int Graphs = 40;

    public static MatrixTheoryData<string, TensorType> Formats => new(TestModels.Kernels, [TensorType.BFloat16, TensorType.Float16]);

    [Theory]
    [MemberData(nameof(Formats))]
    [Trait("Category", "Kernels")]
    public void LayersHaveTheBitsOfFloat32(string kernel, TensorType format)
    {
        foreach (var kind in TestModels.Kinds)
        {
            foreach (var size in Effort.Of<int[]>([1, 9, 24, 33], [33]))
            {
                var graph = TestModels.Single(kind, features: 1 + (size * 7 % 29), size, seed: size);
                Check(graph, kernel, format, timeSteps: 7, streams: 3, $"{kind} of {size}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void RandomGraphsHaveTheBitsOfFloat32(string kernel, TensorType format)
    {
        for (var seed = 1; seed <= Graphs; seed++)
        {
            Check(RandomGraph.Make(seed), kernel, format, timeSteps: 6, streams: 1 + (seed % 9), $"graph seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void APlanTellsTheFormatAndHalfTheBytes(string kernel, TensorType format)
    {
        foreach (var kind in TestModels.Cells.Append("linear").Append("conv"))
        {
            var graph = HalfGraphs.Rounded(TestModels.Single(kind, features: 16, size: 32, seed: 1), format);
            using var model = TestModels.Bind(graph, kernel);
            using var wide = TestModels.Bind(HalfGraphs.Widened(graph), kernel);
            var steps = model.DescribePlan(1, 1).Steps.Where(step => step.WeightBytes > 0).ToArray();
            Assert.NotEmpty(steps);
            Assert.All(steps, step => Assert.Equal($"{kernel} {format.ToString().ToLowerInvariant()}", step.Kernel));
            Assert.Equal(wide.DescribePlan(1, 1).Steps.Sum(step => step.WeightBytes), 2 * steps.Sum(step => step.WeightBytes));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void NoStepAllocates(string kernel, TensorType format)
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            using var model = TestModels.Bind(HalfGraphs.Rounded(RandomGraph.Make(seed), format), kernel);
            using var session = model.CreateSession(streams: 2, chunkLength: 3);
            var calls = new StepCalls(session, timeSteps: 3);
            calls.All();
            calls.All();
            var bytes = Allocations.Of(calls.All);
            Assert.True(bytes == 0, $"graph seed {seed}, {kernel}, {format}: {bytes} bytes.");
        }
    }

    private static void Check(RnnGraph graph, string kernel, TensorType format, int timeSteps, int streams, string name)
    {
        var what = $"{name}, {kernel}, {format}";
        var half = HalfGraphs.Rounded(graph, format);
        using var model = TestModels.Bind(half, kernel);
        using var wide = TestModels.Bind(HalfGraphs.Widened(half), "scalar");
        foreach (var signals in new[] { Signals.Random(model, timeSteps, streams, seed: 5), Signals.Random(model, timeSteps, streams, seed: 6).WithHostileNeighbours(0) })
        {
            using var reference = wide.CreateSession(streams, timeSteps);
            var expected = signals.Run(reference, timeSteps);
            foreach (var lengths in new int[][] { [timeSteps], [1], [3, 1, 2] })
            {
                using var session = model.CreateSession(streams, timeSteps);
                Bits.Equal($"{what}, calls of {string.Join(", ", lengths)} steps", expected, signals.Run(session, lengths));
                Bits.EqualState($"{what}, calls of {string.Join(", ", lengths)} steps", reference, session);
            }

            using var alone = model.CreateSession(1, 1);
            var own = expected.Select(output => Signals.OfStream(output, timeSteps, streams, 0)).ToArray();
            Bits.Equal($"{what}, stream 0 alone", own, signals.Stream(0).Run(alone, 1));
        }
    }
}
