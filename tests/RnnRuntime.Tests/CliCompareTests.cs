using System.Buffers.Binary;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Graph;
using RnnRuntime.Tests.Comparing;

namespace RnnRuntime.Tests;

public sealed class CliCompareTests(CliModels models) : IClassFixture<CliModels>
{
    /// <summary>A name that a page, a terminal and a shell each might take for more than a name.</summary>
    private const string Hostile = "<script src=\"x\">&'\u0001\n\t </td>é😀";

    [Fact]
    public void TheTablesShowWhereTheAccuracyGoes()
    {
        var text = CliProcess.Run("compare", models.LstmFile, Quantized()).Succeeds().Output;
        Assert.Contains("Input:            random, seed 1; no --input, --text or --random was given\n", text);
        Assert.Contains("Run:              1000 steps, kernel ", text);
        Assert.Matches(@"(?m)^Result: .* noise at \d+\.\d dB signal to noise$", text);
        Assert.Matches(@"(?m)^y +\[2\] +\d+\.\d +\d\.\d\de-\d .* largest element +\d+ +\d+\.\d{3}$", text);
        Assert.Matches(@"(?m)^lstm +lstm +int8 +\d+\.\d +\d+\.\d +[+-]?\d+\.\d +", text);
        Assert.Matches(@"(?m)^head +linear +int8 +\d+\.\d +", text);
        Assert.Matches(@"(?m)^signal +kind +0 to 9 +10 to 99 +100 to 999 +largest error$", text);
        foreach (var gate in "ifgo")
        {
            Assert.Matches($@"(?m)^lstm +{gate} +\d+\.\d +\d+\.\d$", text);
        }

        Assert.Contains("Values inside, worst first (1 of 3)", CliProcess.Run("compare", models.LstmFile, Quantized(), "--top", "1").Succeeds().Output);
    }

    [Fact]
    public void AModelIsEqualToItself()
    {
        var text = CliProcess.Run("compare", models.LstmFile, models.LstmFile, "--steps", "30").Succeeds().Output;
        Assert.Contains("the outputs are equal", text);
        Assert.DoesNotContain("Nodes, costliest first", text);
        Assert.DoesNotContain("kept float", text);
    }

    [Fact]
    public void JsonHasTheNumbersOfTheLibrary()
    {
        string[] arguments = ["compare", models.LstmFile, Quantized(), "--random", "3", "--steps", "50", "--sensitivity-steps", "20", "--json", "--report", models["r.json"]];
        var result = CliProcess.Run(arguments).Succeeds();
        Assert.Equal(result.OutputBytes, File.ReadAllBytes(models["r.json"]));
        using var json = JsonDocument.Parse(result.OutputBytes);
        using var first = RnnModel.Load(models.LstmFile);
        using var second = RnnModel.Load(Quantized());
        var expected = RnnComparer.Compare(first.Graph, second.Graph, RnnInputs.Random(first.Graph, 50, 3), new RnnComparisonOptions { SensitivitySteps = 20 });
        var root = json.RootElement;
        Assert.Equal((50, 20), (root.GetProperty("steps").GetInt64(), root.GetProperty("sensitivitySteps").GetInt32()));
        Assert.Equal(expected.SnrDecibels, root.GetProperty("snrDecibels").GetDouble());
        Assert.Equal(expected.Outputs[0].Error.RmsError, root.GetProperty("outputs")[0].GetProperty("rmsError").GetDouble());
        Assert.Equal(expected.Outputs[0].Windows.Length, root.GetProperty("outputs")[0].GetProperty("windows").GetArrayLength());
        Assert.Equal(expected.States.Select(state => state.Name), root.GetProperty("states").EnumerateArray().Select(state => state.GetProperty("name").GetString()));
        var shares = root.GetProperty("nodes").EnumerateArray().Select(node => node.GetProperty("cost").GetProperty("share").GetDouble());
        Assert.Equal(expected.Nodes.Select(node => node.Cost!.Share), shares);
        Assert.Equal(expected.KeepFloat, root.GetProperty("keepFloat").EnumerateArray().Select(name => name.GetString()!));
    }

    [Fact]
    public void NumbersThatAreNotFiniteAreTexts()
    {
        using var json = JsonDocument.Parse(CliProcess.Run("compare", models.LstmFile, models.LstmFile, "--json").Succeeds().OutputBytes);
        Assert.Equal("Infinity", json.RootElement.GetProperty("outputs")[0].GetProperty("snrDecibels").GetString());
    }

    [Fact]
    public void ThePageNeedsNoOtherFileAndTakesAnyName()
    {
        var (reference, candidate) = Coarse(Hostile);
        CliProcess.Run("compare", reference, candidate, "--report", models["page.HTML"], "--steps", "300").Succeeds();
        var page = ParsePage(models["page.HTML"]);
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("link"));
        var addresses = page.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "src" or "href").ToArray();
        Assert.Equal(5, addresses.Length);
        Assert.All(addresses, address => Assert.StartsWith("data:image/png;base64,", address.Value));
        Assert.All(addresses, address => AssertPng(Convert.FromBase64String(address.Value["data:image/png;base64,".Length..])));
        Assert.DoesNotContain("://", page.Root!.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", File.ReadAllText(models["page.HTML"]), StringComparison.OrdinalIgnoreCase);
        var cells = page.Descendants("td").Select(cell => cell.Value).ToArray();
        Assert.Contains("<script src=\"x\">&'\\u0001\\n\\u0009 </td>é😀", cells);
        Assert.Equal(5, page.Descendants("table").Count());
    }

    [Fact]
    public void ThePlotsAreOneImage()
    {
        CliProcess.Run("compare", models.LstmFile, Quantized(), "--report", models["plots.png"]).Succeeds();
        AssertPng(File.ReadAllBytes(models["plots.png"]));
        CliProcess.Run("compare", models.LstmFile, models.LstmFile, "--report", models["equal.png"]).Succeeds();
        AssertPng(File.ReadAllBytes(models["equal.png"]));
    }

    [Fact]
    public void TheAdviceCanBeTyped()
    {
        var (reference, candidate) = Coarse("it's first");
        Assert.Contains("\n  --keep-float 'it'\\''s first'\n", CliProcess.Run("compare", reference, candidate).Succeeds().Output);
        CliProcess.Run("quantize", reference, "-o", models["kept.rnn"], "--keep-float", "it's first").Succeeds();
        Assert.DoesNotMatch("(?m)^it's first  +lstm  +int8", CliProcess.Run("compare", reference, models["kept.rnn"]).Succeeds().Output);
    }

    [Fact]
    public void ATextGivesTheBitsThatEvaluateGives()
    {
        File.WriteAllText(models["text.txt"], string.Concat(Enumerable.Repeat("the quick brown fox é jumps\n", 20)));
        string[] text = ["--text", models["text.txt"], "--from", "0.25", "--json"];
        using var json = JsonDocument.Parse(CliProcess.Run(["compare", models.LanguageModelFile, models.Int8LanguageModelFile, .. text]).Succeeds().OutputBytes);
        var language = json.RootElement.GetProperty("languageModel");
        Assert.Equal(Bits(models.LanguageModelFile), language.GetProperty("referenceBits").GetDouble(), 1e-9);
        Assert.Equal(Bits(models.Int8LanguageModelFile), language.GetProperty("candidateBits").GetDouble(), 1e-9);
        Assert.Equal(420, json.RootElement.GetProperty("steps").GetInt32());
        Assert.Equal(419, language.GetProperty("tokens").GetInt32());
        Assert.Matches(
            @"(?m)^Language model:   \d\.\d{4} bits a token with A, \d\.\d{4} with B: [+-]\d\.\d{4}, over 419 tokens$",
            CliProcess.Run(["compare", models.LanguageModelFile, models.Int8LanguageModelFile, .. text[..4]]).Succeeds().Output);

        double Bits(string model)
        {
            using var evaluated = JsonDocument.Parse(CliProcess.Run(["evaluate", model, .. text]).Succeeds().OutputBytes);
            return evaluated.RootElement.GetProperty("bitsPerCharacter").GetDouble();
        }
    }

    [Fact]
    public void ArraysAreTheInput()
    {
        var x = models.WriteRandom("x.npy", 20, 3);
        var h = models.WriteRandom("h.npy", 4);
        CliSources.WriteNpz(models["both.npz"], ("x", NpyFile.Read(x)), ("h", NpyFile.Read(h)));
        CliProcess.Run("quantize", models.OpenLoopFile, "-o", models["open8.rnn"]).Succeeds();
        var expected = CliProcess.Run("compare", models.OpenLoopFile, models["open8.rnn"], "--input", $"x={x}", $"h={h}").Succeeds().Output;
        Assert.Contains($"20 steps of {x}, {h}\n", expected);

        // The models may stand among the values of an option.
        var mixed = CliProcess.Run("compare", "--input", $"x={models["both.npz"]}", models.OpenLoopFile, $"h={models["both.npz"]}", "--steps", "20", models["open8.rnn"]).Succeeds().Output;
        Assert.Equal(Below(expected), Below(mixed));
        Assert.Contains("after 20 steps it begins again", CliProcess.Run("compare", models.OpenLoopFile, models["open8.rnn"], "--steps", "50", "--input", $"x={x}", $"h={h}").Succeeds().Output);

        static string Below(string text) => text[text.IndexOf("Run:", StringComparison.Ordinal)..];
    }

    [Theory]
    [InlineData("one.rnn")]
    [InlineData("one.rnn", "two.rnn", "three.rnn")]
    [InlineData("a.rnn", "b.rnn", "--random", "1", "--text", "t.txt")]
    [InlineData("a.rnn", "b.rnn", "--random", "1", "--input", "x=x.npy")]
    [InlineData("a.rnn", "b.rnn", "--from", "0.5")]
    [InlineData("a.rnn", "b.rnn", "--steps", "0")]
    [InlineData("a.rnn", "b.rnn", "--sensitivity-steps", "-1")]
    [InlineData("a.rnn", "b.rnn", "--random", "-1")]
    [InlineData("a.rnn", "b.rnn", "--threshold", "NaN")]
    public void WrongUsageIsExitCodeTwo(params string[] arguments)
    {
        var result = CliProcess.Run(["compare", .. arguments]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("rnn: error: ", result.Error);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void ErrorsNameWhatIsWrong()
    {
        string[] pair = ["compare", models.LstmFile, Quantized()];
        void Fails(string message, params string[] more) => CliProcess.Run([.. pair, .. more]).FailsWith(message);
        Fails("a report ends in .html, .png or .json; found '.txt'", "--report", models["r.txt"]);
        Fails("a report ends in .html, .png or .json; found no ending", "--report", models["r"]);
        Fails("there is no directory", "--report", models["no/r.html"]);
        Fails("the models have no input 'z'; inputs are 'x'", "--input", $"z={models.WriteRandom("z.npy", 5, 3)}");
        Fails("input 'x' is float32 [3]; expected an array of that shape or with one more leading axis of steps, found <f4 [5, 4]", "--input", $"x={models.WriteRandom("w.npy", 5, 4)}");
        Fails("found <f4 [0, 3]", "--input", $"x={models.WriteRandom("empty.npy", 0, 3)}");
        File.WriteAllText(models["words.txt"], "abc");
        Fails("not a language model", "--text", models["words.txt"]);
        Fails("'abacus' is not a kernel", "--kernel", "abacus");
        Fails("none.npy: there is no such file", "--input", $"x={models["none.npy"]}");
        CliProcess.Run("compare", models.LstmFile, models.LanguageModelFile).FailsWith("the candidate network takes 'token' (int32 [])");
        CliProcess.Run("compare", models.LstmFile, models["none.rnn"]).FailsWith("none.rnn: there is no such file");
        File.WriteAllText(models["one.txt"], "a");
        CliProcess.Run("compare", models.LanguageModelFile, models.LanguageModelFile, "--text", models["one.txt"]).FailsWith("1 characters to compare over; at least 2");
        File.Copy(models.WriteRandom("in.npy", 5, 3), models["in.json"]);
        Fails("the same file as --input x=", "--input", $"x={models["in.json"]}", "--report", models["in.json"]);
    }

    private static XDocument ParsePage(string path)
    {
        using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }

    private static void AssertPng(byte[] image)
    {
        Assert.True(image.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]));
        Assert.Equal(2000, BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(16)));
        Assert.InRange(BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(20)), 800, 5000);
    }

    private string Quantized()
    {
        if (!File.Exists(models["lstm8.rnn"]))
        {
            using var model = RnnModel.Load(models.LstmFile);
            using var quantized = RnnModel.FromGraph(TestModels.ToInt8(model.Graph));
            quantized.Save(models["lstm8.rnn"]);
        }

        return models["lstm8.rnn"];
    }

    /// <summary>The files of a network with an LSTM of this name, and of the same with that LSTM rounded coarsely and the rest in int8.</summary>
    private (string Reference, string Candidate) Coarse(string name)
    {
        var reference = ComparedGraphs.With(ComparedGraphs.Layers(), node => node is LstmNode lstm ? lstm with { Name = name } : node);
        var candidate = ComparedGraphs.With(TestModels.ToInt8(reference, name), node => node is LstmNode lstm
            ? lstm with { InputWeights = ComparedGraphs.Coarse(lstm.InputWeights, 0, 32), RecurrentWeights = ComparedGraphs.Coarse(lstm.RecurrentWeights, 0, 32) }
            : node);
        File.WriteAllBytes(models["fine.rnn"], SampleGraphs.Write(reference));
        File.WriteAllBytes(models["coarse.rnn"], SampleGraphs.Write(candidate));
        return (models["fine.rnn"], models["coarse.rnn"]);
    }
}
