using System.Text.Json;
using RnnRuntime.Cli.Benching;
using RnnRuntime.Roofline;

namespace RnnRuntime.Tests;

/// <summary>What the bench says, not how fast anything is.</summary>
public sealed class CliBenchTests(CliModels models) : IClassFixture<CliModels>
{
    private static readonly string[] Quick = ["--seconds", "0.1"];

    [Fact]
    public void TheTableHasEveryKernelOfTheRegistry()
    {
        var lines = CliProcess.Run(["bench", models.LstmFile, .. Quick]).Succeeds().Output.Split('\n');
        Assert.Contains("lstm.rnn: 1 stream, 1 step a call; a step reads ", lines[0]);
        Assert.StartsWith("kernel ", lines[1]);
        var rows = lines.Skip(2).TakeWhile(line => line.Length > 0).ToArray();
        Assert.Equal(RnnKernels.All.Select(kernel => kernel.Name), rows.Select(row => row.Split(' ')[0]));
        foreach (var (kernel, row) in RnnKernels.All.Zip(rows))
        {
            Assert.EndsWith(!kernel.IsAvailable ? $"cannot run here: {kernel.UnavailableReason}" : kernel.Name == "scalar" ? "  reference" : "  0", row);
        }

        var winner = Assert.Single(rows, row => row.Contains("  *  ")).Split(' ')[0];
        Assert.Contains(lines, line => line.StartsWith($"* {winner} is the ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith(RoofProbe.IsSupported ? "roof: " : "roof: not measured", StringComparison.Ordinal));
    }

    [Fact]
    public void JsonHasTheSameAndNamesTheWinner()
    {
        using var json = Bench(models.Int8LanguageModelFile);
        var kernels = json.RootElement.GetProperty("kernels").EnumerateArray().ToArray();
        Assert.Equal(RnnKernels.All.Select(kernel => kernel.Name), kernels.Select(kernel => kernel.GetProperty("name").GetString()));
        Assert.Equal(RnnKernels.All.Select(kernel => kernel.UnavailableReason), kernels.Select(kernel => kernel.GetProperty("reason").GetString()));
        var measured = kernels.Where(kernel => kernel.GetProperty("available").GetBoolean()).ToArray();
        var winner = Assert.Single(measured, kernel => kernel.GetProperty("winner").GetBoolean());
        Assert.Equal(json.RootElement.GetProperty("winner").GetString(), winner.GetProperty("name").GetString());
        Assert.Equal(measured.Min(Least), Least(winner));
        using var model = RnnModel.Load(models.Int8LanguageModelFile);
        var steps = model.DescribePlan(1, 1).Steps;
        Assert.All(measured, kernel =>
        {
            Assert.InRange(Least(kernel), 1, kernel.GetProperty("medianNanoseconds").GetDouble());
            Assert.Equal(steps.Sum(step => step.WeightBytes), kernel.GetProperty("weightBytes").GetInt64());
            Assert.Equal(steps.Sum(step => step.MultiplyAdds), kernel.GetProperty("multiplyAdds").GetInt64());
        });

        static double Least(JsonElement kernel) => kernel.GetProperty("minNanoseconds").GetDouble();
    }

    [Fact]
    public void ModelsOfEveryShapeRun()
    {
        File.WriteAllBytes(models["tokens.onnx"], CliSources.OnnxLanguageModel());
        File.WriteAllBytes(models["recurrence.onnx"], CliSources.OnnxRecurrence());
        Bench(models.OpenLoopFile, "--streams", "3", "--steps", "40").Dispose();
        Bench(models.ClosedLoopFile, "--streams", "20", "--steps", "2").Dispose();
        Bench(models.LanguageModelFile, "--streams", "2", "--steps", "33").Dispose();
        Bench(models["tokens.onnx"], "--fix", "batch=1", "time=1", "--steps", "3").Dispose();
        using var withoutWeights = Bench("--fix", "batch=1", models["recurrence.onnx"]);
        Assert.All(Measured(withoutWeights), kernel => Assert.Equal(0, kernel.GetProperty("weightBytes").GetInt64()));
    }

    [Fact]
    public void TheModelThatShipsIsTheDefault()
    {
        Assert.SkipUnless(typeof(Cli.CliException).Assembly.GetManifestResourceNames().Contains("charlm.rnn"), "this build of rnn holds no model");
        using var json = Bench("--kernel", RnnKernels.Default);
        Assert.Equal("charlm.rnn", json.RootElement.GetProperty("model").GetString());
    }

    [Fact]
    public void ANamedKernelIsHeldToTheReferenceToo()
    {
        using var json = Bench(models.LstmFile, "--kernel", RnnKernels.Default);
        var kernel = Assert.Single(json.RootElement.GetProperty("kernels").EnumerateArray());
        Assert.Equal(RnnKernels.Default, kernel.GetProperty("name").GetString());
        Assert.True(kernel.GetProperty("winner").GetBoolean());
        Assert.Contains("is the only kernel", CliProcess.Run(["bench", models.LstmFile, "--kernel", "scalar", .. Quick]).Succeeds().Output);
    }

    [Fact]
    public void ThreadsAreGivenToTheModel()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor");
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 512);
        builder.Output("y", builder.Linear(x, 2048, [.. Enumerable.Range(0, 512 * 2048).Select(i => (i % 17) / 17f)], new float[2048]));
        using (var model = RnnModel.FromGraph(builder.Build()))
        {
            model.Save(models["wide.rnn"]);
        }

        using var json = Bench(models["wide.rnn"], "--threads", "2");
        Assert.Equal(2, json.RootElement.GetProperty("threads").GetInt32());
        Assert.All(Measured(json), kernel => Assert.Equal(1, kernel.GetProperty("sharedSteps").GetInt32()));
        Assert.Contains("threads: 2 share 1 step of the plan", CliProcess.Run(["bench", models["wide.rnn"], "--threads", "2", .. Quick]).Succeeds().Output);
    }

    [Fact]
    public void TheVariableIsNotAsked() =>
        CliProcess.RunWith(new() { ["RNNRUNTIME_KERNEL"] = "abacus" }, ["bench", models.LstmFile, .. Quick]).Succeeds();

    [Theory]
    [InlineData("--steps", "0")]
    [InlineData("--steps", "1.5")]
    [InlineData("--streams", "65537")]
    [InlineData("--threads", "0")]
    [InlineData("--threads", "1000000")]
    [InlineData("--seconds", "0")]
    [InlineData("--seconds", "NaN")]
    [InlineData("m.rnn", "n.rnn")]
    public void WrongUsageIsExitCodeTwo(params string[] arguments)
    {
        var result = CliProcess.Run(["bench", .. arguments]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("rnn: error: ", result.Error);
        Assert.Contains(arguments[^1], result.Error);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void WhatCannotRunIsNamed()
    {
        CliProcess.Run("bench", models.LstmFile, "--kernel", "abacus")
            .FailsWith($"'abacus' is not a kernel. Available: {string.Join(", ", RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name))}.");
        CliProcess.Run("bench", models["none.rnn"]).FailsWith("none.rnn: there is no such file");
        CliProcess.Run("bench", models.LstmFile, "--steps", "65536", "--streams", "65536").FailsWith("65536 steps and 65536 streams");
        CliProcess.Run("bench", models.LstmFile, "--fix", "batch=1").FailsWith("--fix");
    }

    [Fact]
    public void AnErrorIsFoundAndMeasured()
    {
        using var run = new Run(bias: 0);
        Assert.Equal(new BenchError(0, true), run.ErrorOf(bias: 0));
        var error = run.ErrorOf(bias: 0.25f);
        Assert.False(error.IsSameBits);
        Assert.Equal(0.25, error.Largest, 1e-6);
        Assert.True(double.IsNaN(error.And(double.NaN).And(1).Largest));
    }

    [Fact]
    public void EveryRunTakesPartEvenWithoutTime()
    {
        using var run = new Run(bias: 0);
        using var progress = new Cli.Progress("test", 100);
        var timing = Assert.Single(new BenchTimer(1e-9).Measure([run.Bench], progress));
        Assert.Equal((1, 1), (timing.Rounds, timing.Calls));
        Assert.Equal(timing.Min, timing.Median);
    }

    /// <summary>Where weights are few and multiply-adds many, and the other way round.</summary>
    [Fact]
    public void TheRoofIsTheSlowerOfReadingAndMultiplying()
    {
        var roof = new Roof([new(new("L1", 1000), 500, new(80, 100)), new(new("DRAM", long.MaxValue), 5000, new(10, double.NaN))], new(5, 20), new(40, 30), false);
        Assert.Equal(9, new BenchWork(900, 20, 0).RoofNanoseconds(roof, timeSteps: 1));
        Assert.Equal(3, new BenchWork(900, 20, 0).RoofNanoseconds(roof, timeSteps: 3));
        Assert.Equal(200, new BenchWork(2000, 20, 40).RoofNanoseconds(roof, timeSteps: 1));
        Assert.Equal(12, new BenchWork(900, 200, 80).RoofNanoseconds(roof, timeSteps: 1));
        Assert.Equal(20, roof.Nanoseconds(80, 800, int8: true));
        Assert.Equal(10, (roof with { VnniPeak = new(60, 80) }).Nanoseconds(80, 800, int8: true));
    }

    [Fact]
    public void OnlyTheLevelsThatAreWantedAreMeasured()
    {
        Assert.SkipUnless(RoofProbe.IsSupported, "the probe needs AVX2 and FMA");
        var nearest = CacheLevel.Detect().Levels[0];
        var roof = RoofProbe.MeasureFor([100, nearest.Bytes]);
        Assert.Equal([nearest], roof.Bandwidths.Select(bandwidth => bandwidth.Level));
        Assert.True(roof.LevelFor(100).GigabytesPerSecond.Best > 0 && roof.FloatPeak.Best > 0 && roof.Int8Peak.Best > 0);
    }

    /// <summary>Every kernel that ran is held to the same bits.</summary>
    private static JsonDocument Bench(params string[] arguments)
    {
        var json = JsonDocument.Parse(CliProcess.Run(["bench", .. arguments, "--json", .. Quick]).Succeeds().OutputBytes);
        Assert.InRange(json.RootElement.GetProperty("comparedSteps").GetInt32(), 1, int.MaxValue);
        Assert.NotEmpty(Measured(json));
        Assert.All(Measured(json), kernel =>
        {
            Assert.True(kernel.GetProperty("sameBits").GetBoolean());
            Assert.Equal(0, kernel.GetProperty("largestError").GetDouble());
        });
        return json;
    }

    private static IEnumerable<JsonElement> Measured(JsonDocument json) =>
        json.RootElement.GetProperty("kernels").EnumerateArray().Where(kernel => kernel.GetProperty("available").GetBoolean());

    /// <summary>y = x + bias, a reference for itself with another bias.</summary>
    private sealed class Run : IDisposable
    {
        private readonly BenchFeed _feed;

        public Run(float bias)
        {
            var model = Model(bias);
            _feed = new BenchFeed(model, timeSteps: 2, streams: 3);
            Bench = new BenchRun(model, _feed);
        }

        public BenchRun Bench { get; }

        public BenchError ErrorOf(float bias)
        {
            using var other = new BenchRun(Model(bias), _feed);
            return new BenchReference(Bench, seconds: 60).ErrorOf(other);
        }

        public void Dispose() => Bench.Dispose();

        private static RnnModel Model(float bias)
        {
            var builder = new RnnGraphBuilder();
            var x = builder.Input("x", 1);
            builder.Output("y", builder.Linear(x, 1, [1], [bias]));
            builder.Output("same", x);
            return RnnModel.FromGraph(builder.Build());
        }
    }
}
