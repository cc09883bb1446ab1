using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Quantization;

/// <summary>Int8 weights: the rule, its edges, and what stays float32.</summary>
public sealed class QuantizerTests
{
    [Fact]
    public void EveryRowIsWithin127AndReachesIt()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var graph = RandomGraph.Make(seed);
            foreach (var (before, after) in Matrices(graph).Zip(Matrices(TestModels.ToInt8(graph))))
            {
                CheckRule(before, after);
            }
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.Epsilon)]
    [InlineData(-1e-38f)]
    public void ARowOfNothingIsZerosWithScaleZero(float value)
    {
        var weights = Quantize([value, value, value, 0, 0, -2, 0.5f, 2], rows: 2);
        Assert.Equal([0, 0, 0, 0, 0, -127, 32, 127], Values(weights));
        Assert.Equal([0f, 2f / 127], Scales(weights));
    }

    [Fact]
    public void HalvesRoundToEven()
    {
        // The scale is exactly 1.
        Assert.Equal([127, 0, 2, -2, 2, -126], Values(Quantize([127, 0.5f, 1.5f, -1.5f, 2.5f, -126.5f], rows: 1)));
    }

    [Theory]
    [InlineData(float.MaxValue)]
    [InlineData(1e-30f)]
    [InlineData(1.5e-36f)]
    public void ExtremeMagnitudesKeepTheirRatios(float largest)
    {
        var weights = Quantize([largest, -largest, largest / 2, -largest / 4], rows: 1);
        Assert.Equal(127, Values(weights)[0]);
        Assert.Equal(-127, Values(weights)[1]);
        Assert.InRange(Values(weights)[2], 63, 64);
        Assert.InRange(Values(weights)[3], -32, -31);
        Assert.Equal(largest / 127, Scales(weights)[0]);
    }

    [Fact]
    public void LayersAndTablesAreQuantisedAndBiasesAndStructureStay()
    {
        var graph = TestModels.Tokens(7, 4, seed: 1);
        var quantized = TestModels.ToInt8(graph);
        Assert.Equal(graph.Nodes.Select(node => node.Name), quantized.Nodes.Select(node => node.Name));
        Assert.Equal(graph.Inputs, quantized.Inputs);
        Assert.Equal(graph.Outputs, quantized.Outputs);
        Assert.Equal(graph.States, quantized.States);
        Assert.Equal(["embedding", "lstm", "linear"], quantized.Nodes.Where(IsInt8).Select(node => node.Operator));
        CheckRule(graph.Nodes.OfType<EmbeddingNode>().Single().Table, quantized.Nodes.OfType<EmbeddingNode>().Single().Table);
        Assert.Same(graph.Nodes.OfType<LstmNode>().Single().Bias, quantized.Nodes.OfType<LstmNode>().Single().Bias);
        GraphValidator.Validate(quantized);
        Assert.All(graph.Nodes, node => Assert.False(IsInt8(node), "the graph that was given stays as it is"));
    }

    [Fact]
    public void EveryKindOfWeightIsQuantised()
    {
        foreach (var kind in TestModels.Cells.Concat(["linear", "conv"]))
        {
            Assert.True(IsInt8(TestModels.ToInt8(TestModels.Single(kind, 3, 4, seed: 1)).Nodes.Single()), kind);
        }
    }

    [Fact]
    public void ConvolutionsAndSequencesAreQuantisedWithTheirProjectionAndNothingElseIs()
    {
        var graph = SampleGraphs.Operators();
        var quantized = TestModels.ToInt8(graph);
        GraphValidator.Validate(quantized);
        foreach (var (before, after) in graph.Nodes.Zip(quantized.Nodes))
        {
            switch (before, after)
            {
                case (ConvNode source, ConvNode target):
                    CheckRule(source.Weights, target.Weights);
                    Assert.Equal(source with { Weights = target.Weights }, target);
                    break;
                case (SequenceNode source, SequenceNode target):
                    CheckRule(source.InputWeights, target.InputWeights);
                    CheckRule(source.RecurrentWeights, target.RecurrentWeights);
                    Assert.Equal(source.Cell == SequenceCell.Lstm, target.Projection is not null);
                    if (target.Projection is not null)
                    {
                        CheckRule(source.Projection!, target.Projection);
                    }

                    Assert.Equal(source with { InputWeights = target.InputWeights, RecurrentWeights = target.RecurrentWeights, Projection = target.Projection }, target);
                    break;
                case (EmbeddingNode source, EmbeddingNode target):
                    CheckRule(source.Table, target.Table);
                    break;
                default:
                    Assert.Same(before, after);
                    break;
            }
        }

        Assert.Equal(["embedded", "conv2d", "conv1d", "lstm", "gru", "rnn"], quantized.Nodes.Where(IsInt8).Select(node => node.Name));
    }

    [Fact]
    public void QuantisingAgainChangesNothing()
    {
        var once = TestModels.ToInt8(TestModels.Tokens(7, 4, seed: 1));
        Assert.Equal(once.Nodes, TestModels.ToInt8(once).Nodes);
    }

    [Fact]
    public void NamedNodesStayFloat()
    {
        var graph = TestModels.Tokens(7, 4, seed: 1);
        var quantized = TestModels.ToInt8(graph, "linear1");
        Assert.Same(graph.Nodes.OfType<LinearNode>().Single(), quantized.Nodes.OfType<LinearNode>().Single());
        Assert.Equal(["embedding1", "lstm1"], quantized.Nodes.Where(IsInt8).Select(node => node.Name));
    }

    [Fact]
    public void AnUnknownNameListsTheNodes()
    {
        var exception = Assert.Throws<ArgumentException>(() => TestModels.ToInt8(TestModels.Tokens(7, 4, seed: 1), "linear1", "lstm9"));
        Assert.Contains("no node 'lstm9'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'embedding1', 'lstm1', 'linear1', 'log_softmax1'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void QuantisedOutputsStayNearTheFloatOnes()
    {
        foreach (var kind in TestModels.Cells.Concat(["linear", "conv"]))
        {
            var graph = TestModels.Single(kind, 16, 24, seed: 3);
            using var exact = RnnModel.FromGraph(graph);
            using var quantized = RnnModel.FromGraph(TestModels.ToInt8(graph));
            Assert.True(quantized.WeightBytes < exact.WeightBytes / 2);
            var signals = Signals.Random(exact, 20, 1, seed: 4);
            using var reference = exact.CreateSession(1, 20);
            using var session = quantized.CreateSession(1, 20);
            var expected = signals.Run(reference, 20)[0];
            var actual = signals.Run(session, 20)[0];

            // Root mean square: 1/127/sqrt(12) of the largest weight and activation each is 0.2 % of a term; cells feed it back.
            var error = Math.Sqrt(expected.Zip(actual, (a, b) => (double)(a - b) * (a - b)).Average());
            Assert.InRange(error, 1e-6, 0.02);
        }
    }

    private static void CheckRule(Weights before, Weights after)
    {
        var source = MemoryMarshal.Cast<byte, float>(before.Values.Data.Span).ToArray();
        Assert.Equal((TensorType.Int8, before.Values.Shape), (after.Values.Type, after.Values.Shape));
        Assert.Equal(before.Rows, Scales(after).Length);
        for (var row = 0; row < before.Rows; row++)
        {
            var real = source.AsSpan(row * before.Columns, before.Columns);
            var stored = Values(after).AsSpan(row * before.Columns, before.Columns);
            var scale = Scales(after)[row];
            var largest = real.ToArray().Max(Math.Abs);
            Assert.Equal(largest / 127, scale);
            Assert.Equal(127, stored.ToArray().Max(value => Math.Abs((int)value)));
            for (var column = 0; column < real.Length; column++)
            {
                // Half a unit, and the rounding of the division and the scale.
                Assert.InRange(Math.Abs(real[column] - ((double)scale * stored[column])), 0, scale * 0.50002);
            }
        }
    }

    private static Weights Quantize(float[] weights, int rows)
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Linear(builder.Input("x", weights.Length / rows), rows, weights));
        return TestModels.ToInt8(builder.Build()).Nodes.OfType<LinearNode>().Single().Weights;
    }

    private static sbyte[] Values(Weights weights) => MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span).ToArray();

    private static float[] Scales(Weights weights) => MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span).ToArray();

    private static bool IsInt8(Node node) => node.Constants.Any(constant => constant.Type == TensorType.Int8);

    private static IEnumerable<Weights> Matrices(RnnGraph graph) => graph.Nodes.SelectMany(node => node switch
    {
        LstmNode lstm => new[] { lstm.InputWeights, lstm.RecurrentWeights },
        GruNode gru => [gru.InputWeights, gru.RecurrentWeights],
        RnnNode rnn => [rnn.InputWeights, rnn.RecurrentWeights],
        LinearNode linear => [linear.Weights],
        CausalConv1dNode convolution => [convolution.Weights],
        _ => [],
    });
}
