using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

public sealed class SensitivityTests
{
    [Theory]
    [InlineData("first")]
    [InlineData("second")]
    [InlineData("head")]
    public void TheNodeThatWasQuantisedBadlyIsFound(string name)
    {
        var reference = ComparedGraphs.Layers();
        var candidate = ComparedGraphs.With(TestModels.ToInt8(reference), node => node.Name == name ? Coarse(reference.Nodes.Single(own => own.Name == name)) : node);
        var comparison = Compare(reference, candidate);

        Assert.Equal([name], comparison.KeepFloat);
        Assert.All(comparison.Nodes, node => Assert.NotNull(node.Cost));
        Assert.Equal(1, comparison.Nodes.Sum(node => node.Cost!.Share), 1e-12);
        var worst = comparison.Nodes.MaxBy(node => node.Cost!.Share)!;
        Assert.Equal(name, worst.Name);
        Assert.InRange(worst.Cost!.Share, 0.9, 1);
        Assert.InRange(worst.Cost.GainDecibels, 10, 100);
        Assert.All(comparison.Nodes.Where(node => node != worst), node => Assert.InRange(node.Cost!.GainDecibels, -3, 3));
        Assert.All(comparison.Nodes, node => Assert.True(node.Cost!.SnrDecibels >= worst.Cost.SnrDecibels));
    }

    [Fact]
    public void SoIsTheGate()
    {
        var reference = ComparedGraphs.Layers();
        for (var gate = 0; gate < 4; gate++)
        {
            var candidate = ComparedGraphs.With(reference, node => node is LstmNode lstm
                ? lstm with { InputWeights = ComparedGraphs.Coarse(lstm.InputWeights, gate * 8, 8), RecurrentWeights = ComparedGraphs.Coarse(lstm.RecurrentWeights, gate * 8, 8) }
                : node);
            var node = Assert.Single(Compare(reference, candidate).Nodes, node => node.Cost is not null);
            Assert.Equal(["i", "f", "g", "o"], node.Cost!.Gates.Select(cost => cost.Gate));
            Assert.Equal(Enumerable.Range(0, 4).Select(index => index == gate ? 1.0 : 0), node.Cost.Gates.Select(cost => cost.Share));

            // The one gate is all that differs, so it costs what the node costs.
            Assert.Equal(node.Cost.RelativeNoise, node.Cost.Gates[gate].RelativeNoise);
        }
    }

    [Fact]
    public void EveryCellHasItsGatesAndEveryWeightACost()
    {
        foreach (var reference in (RnnGraph[])[SampleGraphs.Layers(), SampleGraphs.Operators()])
        {
            var candidate = TestModels.ToInt8(reference);
            var comparison = RnnComparer.Compare(reference, candidate, RnnInputs.Random(reference, 20, 3), new RnnComparisonOptions { SensitivitySteps = 20 });
            foreach (var (info, node) in reference.Nodes.Zip(comparison.Nodes))
            {
                string[] gates = info.Operator switch
                {
                    "lstm" or "lstm_sequence" => ["i", "f", "g", "o"],
                    "gru" or "gru_sequence" => ["r", "z", "n"],
                    "rnn" or "rnn_sequence" => ["h"],
                    _ => [],
                };
                var isQuantised = gates.Length > 0 || info.Operator is "linear" or "causal_conv1d" or "conv";
                Assert.Equal(isQuantised, node.Cost is not null);
                Assert.Equal(isQuantised ? TensorType.Int8 : node.ReferencePrecision, node.CandidatePrecision);
                Assert.Equal(gates, node.Cost?.Gates.Select(gate => gate.Gate) ?? []);
            }
        }
    }

    [Fact]
    public void GraphsOfTwoFilesCostWhatGraphsInMemoryCost()
    {
        var reference = ComparedGraphs.Layers();
        var candidate = TestModels.ToInt8(reference);
        using var first = RnnModel.Load(SampleGraphs.Write(reference));
        using var second = RnnModel.Load(SampleGraphs.Write(candidate));
        var expected = Compare(reference, candidate);
        var found = Compare(first.Graph, second.Graph);
        Assert.Equal(expected.Nodes.Select(node => node.Cost!.RelativeNoise), found.Nodes.Select(node => node.Cost!.RelativeNoise));
        Assert.Equal(expected.Nodes.Select(node => node.Cost!.KeptDecibels), found.Nodes.Select(node => node.Cost!.KeptDecibels));
        Assert.Equal(expected.Nodes.SelectMany(node => node.Cost!.Gates), found.Nodes.SelectMany(node => node.Cost!.Gates));
    }

    [Fact]
    public void NothingIsSuggestedWhereTheOutputsAreNearEnough()
    {
        var reference = ComparedGraphs.Layers();
        var candidate = TestModels.ToInt8(reference);
        var snr = Compare(reference, candidate).SnrDecibels;
        Assert.InRange(snr, 25, 60);
        Assert.Empty(Compare(reference, candidate, new RnnComparisonOptions { SufficientDecibels = snr - 0.01 }).KeepFloat);
        var comparison = Compare(reference, candidate, new RnnComparisonOptions { SufficientDecibels = snr + 0.01 });
        var byShare = comparison.Nodes.OrderByDescending(node => node.Cost!.Share).ToList();
        var shares = byShare.Select(node => node.Cost!.Share).ToArray();
        var fewest = Enumerable.Range(1, 3).First(count => shares.Take(count).Sum() > 0.5);
        Assert.Equal(byShare.Take(fewest).Select(node => node.Name), comparison.KeepFloat);
        Assert.Empty(Compare(reference, candidate, new RnnComparisonOptions { SensitivitySteps = 0, SufficientDecibels = 1000 }).KeepFloat);
    }

    private static RnnComparison Compare(RnnGraph reference, RnnGraph candidate, RnnComparisonOptions? options = null) =>
        RnnComparer.Compare(reference, candidate, RnnInputs.Random(reference, 200, 7), options);

    private static Node Coarse(Node node) => node switch
    {
        LstmNode lstm => lstm with { InputWeights = Coarse(lstm.InputWeights), RecurrentWeights = Coarse(lstm.RecurrentWeights) },
        GruNode gru => gru with { InputWeights = Coarse(gru.InputWeights), RecurrentWeights = Coarse(gru.RecurrentWeights) },
        LinearNode linear => linear with { Weights = Coarse(linear.Weights) },
        _ => throw new ArgumentException(node.Operator),
    };

    private static Weights Coarse(Weights weights) => ComparedGraphs.Coarse(weights, 0, weights.Rows);
}
