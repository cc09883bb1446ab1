using System.Collections.Immutable;
using System.Text;
using RnnRuntime.Import;

namespace RnnRuntime.Tests.Import;

/// <summary>The one way in: files are told by their content, and nothing that a user says is ignored.</summary>
public sealed class RnnImporterTests
{
    private const string Dense = """
        {"in_shape": [null, null, 1], "layers": [{"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[2.0]], [0.5]]}]}
        """;

    [Fact]
    public void ARnnFileIsRead()
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Tanh(builder.Input("x", 3)));
        using var folder = new TemporaryDirectory();
        using (var model = RnnModel.FromGraph(builder.Build()))
        {
            model.Save(folder["model.bin"]);
        }

        Assert.Equal(["tanh"], RnnImporter.Import(folder["model.bin"]).DescribeNodes().Select(node => node.Operator));
    }

    [Fact]
    public void ALayerListIsRead()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["model.txt"], "\uFEFF  " + Dense);
        using var model = RnnImporter.Load(folder["model.txt"]);
        using var session = model.CreateSession();
        var y = new float[1];
        session.Run([3f], y);
        Assert.Equal(6.5f, y[0]);
    }

    [Theory]
    [InlineData("", "no bytes")]
    [InlineData("\u0001\u0002\u0003", "begins with 0x010203")]
    [InlineData("{\"a\": 1}", "RTNeural")]
    public void AnUnknownFileIsRefused(string text, string part)
    {
        var exception = Assert.Throws<RnnImportException>(() => RnnImporter.Import(Encoding.UTF8.GetBytes(text)));
        Assert.Contains(part, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsThatAFileHasNoUseForAreRefused()
    {
        var file = Encoding.UTF8.GetBytes(Dense);
        RnnImportOptions[] options =
        [
            new() { Fix = ImmutableDictionary<string, long>.Empty.Add("time", 1) },
            new() { Constants = ImmutableDictionary<string, ImmutableArray<double>>.Empty.Add("x", [1]) },
            new() { InputShapes = ImmutableDictionary<string, ImmutableArray<int>>.Empty.Add("x", [1]) },
            new() { States = ImmutableDictionary<string, string>.Empty.Add("y", "x") },
            new() { FindStates = false },
            new() { Topology = "{}" },
        ];
        Assert.All(options, option => Assert.Throws<RnnImportException>(() => RnnImporter.Import(file, option)));
    }

    [Fact]
    public void AFileBeyondTheLimitIsRefusedByTheLimitsName()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["model.json"], Dense);
        var options = new RnnImportOptions { Limits = new RnnImportLimits { MaximumFileBytes = 10 } };
        Action[] imports = [() => RnnImporter.Import(folder["model.json"], options), () => RnnImporter.Import(Encoding.UTF8.GetBytes(Dense), options)];
        Assert.All(imports, import =>
            Assert.Contains($"limit {nameof(RnnImportLimits.MaximumFileBytes)}", Assert.Throws<RnnImportException>(import).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void AVocabularyTravelsWithTheModel()
    {
        var graph = RnnImporter.Import(Encoding.UTF8.GetBytes(Dense), new RnnImportOptions { Vocabulary = "[\"a\"]" });
        Assert.Equal("a", graph.Metadata["vocabulary"]);
        Assert.Throws<RnnImportException>(() => RnnImporter.Import(Encoding.UTF8.GetBytes(Dense), new RnnImportOptions { Vocabulary = "[\"a\", \"b\"]" }));
    }

    [Fact]
    public void RefusalsAreListed()
    {
        Assert.Empty(RefusalsOf(Dense));
        Assert.Contains("conv9d", Assert.Single(RefusalsOf(Dense.Replace("dense", "conv9d"))), StringComparison.Ordinal);

        static ImmutableArray<string> RefusalsOf(string text)
        {
            using var folder = new TemporaryDirectory();
            File.WriteAllText(folder["model.json"], text);
            return RnnImporter.FindRefusals(folder["model.json"]);
        }
    }
}
