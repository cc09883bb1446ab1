using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

public sealed class RnnComparerTests
{
    [Fact]
    public void OverAMillionStepsTheDriftIsTheWholeRunAndDoesNotGrow()
    {
        var graph = TestModels.Single("lstm", 4, 8, seed: 3);
        var comparison = RnnComparer.Compare(
            graph, TestModels.ToInt8(graph), RnnInputs.Random(graph, 5000, 2), new RnnComparisonOptions { Steps = 1_000_000, SensitivitySteps = 0 });
        var decades = comparison.Outputs[0].Decades;
        Assert.Equal([10, 90, 900, 9_000, 90_000, 900_000], decades.Select(decade => decade.Steps));
        Assert.Equal(1_000_000, comparison.Outputs[0].Windows.Sum(window => window.Steps));
        Assert.All(decades, decade => Assert.InRange(decade.RmsError, 1e-5, 0.05));
        Assert.InRange(decades[^1].RmsError, 0.5 * decades[^2].RmsError, 1.5 * decades[^2].RmsError);
    }

    [Fact]
    public void NoiseWithoutASignalIsInfiniteNotEqual()
    {
        var zeros = TestModels.Single("linear", 3, 4, seed: 1, bias: false);
        var silent = ComparedGraphs.With(zeros, node => node is LinearNode linear
            ? linear with { Weights = new Weights(linear.Weights.Values with { Data = new byte[linear.Weights.Values.Data.Length] }) } : node);
        var comparison = RnnComparer.Compare(silent, zeros, RnnInputs.Random(zeros, 20, 1));
        Assert.Equal(double.NegativeInfinity, comparison.SnrDecibels);
        Assert.Equal(zeros.Nodes[0].Name, Assert.Single(comparison.KeepFloat));
    }

    [Fact]
    public void AGraphIsEqualToItself()
    {
        foreach (var graph in (RnnGraph[])[ComparedGraphs.Layers(), SampleGraphs.Layers(), SampleGraphs.Operators(), SampleGraphs.Small().Graph])
        {
            var comparison = RnnComparer.Compare(graph, graph, RnnInputs.Random(graph, 40, 1));
            Assert.Equal(40, comparison.Steps);
            Assert.Equal(double.PositiveInfinity, comparison.SnrDecibels);
            Assert.Equal(graph.Outputs.Select(output => output.Name), comparison.Outputs.Select(output => output.Name));
            Assert.All(comparison.Outputs, output => Assert.Equal(0, output.ChangedDecisions));
            Assert.All(Errors(comparison), error => Assert.Equal((0, 0, 0, 0), (error.NoisePower, error.MeanAbsoluteError, error.LargestError, error.LargestErrorStep)));
            Assert.All(Errors(comparison), error => Assert.Equal(double.PositiveInfinity, error.SnrDecibels));
            Assert.Equal(graph.Nodes.Select(node => node.Name), comparison.Nodes.Select(node => node.Name));
            Assert.All(comparison.Nodes, node => Assert.Null(node.Cost));
            Assert.Empty(comparison.KeepFloat);
            Assert.Empty(comparison.LeftOut);
        }
    }

    [Fact]
    public void AChangedWeightGivesTheErrorThatItMakes()
    {
        var (reference, candidate) = (ComparedGraphs.Linear(2, 1, 2, 3, 4), ComparedGraphs.Linear(2, 1, 2, 3, 4.5f));
        var comparison = RnnComparer.Compare(reference, candidate, ComparedGraphs.Inputs(reference, 1, 0, 0, 2, 1, -1, 0, 1));

        // y: (1, 3), (4, 8), (-1, -1), (2, 4); errors only in the second element: 0, 1, -0.5, 0.5.
        var error = Assert.Single(comparison.Outputs).Error;
        Assert.Equal((1 + 9 + 16 + 64 + 1 + 1 + 4 + 16) / 8.0, error.SignalPower, 1e-12);
        Assert.Equal(1.5 / 8, error.NoisePower, 1e-12);
        Assert.Equal(2.0 / 8, error.MeanAbsoluteError, 1e-12);
        Assert.Equal((1.0, 1), (error.LargestError, error.LargestErrorStep));
        Assert.Equal(10 * Math.Log10(112 / 1.5), error.SnrDecibels, 1e-9);
        Assert.Equal(error.SnrDecibels, comparison.SnrDecibels, 1e-9);
        var node = Assert.Single(comparison.Nodes);
        Assert.Equal(error, Assert.Single(node.Values).Error);
        Assert.Equal(1, node.Cost!.Share);
        Assert.Equal(1.5 / 112, node.Cost.RelativeNoise, 1e-12);
        Assert.Equal(double.PositiveInfinity, node.Cost.GainDecibels);
        Assert.Equal(["layer"], comparison.KeepFloat);
    }

    [Fact]
    public void ALongRunGoesRoundTheInputsWithItsState()
    {
        var reference = ComparedGraphs.Layers();
        var candidate = TestModels.ToInt8(reference);
        var options = new RnnComparisonOptions { SensitivitySteps = 0, Steps = 150 };
        var inputs = RnnInputs.Random(reference, 37, 5);
        var cyclic = RnnComparer.Compare(reference, candidate, inputs, options);

        using var first = RnnModel.FromGraph(reference);
        using var second = RnnModel.FromGraph(candidate);
        using var session = first.CreateSession(1, 1);
        using var other = second.CreateSession(1, 1);
        var (expected, found) = (new float[3], new float[3]);
        var (noise, largest, at, changed) = (0.0, 0.0, 0, 0);
        for (var step = 0; step < 150; step++)
        {
            inputs.Give(session, step % 37, 1);
            inputs.Give(other, step % 37, 1);
            session.Run(1);
            other.Run(1);
            session.GetOutput(0, expected);
            other.GetOutput(0, found);
            var differences = expected.Zip(found, (a, b) => Math.Abs((double)a - b)).ToArray();
            noise += differences.Sum(difference => difference * difference);
            (largest, at) = differences.Max() > largest ? (differences.Max(), step) : (largest, at);
            changed += Array.IndexOf(expected, expected.Max()) == Array.IndexOf(found, found.Max()) ? 0 : 1;
        }

        var output = Assert.Single(cyclic.Outputs);
        Assert.Equal(noise / 450, output.Error.NoisePower, 1e-15);
        Assert.Equal((largest, at), (output.Error.LargestError, output.Error.LargestErrorStep));
        Assert.Equal((DecisionKind.LargestElement, changed), (output.Decision, output.ChangedDecisions));
        Assert.Equal(["first.h", "first.c", "second.h"], cyclic.States.Select(state => state.Name));
        Assert.All(cyclic.States, state => Assert.InRange(state.Error.RmsError, 1e-6, 0.1));
    }

    [Fact]
    public void TheSameComparisonGivesTheSameNumbers()
    {
        var reference = ComparedGraphs.Layers();
        var candidate = TestModels.ToInt8(reference);
        RnnComparison Compare(string? kernel) => RnnComparer.Compare(reference, candidate, RnnInputs.Random(reference, 50, 2), new RnnComparisonOptions { Kernel = kernel });
        var expected = Compare(null);
        foreach (var kernel in RnnKernels.All.Where(kernel => kernel.IsAvailable))
        {
            var found = Compare(kernel.Name);
            Assert.Equal(Errors(expected), Errors(found));
            Assert.Equal(
                expected.Nodes.Select(node => (node.Cost!.RelativeNoise, node.Cost.KeptDecibels)), found.Nodes.Select(node => (node.Cost!.RelativeNoise, node.Cost.KeptDecibels)));
        }
    }

    [Theory]
    [InlineData(0.5f, 1)]
    [InlineData(2.2f, 1)]
    [InlineData(-3f, 0)]
    public void AnOutputOfOneElementDecidesByTheThreshold(float threshold, int changed)
    {
        // y: 1, 2, 0.4; candidate: 1.25, 2.5, 0.5.
        var (reference, candidate) = (ComparedGraphs.Linear(1, 1), ComparedGraphs.Linear(1, 1.25f));
        var comparison = RnnComparer.Compare(reference, candidate, ComparedGraphs.Inputs(reference, 1, 2, 0.4f), new RnnComparisonOptions { Threshold = threshold });
        var output = Assert.Single(comparison.Outputs);
        Assert.Equal((DecisionKind.Threshold, changed), (output.Decision, output.ChangedDecisions));
        Assert.Equal((0.25 + 0.5 + 0.1) / 3, output.Error.MeanAbsoluteError, 1e-7);
    }

    [Fact]
    public void ANumberThatOneAloneHasIsAnInfiniteError()
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Sqrt(builder.Linear(builder.Input("x", 1), 1, [1], name: "layer")));
        var reference = builder.Build();
        var candidate = ComparedGraphs.With(reference, node => node is LinearNode linear ? linear with { Weights = ((LinearNode)ComparedGraphs.Linear(1, -1).Nodes[0]).Weights } : node);
        var output = Assert.Single(RnnComparer.Compare(reference, candidate, ComparedGraphs.Inputs(reference, 0, 4, 1)).Outputs);
        Assert.Equal((double.PositiveInfinity, 1), (output.Error.LargestError, output.Error.LargestErrorStep));
        Assert.Equal(double.NegativeInfinity, output.Error.SnrDecibels);
        Assert.Equal(double.PositiveInfinity, RnnComparer.Compare(reference, reference, ComparedGraphs.Inputs(reference, -1, -4)).SnrDecibels);
    }

    [Fact]
    public void WhatOnlyOneHasIsLeftOutAndNamed()
    {
        RnnGraph Make(bool isReference)
        {
            var builder = new RnnGraphBuilder();
            var x = builder.Linear(builder.Input("x", 2), 2, [1, 2, 3, 4], name: "same");
            builder.Output("y", isReference ? builder.Abs(builder.Negate(x)) : builder.Relu(x));
            return builder.Build();
        }

        var (reference, candidate) = (Make(true), Make(false));
        var comparison = RnnComparer.Compare(reference, candidate, ComparedGraphs.Inputs(reference, 1, 1, -1, -1));
        Assert.Equal(["same"], comparison.Nodes.Select(node => node.Name));
        Assert.Equal(
            ["node 'negate1' (negate): the candidate has none of this name", "node 'abs1' (abs): the candidate has none of this name", "node 'relu1': only the candidate has it"],
            comparison.LeftOut);
        Assert.Equal((9 + 49) / 4.0, Assert.Single(comparison.Outputs).Error.NoisePower);
    }

    [Fact]
    public void ANodeOfAnotherFormHasNoCostAndIsNamed()
    {
        var reference = ComparedGraphs.Linear(2, 1, 2, 3, 4);
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Rnn(builder.Input("x", 2), 2, [1, 2, 3, 4], new float[4], activation: RnnActivation.Identity, name: "layer"));
        var comparison = RnnComparer.Compare(reference, builder.Build(), ComparedGraphs.Inputs(reference, 1, 1, -1, -1));
        Assert.Null(Assert.Single(comparison.Nodes).Cost);
        Assert.Contains("node 'layer': rnn in the candidate, linear in the reference, or of other shapes; what it costs is not measured", comparison.LeftOut);
        Assert.Contains("value 'layer.output' [2]: the candidate computes none of this name and shape", comparison.LeftOut);
        Assert.Equal(double.PositiveInfinity, comparison.SnrDecibels);
    }

    [Fact]
    public void OtherInputsOrOutputsAreRefused()
    {
        var (two, three) = (ComparedGraphs.Linear(2, 1, 2), ComparedGraphs.Linear(3, 1, 2, 3));
        var wide = ComparedGraphs.Linear(2, 1, 2, 3, 4);
        Refuses("the reference has 'y' (float32 [2]), the candidate 'y' (float32 [3])", () => RnnComparer.Compare(two, three, ComparedGraphs.Inputs(two, 1)));
        Refuses("the candidate network takes 'x' (float32 [2])", () => RnnComparer.Compare(two, wide, ComparedGraphs.Inputs(two, 1)));
        Refuses("The inputs are for 'x' (float32 [1]); the reference network", () => RnnComparer.Compare(wide, wide, ComparedGraphs.Inputs(two, 1)));
        Refuses("'y' is not an output of logits", () => RnnComparer.Compare(two, two, ComparedGraphs.Inputs(two, 1), new RnnComparisonOptions { LogitsOutput = "y" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => RnnComparer.Compare(two, two, ComparedGraphs.Inputs(two, 1), new RnnComparisonOptions { Steps = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => RnnComparer.Compare(two, two, ComparedGraphs.Inputs(two, 1), new RnnComparisonOptions { SensitivitySteps = -1 }));
    }

    [Fact]
    public void ProgressGoesFromNothingToAll()
    {
        var reference = ComparedGraphs.Layers();
        var seen = new List<double>();
        RnnComparer.Compare(
            reference, TestModels.ToInt8(reference), RnnInputs.Random(reference, 100, 1), new RnnComparisonOptions { Progress = new Recorder(seen) });
        Assert.Equal(seen.Order(), seen);
        Assert.InRange(seen[0], 0.001, 0.5);
        Assert.Equal(1, seen[^1], 1e-12);
    }

    private static IEnumerable<SignalError> Errors(RnnComparison comparison) =>
    [
        .. comparison.Outputs.Select(output => output.Error), .. comparison.States.Select(state => state.Error),
        .. comparison.Nodes.SelectMany(node => node.Values).Select(value => value.Error),
    ];

    private static void Refuses(string message, Action compare) => Assert.Contains(message, Assert.Throws<ArgumentException>(compare).Message);

    private sealed class Recorder(List<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen.Add(value);
    }
}
