using System.Text.Json;

namespace RnnRuntime.Tests;

/// <summary>What <c>rnn quantize</c> takes, writes and says.</summary>
public sealed class CliQuantizeTests(CliModels models) : IClassFixture<CliModels>
{
    [Theory]
    [InlineData("int8", "int8")]
    [InlineData("fp16", "float16")]
    [InlineData("bf16", "bfloat16")]
    public void EveryPrecisionIsWrittenAndShown(string precision, string type)
    {
        var file = models[$"{precision}.rnn"];
        var text = CliProcess.Run("quantize", models.LstmFile, "-o", file, "--precision", precision, "--allow-slower").Succeeds().Output;
        Assert.Matches($@"(?m)^lstm +lstm +{type}$", text);
        Assert.Matches(@"(?m)^output +predicted largest error +SNR, dB$", text);
        Assert.Contains("noise at", text, StringComparison.Ordinal);
        var inspected = CliProcess.Run("inspect", file).Succeeds().Output;
        Assert.Matches($@"(?m)^lstm +lstm +.* {type} ", inspected);
        Assert.Contains("quantization", inspected, StringComparison.Ordinal);
        Assert.Equal(precision == "int8", inspected.Contains("no kernel can saturate", StringComparison.Ordinal));
        CliProcess.Run("run", file, "--input", $"x={models.WriteRandom("x.npy", 5, 3)}", "--output", $"y={models["y.npy"]}").Succeeds();
    }

    [Fact]
    public void ALayerThatWouldBeSlowerStaysFloatAndSaysWhy()
    {
        var text = CliProcess.Run("quantize", models.LstmFile, "-o", models["kept.rnn"]).Succeeds().Output;
        Assert.Matches(@"(?m)^lstm +lstm +float32 +int8 would slow it down: 160 weights, it gains from \d+ on$", text);
        Assert.Contains("the outputs are equal", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^lstm +float32: int8 would slow it down: 160 weights", CliProcess.Run("inspect", models["kept.rnn"]).Succeeds().Output);
    }

    [Fact]
    public void CalibrationComesFromAnArchiveOrAFolder()
    {
        Directory.CreateDirectory(models["typical"]);
        var x = models.WriteRandom("typical/x.npy", 40, 3);
        File.Copy(models.WriteRandom("y40.npy", 40, 2), models["typical/y.npy"], true);
        var text = CliProcess.Run("quantize", models.LstmFile, "-o", models["c.rnn"], "--calibrate", models["typical"], "--percentile", "99", "--allow-slower").Succeeds().Output;
        Assert.Contains("Run:              40 steps", text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(CliProcess.Run("inspect", models["c.rnn"], "--json").Succeeds().OutputBytes);
        var quantization = JsonDocument.Parse(json.RootElement.GetProperty("metadata").GetProperty("quantization").GetString()!).RootElement;
        Assert.Equal(40, quantization.GetProperty("calibration_steps").GetInt32());
        Assert.Equal(99, quantization.GetProperty("percentile").GetDouble());
        Assert.True(File.Exists(x));
    }

    [Fact]
    public void ALanguageModelIsCalibratedByAText()
    {
        File.WriteAllText(models["typical.txt"], "the quick brown fox\njumps over the lazy dog\n");
        var text = CliProcess.Run("quantize", models.LanguageModelFile, "-o", models["t.rnn"], "--calibrate", models["typical.txt"], "--allow-slower").Succeeds().Output;
        Assert.Contains("Language model:", text, StringComparison.Ordinal);
        Assert.Contains("bits a token", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AReportIsWrittenBesideTheModel()
    {
        foreach (var (ending, start) in new[] { ("html", "<!DOCTYPE html"), ("json", "{") })
        {
            var report = models[$"report.{ending}"];
            CliProcess.Run("quantize", models.LstmFile, "-o", models["r.rnn"], "--allow-slower", "--report", report).Succeeds();
            Assert.StartsWith(start, File.ReadAllText(report).TrimStart(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void PruningSaysWhatItCosts()
    {
        var text = CliProcess.Run("quantize", models.LstmFile, "-o", models["p.rnn"], "--prune", "0.5", "--precision", "fp32").Succeeds().Output;
        Assert.Matches(@"(?m)^lstm +lstm +float32$", text);
        Assert.Matches(@"noise at -?\d+\.\d dB", text);
    }

    [Fact]
    public void WrongUseIsNamed()
    {
        string[] usual = ["quantize", models.LstmFile, "-o", models["w.rnn"]];
        WrongUsage("--percentile needs --calibrate", "--percentile", "99");
        WrongUsage("--min-snr needs --precision mixed", "--min-snr", "40");
        WrongUsage("--precision fp32 needs --prune", "--precision", "fp32");
        WrongUsage("a number above 0 and below 1", "--prune", "1.5");
        WrongUsage("int4", "--precision", "int4");
        CliProcess.Run([.. usual, "--report", models["r.txt"]]).FailsWith(".html, .png or .json");
        CliProcess.Run([.. usual, "--keep-float", "nobody"]).FailsWith("no node 'nobody'");
        CliProcess.Run([.. usual, "--calibrate", models["nothing.npz"]]).FailsWith("nothing.npz");
        Directory.CreateDirectory(models["others"]);
        models.WriteRandom("others/z.npy", 4, 3);
        CliProcess.Run([.. usual, "--calibrate", models["others"]]).FailsWith("no input 'z'");
        Directory.CreateDirectory(models["flat"]);
        models.WriteRandom("flat/x.npy", 4, 7);
        CliProcess.Run([.. usual, "--calibrate", models["flat"]]).FailsWith("input 'x' is float32 [3]");
        Assert.False(File.Exists(models["w.rnn"]));

        void WrongUsage(string message, params string[] options)
        {
            var result = CliProcess.Run([.. usual, .. options]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }
    }
}
