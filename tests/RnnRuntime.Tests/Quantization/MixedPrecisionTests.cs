using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Quantization;

/// <summary>Nodes are widened, costliest first, until the outputs are near enough; pruning comes before everything.</summary>
public sealed class MixedPrecisionTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(45)]
    [InlineData(60)]
    [InlineData(75)]
    public void TheOutputsReachWhatIsAskedWithNoMoreWideNodesThanItTakes(double minimum)
    {
        var graph = Layers();
        var inputs = RnnInputs.Random(graph, 64, 1);
        var quantization = RnnQuantizer.Quantize(
            graph, new RnnQuantizationOptions { Precision = RnnPrecision.Mixed, MinimumDecibels = minimum, Calibration = inputs, NeverSlower = false });
        double Snr(RnnGraph candidate) => RnnComparer.Compare(graph, candidate, inputs, new RnnComparisonOptions { SensitivitySteps = 0 }).SnrDecibels;
        var found = Snr(quantization.Graph);
        Assert.True(found >= minimum, $"{found} dB instead of {minimum}");
        var wide = quantization.Choices.Where(choice => choice.Precision != TensorType.Int8).ToArray();
        Assert.All(wide, choice => Assert.Matches(@"^as (int8|bfloat16|float16) it causes \d+(\.\d)? % of the noise$", choice.Reason));
        var int8 = Snr(TestModels.ToInt8(graph));
        Assert.Equal(int8 >= minimum, wide.Length == 0);
    }

    [Fact]
    public void TheNodeThatCostsMostIsWidenedFirst()
    {
        var graph = Layers();
        var inputs = RnnInputs.Random(graph, 64, 1);
        var costs = RnnComparer.Compare(graph, TestModels.ToInt8(graph), inputs).Nodes.Where(node => node.Cost is not null).OrderByDescending(node => node.Cost!.Share);
        var int8 = RnnComparer.Compare(graph, TestModels.ToInt8(graph), inputs, new RnnComparisonOptions { SensitivitySteps = 0 }).SnrDecibels;
        var quantization = RnnQuantizer.Quantize(
            graph, new RnnQuantizationOptions { Precision = RnnPrecision.Mixed, MinimumDecibels = int8 + 0.1, Calibration = inputs, NeverSlower = false });
        Assert.Equal(costs.First().Name, Assert.Single(quantization.Choices, choice => choice.Precision == TensorType.BFloat16).Node);
    }

    [Fact]
    public void ANodeThatEveryTypeWouldSlowDownSaysSo()
    {
        var graph = TestModels.Single("lstm", 1, 4, seed: 1);
        var choice = Assert.Single(RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = RnnPrecision.Mixed }).Choices);
        Assert.Equal(TensorType.Float32, choice.Precision);
        Assert.Contains("would slow it down", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatNothingReachesIsFloat32()
    {
        var graph = Layers();
        var quantization = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = RnnPrecision.Mixed, MinimumDecibels = 1000 });
        Assert.All(quantization.Choices, choice => Assert.Equal(TensorType.Float32, choice.Precision));
        Assert.Equal(graph.Nodes, quantization.Graph.Nodes);
    }

    [Theory]
    [InlineData(RnnPrecision.Float32, TensorType.Float32)]
    [InlineData(RnnPrecision.Int8, TensorType.Int8)]
    public void PruningKeepsTheShareAndShowsItsCost(RnnPrecision precision, TensorType type)
    {
        var graph = Layers();
        var quantization = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, Density = 0.25, KeepFloat = ["linear1"], NeverSlower = false });
        foreach (var node in quantization.Graph.Nodes)
        {
            foreach (var matrix in NodeWeights.Of(node))
            {
                var values = WeightValues.ToFloat32(matrix.Weights);
                Assert.Equal(node.Name == "linear1" ? TensorType.Float32 : type, matrix.Weights.Values.Type);
                Assert.InRange(values.Count(value => value != 0) / (double)values.Length, node.Name == "linear1" ? 1 : 0.22, node.Name == "linear1" ? 1 : 0.25);
            }
        }

        Assert.True(quantization.PredictedErrors.Single().LargestError > RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false }).PredictedErrors.Single().LargestError);
        using var model = quantization.CreateModel();
        Assert.All(model.DescribePlan().Steps.Where(step => step.WeightBytes > 0 && step.Name != "linear1"), step => Assert.InRange(step.Density, 0.2, 0.3));
    }

    /// <summary>LSTM 64, GRU 64, linear.</summary>
    private static RnnGraph Layers()
    {
        var builder = new RnnGraphBuilder();
        var random = new WeightSource(8);
        var first = builder.Lstm(builder.Input("x", 64), 64, random.Matrix(256, 64), random.Matrix(256, 64), random.Bias(256, true));
        var second = builder.Gru(first, 64, random.Matrix(192, 64), random.Matrix(192, 64));
        builder.Output("y", builder.Linear(second, 16, random.Matrix(16, 64)));
        return builder.Build();
    }
}
