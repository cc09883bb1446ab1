namespace RnnRuntime.Tests.Comparing;

public sealed class LanguageModelComparisonTests
{
    private const int Count = 7;

    /// <summary>Logits, their softmax and its logarithm say the same.</summary>
    [Theory]
    [InlineData("logits")]
    [InlineData("softmax")]
    [InlineData("log_softmax")]
    public void BitsAreTheCrossEntropyOfTheNextToken(string form)
    {
        var (reference, candidate) = (Make(form, 1), Make(form, 1.5f));
        int[] tokens = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5];
        var inputs = RnnInputs.FromArrays(reference, new Dictionary<string, float[]>(), new Dictionary<string, int[]> { ["token"] = tokens });
        var comparison = RnnComparer.Compare(reference, candidate, inputs, new RnnComparisonOptions { SensitivitySteps = 0 }).LanguageModel!;
        Assert.Equal(("y", 9), (comparison.Output, comparison.Tokens));
        Assert.Equal(Bits(1, tokens), comparison.ReferenceBits, 1e-5);
        Assert.Equal(Bits(1.5f, tokens), comparison.CandidateBits, 1e-5);
        Assert.Equal(comparison.CandidateBits - comparison.ReferenceBits, comparison.Change);

        // Round and round: no token follows the last one.
        var twice = RnnComparer.Compare(reference, candidate, inputs, new RnnComparisonOptions { SensitivitySteps = 0, Steps = 25, LogitsOutput = "y" }).LanguageModel!;
        Assert.Equal(9 + 9 + 5, twice.Tokens);
    }

    [Fact]
    public void RandomTokensPredictNothing()
    {
        var graph = Make("logits", 1);
        Assert.Null(RnnComparer.Compare(graph, graph, RnnInputs.Random(graph, 10, 1)).LanguageModel);
    }

    [Fact]
    public void OtherNetworksAreNoLanguageModels()
    {
        var graph = ComparedGraphs.Linear(1, 1);
        Assert.Null(RnnComparer.Compare(graph, graph, ComparedGraphs.Inputs(graph, 1, 2)).LanguageModel);
    }

    /// <summary>No memory: the logits are a row of a table.</summary>
    private static RnnGraph Make(string form, float scale)
    {
        var builder = new RnnGraphBuilder();
        var logits = builder.Embedding(builder.InputIndices("token"), Count, Count, Table(scale));
        builder.Output("y", form switch { "softmax" => builder.Softmax(logits), "log_softmax" => builder.LogSoftmax(logits), _ => logits });
        return builder.Build();
    }

    private static float[] Table(float scale) => [.. Enumerable.Range(0, Count * Count).Select(i => scale * ((i * i % 11) - 5) / 3)];

    private static double Bits(float scale, int[] tokens)
    {
        var table = Table(scale);
        return tokens.Zip(tokens.Skip(1), (token, next) =>
        {
            var row = table[(token * Count)..((token + 1) * Count)];
            return -Math.Log2(Math.Exp(row[next]) / row.Sum(logit => Math.Exp(logit)));
        }).Average();
    }
}
