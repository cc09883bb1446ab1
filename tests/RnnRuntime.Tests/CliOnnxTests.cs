using System.Text.Json;
using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

/// <summary>ONNX files on the command line: what binds their dimensions, inputs and states.</summary>
public sealed class CliOnnxTests : IDisposable
{
    private static readonly float[] X = [0.5f, -1, 0.25f, 2, 0, -0.125f, 1, 0.75f];

    private readonly TemporaryDirectory _directory = new();

    public CliOnnxTests()
    {
        File.WriteAllBytes(Model, CliSources.OnnxRecurrence());
        File.WriteAllBytes(Language, CliSources.OnnxLanguageModel());
        File.WriteAllText(_directory["vocab.json"], """["a", "b", "c"]""");
        NpyFile.Write(_directory["x.npy"], NpyArray.From(X, 4, 1, 2));
        NpyFile.Write(_directory["h.npy"], NpyArray.From([0.5f, -0.25f], 1, 2));
    }

    private string Model => _directory["m.onnx"];

    private string Language => _directory["lm.onnx"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void WhatNothingBindsIsNamedWithItsOption()
    {
        const string Batch = "input 'x', axis 0: found the symbolic extent 'batch', which nothing binds, expected a number: --fix batch=N.";
        CliProcess.Run("convert", Model, "-o", _directory["m.rnn"]).FailsWith($"source {Model}: {Batch} 1 more: rnn inspect lists them");
        CliProcess.Run("generate", "--model", Model).FailsWith(Batch);
        CliProcess.Run("convert", Model, "-o", _directory["m.rnn"], "--fix", "batch=1", "tiem=2").FailsWith("--fix tiem: found a name that the model does not have, expected one of 'batch'");

        var inspected = CliProcess.Run("inspect", Model);
        inspected.FailsWith($"model {Model}: cannot be imported: 2 refusals");
        Assert.Equal([Batch, Batch.Replace("'x'", "'h0'", StringComparison.Ordinal), "to bind: --fix batch=N"], inspected.Output.TrimEnd().Split('\n'));
        using var json = JsonDocument.Parse(CliProcess.Run("inspect", Model, "--json").OutputBytes);
        Assert.Equal(2, json.RootElement.GetProperty("refusals").GetArrayLength());
    }

    [Fact]
    public void StatesArePairedByNamesOrAsGiven()
    {
        var found = CliProcess.Run("convert", "--fix", "batch=1", Model, "-o", _directory["m.rnn"]).Succeeds().Output;
        Assert.Matches(@"(?m)^nodes +\d+, from 3 of the file$", found);
        Assert.Contains("fixed       batch = 1\n", found);
        Assert.Contains("state       h0 float32 [1, 2], replaced by hn (found by names and shapes)\n", found);
        Assert.Contains("input       x float32 [1, 2]\noutput      y float32 [1, 2]\n", found);

        var given = CliProcess.Run("convert", Model, "--fix", "batch=1", "-o", _directory["m.rnn"], "--state", "y=h0").Succeeds().Output;
        Assert.Contains("state       h0 float32 [1, 2], replaced by y (--state)\n", given);

        var none = CliProcess.Run("convert", Model, "--fix", "batch=1", "-o", _directory["m.rnn"], "--no-find-states").Succeeds().Output;
        Assert.Contains("input       h0 float32 [1, 2]\n", none);
        Assert.DoesNotContain("state ", none);
    }

    [Fact]
    public void RunTakesDimensionsFromTheInputs()
    {
        var (y, h) = CliSources.ExpectRecurrence(X, [0.5f, -0.25f]);
        string[] inputs = ["--input", $"x={_directory["x.npy"]}", $"h0={_directory["h.npy"]}"];
        CliProcess.Run(["run", Model, .. inputs, "--output", $"y={_directory["y.npy"]}", $"hn={_directory["hn.npy"]}", $"h0={_directory["h0.npy"]}"]).Succeeds();
        CheckClose(y, "y.npy", 4, 1, 2);
        CheckClose(h, "hn.npy", 1, 2);
        Assert.Equal(File.ReadAllBytes(_directory["hn.npy"]), File.ReadAllBytes(_directory["h0.npy"]));

        // Of the model's own rank it is one step: four streams here.
        NpyFile.Write(_directory["x4.npy"], NpyArray.From(X, 4, 2));
        CliProcess.Run("run", Model, "--input", $"x={_directory["x4.npy"]}", "--output", $"y={_directory["y4.npy"]}").Succeeds();
        CheckClose([.. X.Select((value, i) => MathF.Tanh(value) * (i % 2 == 0 ? 2 : 3))], "y4.npy", 4, 2);

        NpyFile.Write(_directory["flat.npy"], NpyArray.From(X, 8));
        CliProcess.Run("run", Model, "--input", $"x={_directory["flat.npy"]}")
            .FailsWith("flat.npy: input 'x' has 2 axes in the model; expected an array of as many, or of one more for a sequence, found <f4 [8]");
    }

    [Fact]
    public void AConstantInputComesFromAFile()
    {
        CliProcess.Run("run", Model, "--constant", $"h0={_directory["h.npy"]}", "--input", $"x={_directory["x.npy"]}", "--output", $"y={_directory["y.npy"]}").Succeeds();
        CheckClose([.. X.Select((value, i) => MathF.Tanh(value + (i % 2 == 0 ? 0.5f : -0.25f)) * (i % 2 == 0 ? 2 : 3))], "y.npy", 4, 1, 2);
        CliProcess.Run("run", Model, "--constant", $"q={_directory["h.npy"]}", "--input", $"x={_directory["x.npy"]}").FailsWith("'q'");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GoldensIncludeStates(bool isRight)
    {
        var (y, h) = CliSources.ExpectRecurrence(X, [0.5f, -0.25f]);
        h[1] += isRight ? 0 : 0.01f;
        CliSources.WriteNpz(
            _directory["g.npz"], ("x", NpyArray.From(X, 4, 1, 2)), ("h0", NpyArray.From([0.5f, -0.25f], 1, 2)), ("y", NpyArray.From(y, 4, 1, 2)), ("hn", NpyArray.From(h, 1, 2)));
        // Nothing else binds the batch: the goldens' extents do.
        var result = CliProcess.Run("convert", Model, "-o", _directory["m.rnn"], "--check", _directory["g.npz"]);
        if (isRight)
        {
            Assert.Contains("hn [1, 2]: largest difference ", result.Succeeds().Output);
        }
        else
        {
            result.FailsWith("hn [1, 2]: largest difference 0.01, 1 of 2 values too far; at [0, 1] found ");
        }
    }

    [Fact]
    public void TokensAreRangeCheckedAndIndicesComeOut()
    {
        NpyFile.Write(_directory["t.npy"], CliSources.Int64([4, 1, 1], 0, 1, 2, 1));
        CliProcess.Run("run", Language, "--input", $"tokens={_directory["t.npy"]}", "--output", $"twice={_directory["twice.npy"]}", $"logits={_directory["l.npy"]}").Succeeds();
        var twice = NpyFile.Read(_directory["twice.npy"]);
        Assert.Equal(NpyType.Int32, twice.Type);
        Assert.Equal([4, 1, 2], twice.Shape);
        Assert.Equal([0, 0, 1, 1, 2, 2, 1, 1], twice.ToInt32(""));
        Assert.Equal([0f, 9, 0, 0, 0, 9, 9, 0, 0, 0, 0, 9], NpyFile.Read(_directory["l.npy"]).ToFloat32(""));

        NpyFile.Write(_directory["far.npy"], CliSources.Int64([1, 1], 1L << 40));
        CliProcess.Run("run", Language, "--input", $"tokens={_directory["far.npy"]}").FailsWith("far.npy: element [0, 0] is 1099511627776, which does not fit int32");

        CliSources.WriteNpz(_directory["g.npz"], ("tokens", CliSources.Int64([2, 1, 1], 0, 2)), ("twice", CliSources.Int64([2, 1, 2], 0, 0, 2, 1)));
        CliProcess.Run("convert", Language, "--fix", "batch=1", "time=1", "-o", _directory["lm.rnn"], "--check", _directory["g.npz"])
            .FailsWith("twice [2, 1, 2]: largest difference 1, 1 of 4 values too far; at [1, 0, 1] found 2, expected 1");
    }

    [Fact]
    public void ALanguageModelGeneratesAndIsEvaluated()
    {
        string[] bind = ["--fix", "batch=1", "time=1", "--vocab", _directory["vocab.json"]];
        Assert.Contains("vocabulary  3 characters\n", CliProcess.Run(["convert", Language, "-o", _directory["lm.rnn"], .. bind, "--check"]).Succeeds().Output);
        File.WriteAllText(_directory["text"], "abcabcabc");
        foreach (var source in (string[][])[[_directory["lm.rnn"]], [Language, .. bind]])
        {
            Assert.Equal("cabcabca", CliProcess.Run(["generate", "--model", .. source, "--prompt", "ca", "--length", "6", "--temperature", "0"]).Succeeds().Output);
            Assert.Contains("0.0002 nats a character", CliProcess.Run(["evaluate", .. source, "--text", _directory["text"]]).Succeeds().Output);
        }

        CliProcess.Run("generate", "--model", Language, "--fix", "batch=1", "time=1").FailsWith("its metadata has no 'vocabulary'; --vocab gives one");
        CliProcess.Run("generate", "--vocab", _directory["vocab.json"]).FailsWith("--vocab");
        File.WriteAllText(_directory["vocab.json"], "\"ab\"");
        CliProcess.Run(["generate", "--model", Language, .. bind]).FailsWith("the vocabulary has 2 characters; one output of as many logits is expected");
        File.WriteAllText(_directory["vocab.json"], """["a", "a", "c"]""");
        CliProcess.Run(["generate", "--model", Language, .. bind]).FailsWith("vocabulary file: found the character U+0061 twice");
    }

    [Fact]
    public void LimitsAreNamedWithTheirOption()
    {
        var result = CliProcess.Run("inspect", Model, "--fix", "batch=1", "--max-nodes", "2");
        result.FailsWith("cannot be imported: 1 refusal");
        Assert.Contains("MaximumNodes", result.Output);
        Assert.Contains("--max-nodes raises it.", result.Output);
    }

    private void CheckClose(float[] expected, string file, params int[] shape)
    {
        var array = NpyFile.Read(_directory[file]);
        Assert.Equal(shape, array.Shape);
        Assert.All(expected.Zip(array.ToFloat32("")), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }
}
