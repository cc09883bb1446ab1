using System.Runtime.InteropServices;
using System.Text.Json;
using RnnRuntime.Graph;
using RnnRuntime.Quantization;

namespace RnnRuntime.Tests.Quantization;

/// <summary>What becomes of each node's weights, and that it is written down.</summary>
public sealed class PrecisionTests
{
    [Fact]
    public void AFloatIsRoundedToTheNearest16Bits()
    {
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var value = (random.NextSingle() - 0.5f) * MathF.ScaleB(1, random.Next(-20, 14));
            var half = HalfPrecision.FromFloat16(HalfPrecision.ToFloat16(value));
            Assert.True(Math.Abs(half - value) <= Math.Max(Math.Abs(value) / 2048, MathF.ScaleB(1, -25)), $"{value:R} became {half:R}");
            var brain = HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(value));
            Assert.True(Math.Abs(brain - value) <= Math.Abs(value) / 256, $"{value:R} became {brain:R}");
        }

        // Ties go to the even number.
        Assert.Equal(1f, HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(1f + (1f / 256))));
        Assert.Equal(1f + (1f / 64), HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(1f + (3f / 256))));
    }

    [Theory]
    [InlineData(RnnPrecision.Float16, TensorType.Float16, 1e-3)]
    [InlineData(RnnPrecision.BFloat16, TensorType.BFloat16, 1e-2)]
    [InlineData(RnnPrecision.Int8, TensorType.Int8, 5e-2)]
    public void EveryKindOfNodeTakesEveryPrecisionAndStaysNearTheFloatOne(RnnPrecision precision, TensorType type, double tolerance)
    {
        foreach (var kind in TestModels.Cells.Concat(["linear", "conv"]))
        {
            var graph = TestModels.Single(kind, 16, 24, seed: 3);
            var quantization = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, NeverSlower = false });
            Assert.Equal([(graph.Nodes[0].Name, type, "")], quantization.Choices.Select(choice => (choice.Node, choice.Precision, choice.Reason)));
            using var exact = RnnModel.FromGraph(graph);
            using var quantized = Reload(quantization.Graph);
            var signals = Sessions.Signals.Random(exact, 20, 1, seed: 4);
            using var reference = exact.CreateSession(1, 20);
            using var session = quantized.CreateSession(1, 20);
            var error = signals.Run(reference, 20)[0].Zip(signals.Run(session, 20)[0], (a, b) => Math.Abs(a - b)).Max();
            Assert.True(error > 1e-7 && error < tolerance, $"{kind} in {precision}: largest error {error}");
        }
    }

    [Fact]
    public void TablesInFewBitsGiveTheirRoundedRows()
    {
        var graph = TestModels.Tokens(7, 13, seed: 1);
        foreach (var precision in new[] { RnnPrecision.Int8, RnnPrecision.Float16, RnnPrecision.BFloat16 })
        {
            var quantized = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision }).Graph;
            var node = quantized.Nodes.OfType<EmbeddingNode>().Single();
            using var model = RnnModel.FromGraph(new RnnGraph(graph.InputValues, [("row", node.Output)], [], [node], graph.Metadata));
            using var session = model.CreateSession();
            var row = new float[13];
            for (var index = 0; index < 7; index++)
            {
                session.SetInput(0, [index]);
                session.Run();
                session.GetOutput(0, row);
                Assert.Equal(WeightValues.ToFloat32(node.Table).AsSpan(index * 13, 13).ToArray(), row);
            }
        }
    }

    [Fact]
    public void AHiddenStateIsQuantisedByItsRangeAndAnInputByItsOwnLargest()
    {
        var builder = new RnnGraphBuilder();
        var random = new WeightSource(5);
        var first = builder.Lstm(builder.Input("x", 6), 8, random.Matrix(32, 6), random.Matrix(32, 8));
        var second = builder.Gru(first, 8, random.Matrix(24, 8), random.Matrix(24, 8));
        builder.Output("y", builder.Linear(builder.Relu(second), 3, random.Matrix(3, 8)));
        var nodes = TestModels.ToInt8(builder.Build()).Nodes;
        var lstm = nodes.OfType<LstmNode>().Single();
        var gru = nodes.OfType<GruNode>().Single();
        Assert.Equal((0f, 1f), (lstm.InputWeights.Range, lstm.RecurrentWeights.Range));
        Assert.Equal((1f, 1f), (gru.InputWeights.Range, gru.RecurrentWeights.Range));
        Assert.Equal(1f, nodes.OfType<LinearNode>().Single().Weights.Range);
    }

    [Fact]
    public void RangesAndPrecisionsSurviveTheFile()
    {
        foreach (var precision in new[] { RnnPrecision.Int8, RnnPrecision.Float16, RnnPrecision.BFloat16 })
        {
            foreach (var graph in new[] { SampleGraphs.Operators(), TestModels.Tokens(7, 4, seed: 1), Sessions.RandomGraph.Make(5) })
            {
                var quantized = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, NeverSlower = false }).Graph;
                using var reloaded = Reload(quantized);
                var before = quantized.Nodes.SelectMany(node => NodeWeights.Of(node)).Select(matrix => matrix.Weights).ToArray();
                var after = reloaded.Graph.Nodes.SelectMany(node => NodeWeights.Of(node)).Select(matrix => matrix.Weights).ToArray();
                Assert.NotEmpty(before);
                Assert.Equal(before.Select(weights => (weights.Values.Type, weights.Range)), after.Select(weights => (weights.Values.Type, weights.Range)));
                Assert.All(before.Zip(after), pair => Assert.Equal(pair.First.Values.Data.ToArray(), pair.Second.Values.Data.ToArray()));
            }
        }
    }

    [Fact]
    public void ANodeThatInt8WouldSlowDownStaysFloatAndTheFileSaysWhy()
    {
        var graph = TestModels.Single("lstm", 1, 4, seed: 1);
        var quantization = RnnQuantizer.Quantize(graph);
        var choice = Assert.Single(quantization.Choices);
        Assert.Equal(TensorType.Float32, choice.Precision);
        Assert.Contains("would slow it down: 80 weights", choice.Reason, StringComparison.Ordinal);
        Assert.Equal(graph.Nodes, quantization.Graph.Nodes);
        using var model = Reload(quantization.Graph);
        using var json = JsonDocument.Parse(model.Graph.Metadata["quantization"]);
        Assert.Equal("int8", json.RootElement.GetProperty("precision").GetString());
        Assert.Equal($"float32: {choice.Reason}", json.RootElement.GetProperty("nodes").GetProperty("lstm1").GetString());
        Assert.Equal(TensorType.Int8, Assert.Single(RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false }).Choices).Precision);
    }

    [Fact]
    public void AWeightThatFloat16CannotHoldKeepsItsNode()
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Linear(builder.Input("x", 2), 1, [1e6f, 1f]));
        var choice = Assert.Single(RnnQuantizer.Quantize(builder.Build(), new RnnQuantizationOptions { Precision = RnnPrecision.Float16 }).Choices);
        Assert.Equal(TensorType.Float32, choice.Precision);
        Assert.Contains("1000000; float16 ends at 65504", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Float16KeepsWhatIsFarBelowTheLargestOnlyAsFarAsKernelsDo()
    {
        var weights = new Weights(new Constant("w", TensorType.Float32, new TensorShape(1, 3), MemoryMarshal.AsBytes<float>([4096f, 5e-6f, 1e-3f]).ToArray()));
        var quantized = WeightValues.ToFloat32(WeightQuantizer.Quantize(weights, TensorType.Float16, "w", ""));
        Assert.Equal([4096f, 0f, (float)(Half)1e-3f], quantized);
    }

    [Fact]
    public void NodesThatShareATensorMayGoSeparateWays()
    {
        var graph = Tied();
        var quantized = TestModels.ToInt8(graph, "second");
        GraphValidator.Validate(quantized);
        var linear = quantized.Nodes.OfType<LinearNode>().ToArray();
        Assert.Equal([TensorType.Int8, TensorType.Float32], linear.Select(node => node.Weights.Values.Type));
        Assert.Equal(["w.int8", "w"], linear.Select(node => node.Weights.Values.Name));
        var together = TestModels.ToInt8(graph).Nodes.OfType<LinearNode>().ToArray();
        Assert.Same(together[0].Weights.Values, together[1].Weights.Values);
        Assert.Equal("w.int8", together[0].Weights.Values.Name);
        Reload(quantized).Dispose();
    }

    [Fact]
    public void NamesThatAreTakenStayTaken()
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Float32, 4);
        var weights = new Weights(sketch.Floats(4, 4) with { Name = "w" });
        sketch.Output("y", sketch.Add("linear", (name, output) => new LinearNode(name, x, output, weights, sketch.Floats(4) with { Name = "w.scales" }), 4));
        var quantized = TestModels.ToInt8(sketch.Build());
        Assert.Equal("w.scales2", Assert.Single(NodeWeights.Of(quantized.Nodes[0])).Weights.Scales!.Name);
        Reload(quantized).Dispose();
    }

    [Fact]
    public void ATableThatIsTiedToAPrunedLayerStaysWhole()
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Int32);
        var table = sketch.Matrix(16, 32);
        var row = sketch.Add("row", (name, output) => new EmbeddingNode(name, x, output, table), 32);
        sketch.Output("y", sketch.Add("linear", (name, output) => new LinearNode(name, row, output, table, null), 16));
        var pruned = RnnQuantizer.Quantize(sketch.Build(), new RnnQuantizationOptions { Precision = RnnPrecision.Float32, Density = 0.5 });
        using var model = Reload(pruned.Graph);
        Assert.Same(table.Values, pruned.Graph.Nodes.OfType<EmbeddingNode>().Single().Table.Values);
        Assert.Equal(256, WeightValues.ToFloat32(pruned.Graph.Nodes.OfType<LinearNode>().Single().Weights).Count(value => value == 0));
    }

    [Fact]
    public void GoldensAreMadeAnewBeforeTheyAreVerified()
    {
        using var model = RnnModel.Load(RepositoryFiles.Require("src/training/charlm-float32.rnn"));
        using var quantized = RnnQuantizer.Quantize(model).CreateModel(new RnnOptions { VerifyGolden = true });
        Assert.True(quantized.VerifyGolden() < 1e-6);
    }

    [Theory]
    [InlineData(RnnPrecision.Float16)]
    [InlineData(RnnPrecision.BFloat16)]
    public void APrunedLayerThatRunsFasterWithoutItsZerosKeepsFloat32(RnnPrecision precision)
    {
        var graph = TestModels.Single("lstm", 128, 128, seed: 1);
        var choice = Assert.Single(RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, Density = 0.1 }).Choices);
        Assert.Equal(TensorType.Float32, choice.Precision);
        Assert.Contains("float32 leaves out its zeros, 90 %", choice.Reason, StringComparison.Ordinal);
        Assert.Equal(TensorType.Int8, Assert.Single(RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Density = 0.1 }).Choices).Precision);
    }

    [Fact]
    public void AStateBeyondTheRangeIsNotClipped()
    {
        var graph = TestModels.Single("gru-reset-after", 3, 16, seed: 2);
        var quantized = TestModels.ToInt8(graph);
        Assert.Equal(1f, NodeWeights.Of(quantized.Nodes[0])[1].Weights.Range);
        float[] state = [.. Enumerable.Range(0, 16).Select(i => (i - 8f) * 3)];
        var expected = Step(graph, "scalar");
        foreach (var kernel in RnnKernels.All.Where(kernel => kernel.IsAvailable))
        {
            var found = Step(quantized, kernel.Name);
            Assert.Equal(Step(quantized, "scalar"), found);
            Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 0.6));
        }

        float[] Step(RnnGraph network, string kernel)
        {
            using var model = RnnModel.FromGraph(network, new RnnOptions { Kernel = kernel });
            using var session = model.CreateSession();
            session.SetState(network.States[0].Name, state);
            var y = new float[16];
            session.Run([0.1f, -0.2f, 0.3f], y);
            return y;
        }
    }

    private static RnnGraph Tied()
    {
        var sketch = new GraphSketch();
        var weights = new Weights(new Constant("w", TensorType.Float32, new TensorShape(4, 4), MemoryMarshal.AsBytes(new WeightSource(1).Matrix(4, 4).AsSpan()).ToArray()));
        var x = sketch.Input("x", TensorType.Float32, 4);
        var first = sketch.Add("first", (name, output) => new LinearNode(name, x, output, weights, null), 4);
        sketch.Output("y", sketch.Add("second", (name, output) => new LinearNode(name, first, output, weights, null), 4));
        return sketch.Build();
    }

    private static RnnModel Reload(RnnGraph graph) => RnnModel.Load(SampleGraphs.Write(graph));
}
