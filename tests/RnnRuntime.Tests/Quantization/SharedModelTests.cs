using RnnRuntime.Import;
using RnnRuntime.Tests.Import;

namespace RnnRuntime.Tests.Quantization;

/// <summary>What quantisation may cost real models, against the outputs that other frameworks gave for the float32 ones.</summary>
public sealed class SharedModelTests
{
    [Theory]
    [InlineData(0, 512, 64, "16k")]
    [InlineData(1, 512, 64, "16k")]
    [InlineData(2, 512, 64, "16k")]
    [InlineData(3, 256, 32, "8k")]
    public void VoiceActivityIsDecidedAlikeInInt8(int index, int chunk, int context, string rate)
    {
        var (name, graph) = ImportedModels.Of("silero")[index];
        var folder = SharedModels.Folder("silero");
        var golden = TestNpy.Read(Path.Combine(folder, $"onnx_{rate}_probs.npy")).Values<float>().ToArray();
        var audio = SileroTests.ReadWav(Path.Combine(folder, "test.wav"), 512 / chunk);
        float[] padded = [.. new float[context], .. audio];
        float[] frames = [.. Enumerable.Range(0, golden.Length).SelectMany(step => padded[(step * chunk)..((step * chunk) + context + chunk)])];

        // Ranges come from the first fifth of the recording, decisions are taken over all of it.
        var calibration = RnnInputs.FromArrays(graph, new Dictionary<string, float[]> { ["input"] = frames[..(golden.Length / 5 * (context + chunk))] });
        var quantization = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Calibration = calibration });
        Assert.True(quantization.Choices.Count(choice => choice.Precision == TensorType.Int8) >= 6, string.Join(Environment.NewLine, quantization.Choices));
        using var model = quantization.CreateModel();
        using var session = model.CreateSession();
        var found = new float[golden.Length];
        session.Run(frames, found);

        var agreeing = golden.Zip(found).Count(pair => pair.First >= 0.5f == pair.Second >= 0.5f);
        var mean = golden.Zip(found, (a, b) => (double)Math.Abs(a - b)).Average();
        Assert.True(agreeing >= 0.995 * golden.Length, $"{name}: {agreeing} of {golden.Length} decisions agree");
        Assert.True(mean is > 0 and <= 0.01, $"{name}: mean difference {mean}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void ALanguageModelPredictsAsWellInInt8(int index)
    {
        var graph = ImportedModels.Of("charlm")[index].Graph;
        int[] tokens = [.. TestNpy.Read(Path.Combine(SharedModels.Folder("charlm"), "tokens.npy")).Values<long>().ToArray().Select(token => (int)token)];
        var quantized = TestModels.ToInt8(graph);
        var comparison = RnnComparer.Compare(
            graph, quantized, RnnInputs.FromArrays(graph, new Dictionary<string, float[]>(), new Dictionary<string, int[]> { [graph.Inputs[0].Name] = tokens }),
            new RnnComparisonOptions { SensitivitySteps = 0 });
        var change = comparison.LanguageModel!.Change;
        Assert.True(change <= 0.01, $"{change} bits a character more");
        var changed = comparison.Outputs[0].ChangedDecisions;
        Assert.True(changed <= 0.03 * comparison.Steps, $"another first choice in {changed} of {comparison.Steps} steps");
    }

    [Theory]
    [InlineData("onnx-rnn", RnnPrecision.Int8, 71)]
    [InlineData("onnx-rnn", RnnPrecision.Float16, 71)]
    [InlineData("onnx-rnn", RnnPrecision.BFloat16, 71)]
    [InlineData("torch", RnnPrecision.Int8, 17)]
    [InlineData("torch", RnnPrecision.Float16, 17)]
    [InlineData("torch", RnnPrecision.BFloat16, 17)]
    public void EveryCaseKeepsTheErrorThatTheQuantiserPredicts(string set, RnnPrecision precision, int cases)
    {
        var weights = set == "onnx-rnn" ? new[] { "W", "R", "B", "P", "sequence_lens" } : [];
        Check(ConformanceTests.Cases(set, manifest => manifest, entry => entry.GetProperty("atol").GetDouble()).Select(test => (test, weights)), precision, cases);
    }

    [Fact]
    public void EveryOperatorWithWeightsKeepsTheErrorThatTheQuantiserPredicts() => Check(
        ConformanceTests.Cases("onnx-node", manifest => manifest.GetProperty("tests"), _ => 1e-6, entry => entry.GetProperty("tier").GetString() == "core")
            .Where(test => new[] { "conv", "gemm", "matmul", "lstm", "gru", "rnn" }.Any(word => test.Name.Contains(word, StringComparison.Ordinal)))
            .Select(test => (test, test.Inputs.Skip(1).Select(input => input.Name).ToArray())),
        RnnPrecision.Int8, 10);

    private static void Check(IEnumerable<(ModelCase Case, string[] Constants)> tests, RnnPrecision precision, int fewest)
    {
        var failures = new List<string>();
        var quantized = 0;
        foreach (var (test, constants) in tests)
        {
            var graph = RnnImporter.Import(test.Model, test.Options(findStates: false, constants));
            var quantization = RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, NeverSlower = false });
            if (quantization.Choices.All(choice => choice.Precision == TensorType.Float32))
            {
                continue;
            }

            quantized++;
            using var model = quantization.CreateModel();
            try
            {
                test.Check(model, quantization.PredictedErrors.ToDictionary(error => error.Output, error => error.LargestError));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                failures.Add($"{test.Name}: {exception.Message}");
            }
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(quantized >= fewest, $"{quantized} cases have quantised weights");
    }
}
