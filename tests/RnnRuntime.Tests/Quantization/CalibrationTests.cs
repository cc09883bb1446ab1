using System.Runtime.InteropServices;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;
using RnnRuntime.Quantization;
using RnnRuntime.Tests.Kernels;
using RnnRuntime.Tests.Sessions;

namespace RnnRuntime.Tests.Quantization;

/// <summary>What typical inputs change: ranges, factors of columns, and what comes of them in every kernel.</summary>
public sealed class CalibrationTests
{
    private const int Features = 12;

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    [Fact]
    public void SmallChannelsBesideLargeOnesSurvive()
    {
        foreach (var kind in new[] { "lstm", "gru-reset-after", "rnn-tanh", "linear", "conv" })
        {
            var (graph, inputs) = Uneven(kind);
            var plain = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false });
            var calibrated = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false, Calibration = inputs });
            var node = calibrated.Graph.Nodes.Single();
            var factors = NodeWeights.Of(node)[0].Weights.Factors;
            Assert.NotNull(factors);
            Assert.All(MemoryMarshal.Cast<byte, float>(factors.Data.Span).ToArray(), factor => Assert.Equal(Math.Round(Math.Log2(factor)), Math.Log2(factor)));
            GraphValidator.Validate(calibrated.Graph);

            double Snr(RnnGraph candidate) => RnnComparer.Compare(graph, candidate, inputs, new RnnComparisonOptions { SensitivitySteps = 0 }).SnrDecibels;
            var (before, after) = (Snr(plain.Graph), Snr(calibrated.Graph));
            Assert.True(after > before + 6, $"{kind}: {before} dB without factors, {after} dB with them");
        }
    }

    [Fact]
    public void EvenChannelsGetNoFactors()
    {
        var graph = TestModels.Single("lstm", Features, 16, seed: 2);
        var quantized = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false, Calibration = RnnInputs.Random(graph, 200, 3) }).Graph;
        Assert.All(NodeWeights.Of(quantized.Nodes.Single()), matrix => Assert.Null(matrix.Weights.Factors));
    }

    [Fact]
    public void DividingByFactorsChangesNoNumber()
    {
        var weights = new Weights(new Constant("w", TensorType.Float32, new TensorShape(3, 8), MemoryMarshal.AsBytes<float>(new WeightSource(1).Matrix(3, 8)).ToArray()));
        float[] factors = [1, 2, 4, 1024, 0.5f, 1, 1 << 20, 8];
        var divided = WeightValues.ToFloat32(ColumnEqualizer.Divide(weights, factors));
        Assert.Equal(WeightValues.ToFloat32(weights), divided.Select((value, i) => value * factors[i % 8]));
    }

    [Fact]
    public void AMeasuredRangeIsTakenWhereVectorsAreAlikeAndNotWhereTheyVary()
    {
        var graph = TestModels.Single("linear", Features, 16, seed: 2);
        Assert.Equal(127, Range(step => 127f, null));
        Assert.Equal(127, Range(step => step % 2 == 0 ? 127f : 120f, null));
        Assert.Equal(0, Range(step => step % 10 == 0 ? 127f : 1f, null));

        // All but one in a hundred are alike.
        Assert.Equal(0, Range(step => step == 50 ? 127f : 10f, null));
        Assert.Equal(10, Range(step => step == 50 ? 127f : 10f, 99));

        float Range(Func<int, float> largest, double? percentile)
        {
            var random = new Random(1);
            var values = Enumerable.Range(0, 100).SelectMany(step => Enumerable.Range(0, Features).Select(i => largest(step) * (i == step % Features ? 1 : random.NextSingle()))).ToArray();
            var inputs = RnnInputs.FromArrays(graph, new Dictionary<string, float[]> { ["x"] = values });
            return NodeWeights.Of(RnnQuantizer.Quantize(
                graph, new RnnQuantizationOptions { NeverSlower = false, Calibration = inputs, Percentile = percentile }).Graph.Nodes.Single())[0].Weights.Range;
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    [Trait("Category", "Kernels")]
    public void FactorsKeepEveryPromise(string kernel)
    {
        TestModels.Require(kernel);
        foreach (var kind in Effort.Of<string[]>(["lstm", "gru-reset-before", "rnn-relu", "linear", "conv"], ["gru-reset-before"]))
        {
            var (graph, inputs) = Uneven(kind);
            var quantized = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false, Calibration = inputs }).Graph;
            foreach (var sparse in new[] { Plan.SparseChoice.Never, Plan.SparseChoice.Always })
            {
                using var reference = TestModels.Bind(quantized, "scalar");
                using var model = RnnModel.FromGraph(quantized, new RnnOptions { Kernel = kernel, Sparse = sparse });
                var signals = Signals.Random(model, 7, 3, seed: 9);
                using var expectedSession = reference.CreateSession(3, 7);
                var expected = signals.Run(expectedSession, 7);
                foreach (var lengths in new int[][] { [7], [1], [3, 1, 3] })
                {
                    using var session = model.CreateSession(3, 7);
                    Bits.Equal($"{kind}, {kernel}, {sparse}, calls of {string.Join(", ", lengths)} steps", expected, signals.Run(session, lengths));
                }

                using var alone = model.CreateSession(1, 1);
                Bits.Equal($"{kind}, {kernel}, {sparse}, alone", expected.Select(output => Signals.OfStream(output, 7, 3, 1)).ToArray(), signals.Stream(1).Run(alone, 1));
                var calls = new StepCalls(alone, timeSteps: 1);
                calls.All();
                calls.All();
                Assert.Equal(0, Allocations.Of(calls.All));
            }
        }
    }

    [Fact]
    public void FactorsSurviveTheFile()
    {
        foreach (var kind in new[] { "lstm", "gru-reset-after", "rnn-tanh", "linear", "conv" })
        {
            var (graph, inputs) = Uneven(kind);
            var quantized = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { NeverSlower = false, Calibration = inputs }).Graph;
            using var reloaded = RnnModel.Load(SampleGraphs.Write(quantized));
            Assert.Equal(
                NodeWeights.Of(quantized.Nodes.Single())[0].Weights.Factors!.Data.ToArray(), NodeWeights.Of(reloaded.Graph.Nodes.Single())[0].Weights.Factors!.Data.ToArray());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100.5)]
    [InlineData(double.NaN)]
    public void APercentileOutsideItsRangeIsRefused(double percentile)
    {
        var graph = TestModels.Single("linear", 3, 4, seed: 1);
        var options = new RnnQuantizationOptions { Percentile = percentile, Calibration = RnnInputs.Random(graph, 5, 1) };
        Assert.Contains("percentile is above 0 and at most 100", Assert.Throws<ArgumentException>(() => RnnQuantizer.Quantize(graph, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsThatDoNotFitAreRefused()
    {
        var graph = TestModels.Single("linear", 3, 4, seed: 1);
        Refused(new RnnQuantizationOptions { Percentile = 99 }, "needs calibration inputs");
        Refused(new RnnQuantizationOptions { Density = 0 }, "above 0 and below 1; found 0");
        Refused(new RnnQuantizationOptions { Density = 1 }, "above 0 and below 1; found 1");
        Refused(new RnnQuantizationOptions { Precision = (RnnPrecision)77 }, "Expected a precision; found 77");
        Refused(new RnnQuantizationOptions { MinimumDecibels = double.PositiveInfinity }, "finite number of dB");
        Refused(new RnnQuantizationOptions { Calibration = RnnInputs.Random(TestModels.Tokens(5, 4, seed: 1), 5, 1) }, "inputs are for");

        void Refused(RnnQuantizationOptions options, string text) =>
            Assert.Contains(text, Assert.Throws<ArgumentException>(() => RnnQuantizer.Quantize(graph, options)).Message, StringComparison.Ordinal);
    }

    /// <summary>A layer whose first inputs are a thousand times larger than its last ones, which count as much.</summary>
    private static (RnnGraph Graph, RnnInputs Inputs) Uneven(string kind)
    {
        var graph = TestModels.Single(kind, Features, 24, seed: 4);
        var node = NodeWeights.Map(graph.Nodes.Single(), matrix => matrix.Role == "recurrent" ? matrix.Weights : Scaled(matrix.Weights));
        var uneven = new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, [node], graph.Metadata);
        var random = new Random(6);
        var values = Enumerable.Range(0, 200 * Features).Select(i => ((random.NextSingle() * 2) - 1) * Magnitude(i % Features)).ToArray();
        return (uneven, RnnInputs.FromArrays(uneven, new Dictionary<string, float[]> { ["x"] = values }));

        static float Magnitude(int channel) => channel < Features / 2 ? 1000 : 1;

        static Weights Scaled(Weights weights)
        {
            var values = WeightValues.ToFloat32(weights);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] /= Magnitude(i % weights.Columns % Features);
            }

            return new Weights(weights.Values with { Data = MemoryMarshal.AsBytes<float>(values).ToArray() });
        }
    }
}
