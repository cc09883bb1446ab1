using RnnRuntime.Graph;
using RnnRuntime.Quantization;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Quantization;

/// <summary>Bounds that follow from the operators alone: none is ever exceeded, and those that models rest on are found.</summary>
public sealed class ValueRangesTests
{
    [Theory]
    [InlineData("lstm", 1f)]
    [InlineData("gru-reset-after", 1f)]
    [InlineData("gru-reset-before", 1f)]
    [InlineData("rnn-tanh", 1f)]
    [InlineData("rnn-relu", null)]
    [InlineData("rnn-identity", null)]
    [InlineData("linear", null)]
    public void ACellsHiddenStateHasTheRangeOfItsActivation(string kind, float? expected)
    {
        var graph = TestModels.Single(kind, 5, 8, seed: 1);
        var ranges = ValueRanges.Of(graph);
        Assert.Equal(expected, ranges[graph.OutputValues[0].Value]);
        Assert.Null(ranges[graph.InputValues[0]]);
        if (kind != "linear")
        {
            var node = graph.Nodes.Single();
            var recurrent = NodeWeights.Of(node).Single(matrix => matrix.Role == "recurrent");
            Assert.Equal(expected, ranges.Of(node, recurrent));
        }
    }

    [Theory]
    [InlineData(0.5f, 1f)]
    [InlineData(-3f, 3f)]
    public void AnInitialStateBeyondTheActivationWidensAGru(float initial, float expected)
    {
        var builder = new RnnGraphBuilder();
        var random = new WeightSource(3);
        builder.Output("y", builder.Gru(builder.Input("x", 2), 4, random.Matrix(12, 2), random.Matrix(12, 4), name: "gru"));
        builder.SetInitialState("gru.h", [0, initial, 0, 0]);
        var graph = builder.Build();
        Assert.Equal(expected, ValueRanges.Of(graph)[graph.OutputValues[0].Value]);
    }

    [Fact]
    public void AStateThatGrowsWithEveryStepHasNone()
    {
        var builder = new RnnGraphBuilder();
        var state = builder.State("s", 3);
        builder.SetInitialState("s", [1, 1, 1]);
        var doubled = builder.Multiply(state, builder.Constant([2f], 1));
        builder.SetNextState(state, doubled);
        builder.Output("y", doubled);
        builder.Output("z", builder.Tanh(doubled));
        var graph = builder.Build();
        var ranges = ValueRanges.Of(graph);
        Assert.Null(ranges[graph.OutputValues[0].Value]);
        Assert.Equal(1f, ranges[graph.OutputValues[1].Value]);
    }

    [Fact]
    public void NoValueOfARandomGraphIsEverBeyondItsRange()
    {
        var bounded = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            var graph = RandomGraph.Make(seed);
            var ranges = ValueRanges.Of(graph);
            var outputs = graph.Nodes.SelectMany(node => node.Outputs).Where(value => value.Type == TensorType.Float32 && ranges[value] is not null).Distinct().ToArray();
            bounded += outputs.Length;
            if (outputs.Length == 0)
            {
                continue;
            }

            var tapped = new RnnGraph(
                graph.InputValues, [.. outputs.Select((value, i) => ($"tap{i}", value))], graph.StateVariables, graph.Nodes, graph.Metadata);
            using var model = RnnModel.FromGraph(tapped);
            using var session = model.CreateSession(1, 20);
            var signals = Signals.Random(model, 20, 1, seed).Run(session, 20);
            for (var i = 0; i < outputs.Length; i++)
            {
                var range = ranges[outputs[i]]!.Value;
                Assert.All(signals[i], value => Assert.True(Math.Abs(value) <= range * 1.000001f, $"seed {seed}, {outputs[i]}: {value} beyond {range}"));
            }
        }

        Assert.True(bounded > 60, $"only {bounded} values had a range");
    }
}
