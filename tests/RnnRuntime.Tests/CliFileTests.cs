using System.Diagnostics;
using RnnRuntime.Cli;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

/// <summary>Which files the command line reads and replaces, and what it says about the others.</summary>
public sealed class CliFileTests(CliModels models) : IClassFixture<CliModels>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void QuantizeWritesWhereALinkLeads()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows");
        File.CreateSymbolicLink(_directory["middle.rnn"], "end.rnn");
        File.CreateSymbolicLink(_directory["link.rnn"], _directory["middle.rnn"]);
        for (var i = 0; i < 2; i++)
        {
            CliProcess.Run("quantize", models.LanguageModelFile, "-o", _directory["link.rnn"], "--allow-slower").Succeeds();
            Assert.NotNull(new FileInfo(_directory["link.rnn"]).LinkTarget);
            Assert.Null(new FileInfo(_directory["end.rnn"]).LinkTarget);
            Assert.Equal(File.ReadAllBytes(models.Int8LanguageModelFile), File.ReadAllBytes(_directory["end.rnn"]));
        }
    }

    [Fact]
    public void PipesAreNeitherReadNorReplaced()
    {
        var pipe = MakePipe("pipe");
        File.CreateSymbolicLink(_directory["link"], pipe);
        foreach (var path in (string[])[pipe, _directory["link"]])
        {
            CliProcess.Run("quantize", models.LanguageModelFile, "-o", path).FailsWith($"--output {path}: a regular file is expected; this is a pipe");
            CliProcess.Run("inspect", path).FailsWith($"model {path}: a model file is expected; this is a pipe");
        }

        CliProcess.Run("run", models.LstmFile, "--input", $"x={pipe}").FailsWith($"--input x={pipe}: a NumPy file is expected; this is a pipe");
        var x = models.WriteRandom("x.npy", 5, 3);
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={pipe}").FailsWith($"--output y={pipe}: a regular file is expected; this is a pipe");
        using var test = Process.Start("test", ["-p", pipe]);
        test.WaitForExit();
        Assert.Equal(0, test.ExitCode);
    }

    [Fact]
    public void DirectoriesAreNamedWithTheirOption()
    {
        var directory = Path.GetDirectoryName(_directory["x"])!;
        var x = models.WriteRandom("x.npy", 5, 3);
        CliProcess.Run("evaluate", models.LanguageModelFile, "--text", directory).FailsWith($"--text {directory}: a text file is expected; this is a directory");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={directory}").FailsWith($"--input x={directory}: a NumPy file is expected; this is a directory");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={directory}").FailsWith($"--output y={directory}: a regular file is expected; this is a directory");
        CliProcess.Run("run", models.LstmFile, "--input", $"x={x}", "--output", $"y={directory}/no/o.npy").FailsWith($"--output y={directory}/no/o.npy: there is no directory {directory}/no");
        CliProcess.Run("generate", "--model", "").FailsWith("--model: a model file is expected; found an empty path");
        CliProcess.Run("generate", "--model", directory).FailsWith($"--model {directory}: a model file is expected; this is a directory");
        CliProcess.Run("quantize", models.LanguageModelFile, "-o", "").FailsWith("--output: a file is expected; found an empty path");
    }

    [Fact]
    public void EveryOutputHasAFileOfItsOwn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows");
        var model = _directory["m.rnn"];
        File.Copy(models.LstmFile, model);
        var x = models.WriteRandom("x.npy", 5, 3);
        var before = File.ReadAllBytes(x);
        File.CreateSymbolicLink(_directory["alias.npy"], x);
        File.CreateSymbolicLink(_directory["late.npy"], _directory["o.npy"]);

        void Fails(string message, params string[] outputs) =>
            CliProcess.Run(["run", model, "--input", $"x={x}", "--output", .. outputs]).FailsWith(message);
        Fails("each output needs its own", $"y={_directory["o.npy"]}", $"lstm.h={_directory["./o.npy"]}");
        Fails("each output needs its own", $"y={_directory["o.npy"]}", $"lstm.h={_directory["late.npy"]}");
        Fails($"the same file as model {model}, which is read", $"y={model}");
        Fails($"the same file as --input x={x}, which is read", $"y={_directory["alias.npy"]}");
        Assert.False(File.Exists(_directory["o.npy"]));
        Assert.Equal(before, File.ReadAllBytes(x));
        Assert.Equal(File.ReadAllBytes(models.LstmFile), File.ReadAllBytes(model));
    }

    [Fact]
    public void AFailedWriteLeavesWhatWasThere()
    {
        File.WriteAllText(_directory["o"], "old");
        var file = new OutputFile("--output ", _directory["o"]);
        Assert.Throws<CliException>(() => file.Write(partial =>
        {
            File.WriteAllText(partial, "new");
            throw new IOException("the disk is full");
        }));
        Assert.Equal("old", File.ReadAllText(_directory["o"]));
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(_directory["o"])!));
    }

    [Fact]
    public void AReadOnlyFileStaysAndAModeIsKept()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("needs Unix file modes");
            return;
        }

        File.WriteAllText(_directory["o"], "old");
        File.SetUnixFileMode(_directory["o"], UnixFileMode.UserRead);
        Assert.Contains("read-only", Assert.Throws<CliException>(() => new OutputFile("--output ", _directory["o"])).Message);

        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(_directory["o"], Mode);
        new OutputFile("--output ", _directory["o"]).Write(partial => File.WriteAllText(partial, "new"));
        Assert.Equal(Mode, File.GetUnixFileMode(_directory["o"]));
        Assert.Equal("new", File.ReadAllText(_directory["o"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SizesAreCapped(bool isSeekable)
    {
        using Stream stream = isSeekable ? new MemoryStream(new byte[1025]) : new Endless();
        Assert.Contains("the limit of 1.0 KiB", Assert.Throws<CliException>(() => InputFile.ReadAll(stream, 1024, "--text -")).Message);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("18446744073709551616")]
    public void ASeedThatIsNoneIsNamed(string seed)
    {
        var result = CliProcess.Run("generate", "--seed", seed);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"rnn: error: --seed is '{seed}'; a whole number from 0 to 18446744073709551615 is expected\n", result.Error.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnIndexOutOfRangeIsNamedWithFileAndStep(bool isStream)
    {
        NpyFile.Write(_directory["t.npy"], new NpyArray(NpyType.Int32, [4], [.. ((int[])[1, 2, 1000, 3]).SelectMany(BitConverter.GetBytes)]));
        string[] more = isStream ? ["--stream"] : [];
        CliProcess.Run(["run", models.LanguageModelFile, "--input", $"token={_directory["t.npy"]}", .. more]).FailsWith($"{_directory["t.npy"]}: time step 2: ");
    }

    private string MakePipe(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs mkfifo");
        using var make = Process.Start("mkfifo", [_directory[name]]);
        make.WaitForExit();
        Assert.Equal(0, make.ExitCode);
        return _directory[name];
    }

    private sealed class Endless : MemoryStream
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => count;
    }
}
