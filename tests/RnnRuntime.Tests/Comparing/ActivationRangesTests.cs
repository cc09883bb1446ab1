using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

public sealed class ActivationRangesTests
{
    private const int Steps = 203;

    [Theory]
    [InlineData(null)]
    [InlineData(100.0)]
    [InlineData(99.9)]
    [InlineData(90.0)]
    [InlineData(50.0)]
    [InlineData(0.01)]
    public void RangesAreThoseOfAPlainComputation(double? percentile)
    {
        var graph = ComparedGraphs.Layers();
        var inputs = RnnInputs.Random(graph, Steps, 4);
        var ranges = ActivationRanges.Measure(graph, inputs, percentile);
        var (lstm, gru, head) = ((LstmNode)graph.Nodes[0], (GruNode)graph.Nodes[1], (LinearNode)graph.Nodes[2]);
        Assert.Equal(new[] { lstm.Input, lstm.Hidden, gru.Input, gru.Hidden, head.Input }.ToHashSet(), ranges.Keys.ToHashSet());

        var expected = Magnitudes(graph, inputs);
        foreach (var (value, range) in ranges)
        {
            Assert.Equal(Percentile(expected[value], percentile), range.Range);
            Assert.Equal(expected[value].Average(each => (double)each * each), range.MeanSquareOfLargest, 1e-9);
            Assert.Equal(expected[value].Max(), range.ChannelLargest.Max());
            Assert.Equal(value.Shape[-1], range.ChannelLargest.Length);
            Assert.All(range.ChannelMeanSquare.Zip(range.ChannelLargest), pair => Assert.InRange(pair.First, 0, pair.Second * pair.Second));
        }
    }

    [Fact]
    public void EveryVectorThatMeetsWeightsHasARange()
    {
        foreach (var graph in (RnnGraph[])[SampleGraphs.Layers(), SampleGraphs.Operators()])
        {
            var ranges = ActivationRanges.Measure(graph, RnnInputs.Random(graph, 20, 4));
            var weighted = graph.Nodes.Where(node => node is LstmNode or GruNode or RnnNode or LinearNode or CausalConv1dNode or ConvNode or SequenceNode).ToArray();
            Assert.NotEmpty(weighted);
            Assert.All(weighted, node => Assert.Contains(node.Inputs[0], ranges.Keys));
            Assert.All(graph.InputValues.Where(input => input.Type == TensorType.Float32), input => Assert.Contains(input, ranges.Keys));
            Assert.All(ranges.Values, range => Assert.True(float.IsFinite(range.Range) && range.Range >= 0));
        }
    }

    [Fact]
    public void WhatCannotBeMeasuredIsNamed()
    {
        var graph = ComparedGraphs.Linear(1, 1);
        var inputs = ComparedGraphs.Inputs(graph, 1, 2, float.NaN);
        Assert.Contains("The value 'x' is NaN at step 2", Assert.Throws<ArgumentException>(() => ActivationRanges.Measure(graph, inputs)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationRanges.Measure(graph, inputs, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationRanges.Measure(graph, inputs, 100.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationRanges.Measure(graph, inputs, double.NaN));
        Assert.Contains("the measured network takes", Assert.Throws<ArgumentException>(() => ActivationRanges.Measure(ComparedGraphs.Layers(), inputs)).Message);
        var many = RnnInputs.Random(graph, ActivationRanges.MostPercentileSteps + 1, 1);
        Assert.Contains("at most 1000000 steps; found 1000001", Assert.Throws<ArgumentException>(() => ActivationRanges.Measure(graph, many, 99)).Message);
    }

    /// <summary>The largest magnitude of each step, of values that are states before and outputs of nodes, one step a call.</summary>
    private static Dictionary<Value, float[]> Magnitudes(RnnGraph graph, RnnInputs inputs)
    {
        var values = graph.InputValues.Concat(graph.StateVariables.Select(state => state.Input)).Concat(graph.Nodes.SelectMany(node => node.Outputs)).ToArray();
        using var model = RnnModel.FromGraph(new RnnGraph(
            graph.InputValues, [.. values.Select((value, index) => ($"v{index}", value))], graph.StateVariables, graph.Nodes, graph.Metadata));
        using var session = model.CreateSession(1, 1);
        var magnitudes = values.ToDictionary(value => value, _ => new float[Steps]);
        for (var step = 0; step < Steps; step++)
        {
            inputs.Give(session, step, 1);
            session.Run(1);
            for (var i = 0; i < values.Length; i++)
            {
                var data = new float[values[i].Shape.ElementCount];
                session.GetOutput(i, data);
                magnitudes[values[i]][step] = data.Max(MathF.Abs);
            }
        }

        return magnitudes;
    }

    /// <summary>The smallest number that at least that part of the numbers does not exceed.</summary>
    private static float Percentile(float[] values, double? percentile) => percentile is { } part
        ? values.Where(value => values.Count(other => other <= value) >= part / 100 * values.Length).Min()
        : values.Max();
}
