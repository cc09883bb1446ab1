using System.Text.Json;
using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

public sealed class CliRunTests(CliModels models) : IClassFixture<CliModels>
{
    private const int Steps = 37;

    [Fact]
    public void StreamAndOneCallGiveTheBitsOfTheLibrary()
    {
        var x = models.WriteRandom("x.npy", Steps, 3);
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={models["call.npy"]}").Succeeds();
        var stream = CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={models["stream.npy"]}", "--stream", "--stats").Succeeds();

        using var model = RnnModel.Load(models.LstmFile);
        using var session = model.CreateSession();
        var expected = new float[Steps * 2];
        session.Run(models.ReadFloats("x.npy", Steps, 3), expected);
        Assert.Equal(expected, models.ReadFloats("call.npy", Steps, 2));
        Assert.Equal(expected, models.ReadFloats("stream.npy", Steps, 2));
        Assert.Empty(stream.Output);
        Assert.Contains("allocated   0 bytes\n", stream.Error);
    }

    [Fact]
    public void OneStepKeepsTheModelsShape()
    {
        var x = models.WriteRandom("one.npy", 3);
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={models["y1.npy"]}").Succeeds();
        Assert.Equal(2, models.ReadFloats("y1.npy", 2).Length);
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--stream").FailsWith("--stream needs an input with one more leading axis");
    }

    [Fact]
    public void StatesGoOutAndComeBackIn()
    {
        var values = NpyFile.Read(models.WriteRandom("long.npy", Steps, 3)).ToFloat32("");
        NpyFile.Write(models["begin.npy"], NpyArray.From(values.AsSpan(0, 30), 10, 3));
        NpyFile.Write(models["rest.npy"], NpyArray.From(values.AsSpan(30), Steps - 10, 3));

        CliProcess.Run("run", models.LstmFile, "--input", $"x={models["long.npy"]}", "--output", $"y={models["whole.npy"]}").Succeeds();
        CliProcess.Run("run", models.LstmFile, "--input", $"x={models["begin.npy"]}", "--output", $"lstm.h={models["h.npy"]}", $"lstm.c={models["c.npy"]}").Succeeds();
        CliProcess.Run(
            "run", models.LstmFile, "--stream", "--input", $"x={models["rest.npy"]}", $"lstm.h={models["h.npy"]}", "--input", $"lstm.c={models["c.npy"]}",
            "--output", $"y={models["tail.npy"]}").Succeeds();
        Assert.Equal(models.ReadFloats("whole.npy", Steps, 2)[20..], models.ReadFloats("tail.npy", Steps - 10, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnOutputFedBackIsAState(bool isStream)
    {
        var x = models.WriteRandom("f.npy", Steps, 3);
        var h = models.WriteRandom("h0.npy", 4);
        string[] more = isStream ? ["--stream"] : [];
        CliProcess.Run(["run", "--input", $"x={x}", $"h={h}", "--output", $"y={models["closed.npy"]}", $"next={models["n1.npy"]}", models.ClosedLoopFile, .. more]).Succeeds();
        CliProcess.Run(["run", models.OpenLoopFile, "--input", $"x={x}", $"h={h}", "--state", "next=h", "--output", $"y={models["open.npy"]}", $"next={models["n2.npy"]}", .. more]).Succeeds();
        Assert.Equal(models.ReadFloats("closed.npy", Steps, 2), models.ReadFloats("open.npy", Steps, 2));
        Assert.Equal(models.ReadFloats("n1.npy", Steps, 4), models.ReadFloats("n2.npy", Steps, 4));

        // Without the connection h stays as given, which is another result.
        CliProcess.Run(["run", models.OpenLoopFile, "--input", $"x={x}", $"h={h}", "--output", $"y={models["fixed.npy"]}", .. more]).Succeeds();
        Assert.NotEqual(models.ReadFloats("closed.npy", Steps, 2), models.ReadFloats("fixed.npy", Steps, 2));
    }

    [Fact]
    public void IndicesAreIntegers()
    {
        NpyFile.Write(models["tokens.npy"], new NpyArray(NpyType.Int64, [3], [.. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(2L), .. BitConverter.GetBytes(3L)]));
        CliProcess.Run("run", models.LanguageModelFile, "--stream", "--input", $"token={models["tokens.npy"]}", "--output", $"logits={models["logits.npy"]}").Succeeds();

        using var model = RnnModel.Load(models.LanguageModelFile);
        using var session = model.CreateSession();
        var size = model.Outputs[0].Shape.ElementCount;
        var expected = new float[3 * size];
        session.Run([1, 2, 3], expected);
        Assert.Equal(expected, models.ReadFloats("logits.npy", 3, size));

        NpyFile.Write(models["far.npy"], new NpyArray(NpyType.Int32, [1], BitConverter.GetBytes(1000)));
        CliProcess.Run("run", models.LanguageModelFile, "--input", $"token={models["far.npy"]}").FailsWith("1000");
    }

    [Fact]
    public void WithoutOutputsThereIsASummary()
    {
        var result = CliProcess.Run("run", models.LstmFile, "--input", $"x={models.WriteRandom("s.npy", 5, 3)}").Succeeds();
        Assert.Matches(@"(?m)^y +output +\[5, 2\] ", result.Output);
        Assert.Matches(@"(?m)^lstm\.h +state +\[5\] ", result.Output);
    }

    [Fact]
    public void ErrorsNameTheInput()
    {
        var x = models.WriteRandom("e.npy", 5, 3);
        var wide = models.WriteRandom("wide.npy", 5, 4);
        CliProcess.Run("run", models.LstmFile).FailsWith("input 'x' (float32 [3]) is not given");
        CliProcess.Run("run", models.LstmFile, "--input", $"z={x}").FailsWith("no input 'z'; inputs are 'x', states are 'lstm.h', 'lstm.c'");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={wide}").FailsWith("found <f4 [5, 4]");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={models["none.npy"]}").FailsWith("none.npy");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={models.LstmFile}").FailsWith("not a NumPy file");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", $"lstm.h={x}").FailsWith("state 'lstm.h' is float32 [5]; found <f4 [5, 3]");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", "q=q.npy").FailsWith("no output 'q'");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={models["no/where.npy"]}").FailsWith("where.npy");
        CliProcess.Run("run", models.OpenLoopFile, "--input", $"x={x}", "--state", "y=h").FailsWith("the output is float32 [2] and the input float32 [4]");
        CliProcess.Run("run", models.ClosedLoopFile, "--input", $"x={x}", "--state", "next=h").FailsWith("'h' is the model's own state");
    }

    /// <summary>Half of the blocks of a linear layer are zeros; those of the other are all set.</summary>
    [Fact]
    public void InspectShowsTheDensityOfNodesThatHaveZeros()
    {
        var builder = new RnnGraphBuilder();
        var quarter = Enumerable.Range(0, 64 * 64).Select(i => i % 64 < 16 ? 1f : 0f).ToArray();
        var x = builder.Linear(builder.Input("x", 64), 64, quarter, name: "quarter");
        builder.Output("y", builder.Linear(x, 8, Enumerable.Repeat(1f, 8 * 64).ToArray(), name: "full"));
        var path = models["quarter.rnn"];
        using (var model = RnnModel.FromGraph(builder.Build()))
        {
            model.Save(path);
        }

        var text = CliProcess.Run("inspect", path, "--plan").Succeeds().Output;
        Assert.Matches(@"(?m)^quarter .* 0\.25$", text);
        Assert.Matches(@"(?m)^full .* \d+$", text);
        Assert.Matches(@"(?m) quarter +linear +\S+ float32 sparse 0\.25 .* 0\.25$", text);
        Assert.Matches(@"(?m) full +linear +\S+ float32 .* 1\.00$", text);
        using var json = JsonDocument.Parse(CliProcess.Run("inspect", path, "--plan", "--json").Succeeds().OutputBytes);
        Assert.Equal(0.25, json.RootElement.GetProperty("nodes")[0].GetProperty("density").GetDouble());
        Assert.False(json.RootElement.GetProperty("nodes")[1].TryGetProperty("density", out _));
        Assert.Equal([0.25, 1], json.RootElement.GetProperty("plan").GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("density").GetDouble()));
    }

    [Fact]
    public void InspectShowsNodesAndPlan()
    {
        var text = CliProcess.Run("inspect", models.LstmFile, "--plan").Succeeds().Output;
        Assert.Matches(@"(?m)^lstm +lstm ", text);
        Assert.Contains("arena of a session: ", text);
        Assert.DoesNotContain("density", CliProcess.Run("inspect", models.LstmFile).Succeeds().Output);

        using var json = JsonDocument.Parse(CliProcess.Run("inspect", models.LstmFile, "--plan", "--json").Succeeds().OutputBytes);
        var root = json.RootElement;
        Assert.Equal((20 * 3) + (20 * 5) + 20 + 10 + 2, root.GetProperty("parameters").GetInt32());
        Assert.Equal(["lstm.h", "lstm.c"], root.GetProperty("states").EnumerateArray().Select(state => state.GetProperty("name").GetString()));
        Assert.True(root.GetProperty("plan").GetProperty("arenaBytes").GetInt64() > 0);
        Assert.False(JsonDocument.Parse(CliProcess.Run("inspect", models.LstmFile, "--json").Succeeds().OutputBytes).RootElement.TryGetProperty("plan", out _));
    }

    [Fact]
    public void QuantizeWritesTheInt8Model()
    {
        CliProcess.Run("quantize", models.LanguageModelFile, "-o", models["q.rnn"], "--allow-slower").Succeeds();
        Assert.Equal(File.ReadAllBytes(models.Int8LanguageModelFile), File.ReadAllBytes(models["q.rnn"]));
        CliProcess.Run("quantize", models["q.rnn"], "-o", models["no/where.rnn"]).FailsWith("where.rnn");
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(models["q.rnn"])!, "*.partial"));
    }
}
