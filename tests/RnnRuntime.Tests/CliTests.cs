using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RnnRuntime.Tests;

public sealed class CliTests(CliModels models) : IClassFixture<CliModels>
{
    public static TheoryData<string> Kernels => [.. RnnKernels.All.Select(kernel => kernel.Name)];

    [Theory]
    [InlineData]
    [InlineData("nonsense")]
    [InlineData("kernels", "more")]
    [InlineData("generate", "--bogus")]
    [InlineData("generate", "--length", "x")]
    [InlineData("generate", "--length", "-1")]
    [InlineData("generate", "--temperature", "NaN")]
    [InlineData("generate", "--top-p", "0")]
    [InlineData("generate", "--seed", "-1")]
    [InlineData("run")]
    [InlineData("run", "m.rnn", "--input", "x")]
    [InlineData("inspect")]
    [InlineData("evaluate")]
    [InlineData("quantize", "m.rnn")]
    public void WrongUsageIsExitCodeTwo(params string[] arguments)
    {
        var result = CliProcess.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("rnn: error: ", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("generate", "--help")]
    public void HelpIsNotAnError(params string[] arguments) => Assert.NotEmpty(CliProcess.Run(arguments).Succeeds().Output);

    [Fact]
    public void InputErrorsAreOneLine()
    {
        CliProcess.Run("inspect", models["none.rnn"]).FailsWith("none.rnn: there is no such file");
        CliProcess.Run("inspect", Path.GetTempPath()).FailsWith("this is a directory");
        File.WriteAllText(models["bad.rnn"], "not a model");
        CliProcess.Run("inspect", models["bad.rnn"]).FailsWith("bad.rnn: ");
        CliProcess.Run("generate", "--model", models.LstmFile).FailsWith("not a language model");
        CliProcess.Run("generate", "--model", models.LanguageModelFile, "--prompt", "abc?d").FailsWith("--prompt: character '?' (U+003F) at offset 3");
        CliProcess.Run("generate", "--model", models.LanguageModelFile, "--kernel", "abacus").FailsWith("'abacus' is not a kernel. Available: ");
    }

    [Fact]
    public void KernelsAreThoseOfTheLibrary()
    {
        var lines = CliProcess.Run("kernels").Succeeds().Output.TrimEnd().Split('\n');
        Assert.Equal(RnnKernels.All.Select(kernel => kernel.Name), lines.Skip(1).Take(RnnKernels.All.Length).Select(line => line.Split(' ')[0]));

        using var json = JsonDocument.Parse(CliProcess.Run("kernels", "--json").Succeeds().OutputBytes);
        var kernels = json.RootElement.GetProperty("kernels").EnumerateArray().ToArray();
        Assert.Equal(RnnKernels.All.Select(kernel => kernel.IsAvailable), kernels.Select(kernel => kernel.GetProperty("available").GetBoolean()));
        Assert.Equal(RnnKernels.All.First(kernel => kernel.IsAvailable).Name, json.RootElement.GetProperty("chosen").GetString());
    }

    [Fact]
    public void TheVariableChoosesTheKernel()
    {
        using var json = JsonDocument.Parse(CliProcess.RunWith(new() { ["RNNRUNTIME_KERNEL"] = "scalar" }, "kernels", "--json").Succeeds().OutputBytes);
        Assert.Equal("scalar", json.RootElement.GetProperty("chosen").GetString());

        var bad = CliProcess.RunWith(new() { ["RNNRUNTIME_KERNEL"] = "abacus" }, "kernels");
        bad.FailsWith("RNNRUNTIME_KERNEL 'abacus'");
        Assert.Contains("scalar", bad.Output);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void TheSameSeedGivesTheSameTextWithEveryKernel(string kernel)
    {
        var info = RnnKernels.All.Single(each => each.Name == kernel);
        Assert.SkipUnless(info.IsAvailable, $"kernel {kernel} cannot run here: {info.UnavailableReason}");
        foreach (var model in (string[])[models.LanguageModelFile, models.Int8LanguageModelFile])
        {
            string[] arguments = ["generate", "--model", model, "--length", "400", "--seed", "3", "--prompt", "é a"];
            var text = CliProcess.Run([.. arguments, "--kernel", kernel]).Succeeds().Output;
            Assert.Equal(CliProcess.Run([.. arguments, "--kernel", "scalar"]).Succeeds().Output, text);
            Assert.StartsWith("é a", text);
            Assert.Equal(403, text.EnumerateRunes().Count());
        }
    }

    [Fact]
    public void TextIsWhatTheLibraryMakes()
    {
        using var model = RnnModel.Load(models.LanguageModelFile);
        using var session = model.CreateSession();
        var characters = CliModels.Vocabulary.EnumerateRunes().ToArray();
        var logits = new float[characters.Length];
        var sampler = new RnnSampler(characters.Length, 1.1, 20, 0.95, 8);
        var expected = new StringBuilder("ab");
        session.Run([Array.IndexOf(characters, new Rune('a'))], logits);
        session.Run([Array.IndexOf(characters, new Rune('b'))], logits);
        for (var i = 0; i < 200; i++)
        {
            var token = sampler.Sample(logits);
            expected.Append(characters[token]);
            session.Run([token], logits);
        }

        var result = CliProcess.Run(
            "generate", "--model", models.LanguageModelFile, "--prompt", "ab", "--length", "200", "--temperature", "1.1", "--top-k", "20", "--top-p", "0.95", "--seed", "8");
        Assert.Equal(expected.ToString(), result.Succeeds().Output);
    }

    [Fact]
    public void GenerationAllocatesNothingAndSaysSo()
    {
        var result = CliProcess.Run(
            "generate", "--model", models.Int8LanguageModelFile, "--length", "20000", "--seed", "1", "--top-k", "10", "--top-p", "0.9", "--stats").Succeeds();
        Assert.Equal(20000, result.Output.EnumerateRunes().Count());
        var lines = result.Error.TrimEnd().Split('\n');
        Assert.Contains("allocated   0 bytes", lines);
        Assert.Contains($"kernel      {RnnKernels.All.First(kernel => kernel.IsAvailable).Name}", lines);
        Assert.Matches(@"^characters  20000, \d+ characters/s$", lines[0]);
        Assert.Matches(@"^step +p50 [\d.]+ us, p99 [\d.]+ us, p99.9 [\d.]+ us$", lines[1]);
        Assert.Contains(lines, line => line.StartsWith("model", StringComparison.Ordinal) && line.Contains($" {new FileInfo(models.Int8LanguageModelFile).Length} bytes"));
    }

    /// <summary>A file and a pipe are written in different ways by the console; neither may cost an allocation, long after tiering too.</summary>
    [Fact]
    public void GenerationIntoAFileAllocatesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs sh");
        string[] rnn = [Path.Combine(AppContext.BaseDirectory, "rnn.dll"), "generate", "--model", models.LanguageModelFile, "--length", "30000", "--kernel", "scalar", "--stats"];
        using var process = CliProcess.StartShell("echo begin; \"$@\"; echo end", models["file.txt"], rnn);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Contains("allocated   0 bytes\n", error);
        var text = File.ReadAllText(models["file.txt"]);
        Assert.StartsWith("begin\n", text);
        Assert.EndsWith("end\n", text);
        Assert.Equal(30000 + 10, text.EnumerateRunes().Count());
    }

    [Fact]
    public void TheModelThatShipsWritesText()
    {
        Assert.SkipUnless(typeof(Cli.CliException).Assembly.GetManifestResourceNames().Contains("charlm.rnn"), "this build of rnn holds no model");
        var text = CliProcess.Run("generate", "--length", "300", "--seed", "1", "--prompt", "ROMEO:").Succeeds().Output;
        Assert.StartsWith("ROMEO:", text);
        Assert.InRange(text.Count(char.IsAsciiLetter), 180, 300);
        Assert.InRange(text.Count(character => character is ' ' or '\n'), 30, 100);
    }

    [Fact]
    public void SeedsDifferAndNoSeedIsANewOne()
    {
        string Generate(params string[] more) => CliProcess.Run(["generate", "--model", models.LanguageModelFile, "--length", "200", .. more]).Succeeds().Output;
        Assert.NotEqual(Generate("--seed", "1"), Generate("--seed", "2"));
        Assert.NotEqual(Generate(), Generate());
    }

    [Fact]
    public void AClosedPipeEndsGenerationQuietly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows reports a closed pipe as success");
        using var process = StartEndless();
        ReadSome(process);
        process.StandardOutput.Close();
        Assert.True(process.WaitForExit(30_000), "generation goes on after its reader has gone");
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(process.StandardError.ReadToEnd());
    }

    [Fact]
    public void AnInterruptEndsGenerationQuietly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs kill and /proc");
        var ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim();
        Assert.SkipWhen((ulong.Parse(ignored, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0, "SIGINT is ignored here, and children inherit that");
        using var process = StartEndless();
        ReadSome(process);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(30_000), "generation goes on after an interrupt");
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(process.StandardError.ReadToEnd());
    }

    [Fact]
    public void EvaluateIsTheCrossEntropy()
    {
        var text = string.Concat(Enumerable.Repeat("the quick brown fox é jumps\n", 20));
        File.WriteAllText(models["text.txt"], text);
        var (whole, part) = (Nats(text, 0), Nats(text, (int)(0.75 * text.Length)));

        var result = CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["text.txt"]).Succeeds();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{whole:0.0000} nats"), result.Output);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{whole / Math.Log(2):0.0000} bits"), result.Output);

        var json = CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["text.txt"], "--from", "0.75", "--json").Succeeds();
        using var document = JsonDocument.Parse(json.OutputBytes);
        Assert.Equal(part, document.RootElement.GetProperty("natsPerCharacter").GetDouble(), 1e-9);
        Assert.Equal(text.Length - (int)(0.75 * text.Length) - 1, document.RootElement.GetProperty("charactersPredicted").GetInt32());
    }

    [Fact]
    public void EvaluateNamesWhatItCannotRead()
    {
        File.WriteAllText(models["odd.txt"], "abc\u0007");
        CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["odd.txt"]).FailsWith("odd.txt: character U+0007 at offset 3");
        File.WriteAllBytes(models["latin.txt"], [97, 98, 0xE9, 99]);
        CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["latin.txt"]).FailsWith("byte 0xE9 at byte offset 2");
        File.WriteAllText(models["short.txt"], "a");
        CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["short.txt"]).FailsWith("at least 2");
        CliProcess.Run("evaluate", models.LanguageModelFile, "--text", models["none.txt"]).FailsWith("there is no such file");
    }

    private double Nats(string text, int begin)
    {
        using var model = RnnModel.Load(models.LanguageModelFile);
        using var session = model.CreateSession();
        var characters = CliModels.Vocabulary.EnumerateRunes().ToArray();
        var logits = new float[characters.Length];
        var tokens = text[begin..].EnumerateRunes().Select(rune => Array.IndexOf(characters, rune)).ToArray();
        var sum = 0.0;
        for (var i = 0; i + 1 < tokens.Length; i++)
        {
            session.Run([tokens[i]], logits);
            sum -= logits[tokens[i + 1]] - Math.Log(logits.Sum(logit => Math.Exp(logit)));
        }

        return sum / (tokens.Length - 1);
    }

    private Process StartEndless() =>
        CliProcess.Start([], "generate", "--model", models.LanguageModelFile, "--length", "2000000000");

    private static void ReadSome(Process process) => process.StandardOutput.BaseStream.ReadExactly(new byte[100]);
}
