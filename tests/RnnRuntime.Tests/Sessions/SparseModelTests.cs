using RnnRuntime.Graph;
using RnnRuntime.Plan;
using RnnRuntime.Quantization;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Models whose weights are stored without their zeros give the bits of those stored with them, in any chunking and number of streams.</summary>
public sealed class SparseModelTests
{
    private static readonly double[] s_densities = [0.05, 0.3, 0.6, 1];

    public static MatrixTheoryData<string, bool> Variants => new(TestModels.Kernels, [false, true]);

    [Theory]
    [MemberData(nameof(Variants))]
    [Trait("Category", "Kernels")]
    public void EveryKindOfLayerGivesTheBitsOfDense(string kernel, bool int8)
    {
        foreach (var kind in TestModels.Kinds)
        {
            foreach (var (features, size) in Effort.Of<(int, int)[]>([(5, 9), (33, 40), (64, 96)], [(33, 40)]))
            {
                Check($"{kind} {features}, {size}", TestModels.Single(kind, features, size, seed: 1), kernel, int8, s_densities[(features + size) % 4]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void RandomGraphsGiveTheBitsOfDense(string kernel, bool int8)
    {
        for (var seed = 1; seed <= 24; seed++)
        {
            Check($"graph {seed}", RandomGraph.Make(seed), kernel, int8, s_densities[seed % 4]);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void SequencesAndConvolutionsGiveTheBitsOfDense(string kernel, bool int8)
    {
        for (var seed = 1; seed <= 24; seed++)
        {
            Check($"sequence {seed}", SequenceCase.Random(seed).Graph(), kernel, int8, s_densities[seed % 4]);
            Check($"convolution {seed}", ConvCase.Random(seed).Graph(), kernel, int8, s_densities[seed % 4]);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void NoStepAllocates(string kernel, bool int8)
    {
        foreach (var kind in TestModels.Kinds)
        {
            using var model = Bind(Pruned(TestModels.Single(kind, 33, 40, seed: 1), 0.3).Quantized(int8), kernel, SparseChoice.Always);
            using var session = model.CreateSession(streams: 3, chunkLength: 4);
            var calls = new StepCalls(session, timeSteps: 4);
            calls.All();
            calls.All();
            Assert.Equal(0, Allocations.Of(calls.All));
        }
    }

    [Theory]
    [InlineData(false, 0.3, true)]
    [InlineData(false, 0.9, false)]
    [InlineData(true, 0.1, true)]
    [InlineData(true, 0.9, false)]
    public void ThePlanTellsDensityAndChoice(bool int8, double density, bool isSparse)
    {
        var graph = Pruned(TestModels.Single("lstm", 128, 128, seed: 1), density).Quantized(int8);
        using var model = RnnModel.FromGraph(graph);
        using var dense = Bind(graph, model.Kernel, SparseChoice.Never);
        var step = model.DescribePlan(1, 1).Steps.Single();
        var precision = int8 ? "int8" : "float32";
        Assert.Equal(density, step.Density, 0.01);
        Assert.Equal(isSparse ? FormattableString.Invariant($"{model.Kernel} {precision} sparse {density:0.00}") : $"{model.Kernel} {precision}", step.Kernel);
        var denseBytes = dense.DescribePlan(1, 1).Steps.Single().WeightBytes;
        Assert.InRange((double)step.WeightBytes / denseBytes, isSparse ? density : 1, isSparse ? density * 1.4 : 1);
        Assert.True(isSparse == (model.WeightBytes < dense.WeightBytes));
    }

    /// <summary>A model that has no zeros is stored as before, whatever its size.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void WeightsWithoutZerosAreDense(string kernel, bool int8)
    {
        foreach (var kind in TestModels.Cells)
        {
            using var model = TestModels.Bind(TestModels.Single(kind, 64, 64, seed: 1).Quantized(int8), kernel);
            var step = model.DescribePlan(1, 1).Steps.Single();
            Assert.Equal((1.0, $"{kernel} {(int8 ? "int8" : "float32")}"), (step.Density, step.Kernel));
        }
    }

    /// <summary>Padding lanes of a convolution are no zeros of its weights.</summary>
    [Fact]
    public void PaddingIsNoDensity()
    {
        using var model = RnnModel.FromGraph(ConvCase.Line(length: 40, channels: 64, filters: 40, kernel: 1).Graph());
        var step = model.DescribePlan(1, 1).Steps.Single(step => step.Operation == "conv");
        Assert.Equal((1.0, $"{model.Kernel} float32"), (step.Density, step.Kernel));
    }

    private static void Check(string what, RnnGraph graph, string kernel, bool int8, double density)
    {
        graph = Pruned(graph, density).Quantized(int8);
        using var dense = Bind(graph, kernel, SparseChoice.Never);
        using var sparse = Bind(graph, kernel, SparseChoice.Always);
        what = $"{what}, {kernel}, int8 {int8}, density {density}";
        const int TimeSteps = 7, Streams = 6;
        var signals = Signals.Random(dense, TimeSteps, Streams, seed: 3);
        using var reference = dense.CreateSession(Streams, TimeSteps);
        var expected = signals.Run(reference, TimeSteps);
        foreach (var lengths in new int[][] { [TimeSteps], [1], [3, 1] })
        {
            using var session = sparse.CreateSession(Streams, lengths[0]);
            Bits.Equal($"{what}, calls of {string.Join(", ", lengths)} steps", expected, signals.Run(session, lengths));
            Bits.EqualState(what, reference, session);
        }

        for (var stream = 0; stream < Streams; stream += 5)
        {
            using var alone = sparse.CreateSession(1, TimeSteps);
            var results = signals.Stream(stream).Run(alone, 2);
            Bits.Equal($"{what}, stream {stream} alone", [.. expected.Select(output => Signals.OfStream(output, TimeSteps, Streams, stream))], results);
        }

        var hostile = signals.WithHostileNeighbours(stream: 1);
        using var denseSession = dense.CreateSession(Streams, 2);
        using var sparseSession = sparse.CreateSession(Streams, 3);
        Bits.Equal($"{what}, hostile inputs", hostile.Run(denseSession, 2), hostile.Run(sparseSession, 3));
    }

    private static RnnGraph Pruned(RnnGraph graph, double density) =>
        new(graph.InputValues, graph.OutputValues, graph.StateVariables, BlockPruner.Prune(graph.Nodes, density, new HashSet<string>()), graph.Metadata);

    private static RnnModel Bind(RnnGraph graph, string kernel, SparseChoice sparse)
    {
        TestModels.Require(kernel);
        return RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel, Sparse = sparse });
    }
}
