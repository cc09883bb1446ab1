using System.Text.Json;

namespace RnnRuntime.Tests;

/// <summary>The language model that ships, and the float32 model that it was made from.</summary>
public sealed class LanguageModelTests
{
    private const string Float32 = "src/training/charlm-float32.rnn";
    private const string Shipped = "src/RnnRuntime.Cli/Models/charlm.rnn";

    // Held back in training: the last tenth of a text that is not part of the repository and may lie beside it.
    private const string Text = "../shared/data/tinyshakespeare.txt";

    public static TheoryData<string> Kernels => [.. RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name)];

    [Fact]
    public void TheShippedModelIsTheFloat32OneQuantised()
    {
        using var folder = new TemporaryDirectory();
        using var model = RnnModel.Load(RepositoryFiles.Require(Float32));
        using var quantized = RnnQuantizer.Quantize(model).CreateModel();
        quantized.Save(folder["charlm.rnn"]);
        Assert.Equal(File.ReadAllBytes(RepositoryFiles.Require(Shipped)), File.ReadAllBytes(folder["charlm.rnn"]));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void BothModelsGiveTheirGoldenLogits(string kernel)
    {
        foreach (var file in new[] { Float32, Shipped })
        {
            using var model = RnnModel.Load(RepositoryFiles.Require(file), new RnnOptions { Kernel = kernel, VerifyGolden = true });
            Assert.True(model.HasGolden);
        }
    }

    [Fact]
    public void TheShippedModelChoosesAsTheFloat32OneDoes()
    {
        const int Steps = 10_000;
        var text = RepositoryFiles.Require(Text);
        Assert.SkipUnless(File.Exists(text), $"The held-back text is not at {Text}.");
        using var single = RnnModel.Load(RepositoryFiles.Require(Float32));
        using var shipped = RnnModel.Load(RepositoryFiles.Require(Shipped));
        var vocabulary = single.Graph.Metadata["vocabulary"];
        var content = File.ReadAllText(text);
        int[] tokens = [.. content[(int)(0.9 * content.Length)..].Take(Steps).Select(character => vocabulary.IndexOf(character, StringComparison.Ordinal))];
        var comparison = RnnComparer.Compare(
            single.Graph, shipped.Graph, RnnInputs.FromArrays(single.Graph, new Dictionary<string, float[]>(), new Dictionary<string, int[]> { [single.Inputs[0].Name] = tokens }),
            new RnnComparisonOptions { SensitivitySteps = 0 });
        Assert.InRange(comparison.LanguageModel!.Change, -0.01, 0.01);
        Assert.InRange(comparison.Outputs[0].ChangedDecisions, 0, 0.03 * Steps);
    }

    [Fact]
    public void HeldBackCrossEntropyIsAsDocumented()
    {
        var text = RepositoryFiles.Require(Text);
        Assert.SkipUnless(File.Exists(text), $"The held-back text is not at {Text}.");
        var single = Nats(RepositoryFiles.Require(Float32));
        var quantized = Nats(RepositoryFiles.Require(Shipped));
        Assert.True(single < 1.5, $"float32: {single} nats a character");
        Assert.True(Math.Abs(quantized - single) < 0.01, $"int8: {quantized} nats a character, float32: {single}");
        Assert.Equal(1.4319, single, 1e-4);
        Assert.Equal(1.4322, quantized, 1e-4);

        double Nats(string model)
        {
            var output = CliProcess.Run("evaluate", model, "--text", text, "--from", "0.9", "--json").Succeeds().Output;
            using var document = JsonDocument.Parse(output);
            return document.RootElement.EnumerateObject().First(field => field.Name.Contains("nats", StringComparison.OrdinalIgnoreCase)).Value.GetDouble();
        }
    }
}
