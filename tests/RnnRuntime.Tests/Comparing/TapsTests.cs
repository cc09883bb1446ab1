using RnnRuntime.Comparison;
using RnnRuntime.Graph;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Comparing;

public sealed class TapsTests
{
    private const int Steps = 30;

    public static TheoryData<bool> Precisions => [false, true];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void TheyChangeNoBit(bool quantized)
    {
        foreach (var graph in Graphs().Select(graph => graph.Quantized(quantized)))
        {
            var taps = Taps.All(graph);
            GraphValidator.Validate(taps.Graph);
            using var plain = RnnModel.FromGraph(graph);
            using var tapped = RnnModel.FromGraph(taps.Graph);
            using var expected = plain.CreateSession(1, 7);
            using var found = tapped.CreateSession(1, 7);
            var signals = Signals.Random(plain, Steps, 1, seed: 5);
            var outputs = signals.Run(expected, 7);
            Bits.Equal("outputs", outputs, signals.Run(found, 7)[..outputs.Length]);
            Bits.EqualState("states", expected, found);
        }
    }

    [Fact]
    public void EveryFloatThatANodeComputesIsShownOnce()
    {
        foreach (var graph in Graphs())
        {
            var taps = Taps.All(graph);
            var histories = graph.Nodes.OfType<DelayNode>().Select(node => node.NewHistory)
                .Concat(graph.Nodes.OfType<CausalConv1dNode>().Select(node => node.NewHistory)).ToHashSet();
            var expected = graph.Nodes.Where(node => node is not ConstantNode).SelectMany(node => node.Outputs)
                .Where(value => value.Type == TensorType.Float32 && !histories.Contains(value));
            Assert.Equal(graph.OutputValues, taps.Graph.OutputValues[..graph.OutputValues.Length]);
            Assert.Equal(taps.Values, taps.Graph.OutputValues.Select(output => output.Value));
            Assert.Empty(expected.Except(taps.Values));
            var added = taps.Values[graph.OutputValues.Length..];
            Assert.Equal(added.Distinct(), added);
        }
    }

    [Fact]
    public void NamesThatAreTakenAreNotTaken()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 2);
        builder.Output("tap1", builder.Abs(builder.Tanh(builder.Sigmoid(x))));
        builder.Output("tap3", builder.Relu(x));
        Assert.Equal(["tap1", "tap3", "tap2", "tap4"], Taps.All(builder.Build()).Graph.Outputs.Select(output => output.Name));
    }

    private static IEnumerable<RnnGraph> Graphs() =>
        Enumerable.Range(0, 60).Select(RandomGraph.Make).Append(SampleGraphs.Layers()).Append(SampleGraphs.Operators()).Append(ComparedGraphs.Layers());
}
