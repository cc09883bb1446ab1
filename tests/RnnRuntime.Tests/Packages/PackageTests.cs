using System.Buffers.Binary;
using RnnRuntime.Tests.Import;

namespace RnnRuntime.Tests;

/// <summary>The packages as their users take them: programs that are built against them outside the tree, and the tool, give what the library under test gives.</summary>
[Trait("Category", "Packages")]
[Collection("Current directory")]
public sealed class PackageTests(PackageWorkspace workspace) : IClassFixture<PackageWorkspace>
{
    private static readonly string[] Models =
        ["src/RnnRuntime.Cli/Models/charlm.rnn", "tests/golden/network-language.rnn", "tests/golden/network-signal.rnn", "tests/golden/lstm-40x64-1layer.rnn"];

    [Fact]
    public void AProgramOfTheLibrary()
    {
        var folder = CreateConsumer("Console");
        workspace.Build(folder, "build", "-o", Path.Combine(folder, "out"));
        Runs(folder, Path.Combine(folder, "out", "Console"), Expected(folder));
    }

    [Fact]
    public void ATrimmedProgramThatBringsItsRuntime()
    {
        var folder = CreateConsumer("Trimmed");
        workspace.Build(folder, "publish", "--use-current-runtime", "--self-contained", "-p:PublishTrimmed=true", "-o", Path.Combine(folder, "out"));
        Runs(folder, Path.Combine(folder, "out", "Trimmed"), Expected(folder));
    }

    /// <summary>Compiled for this processor, it has every kernel that a compilation at run time has.</summary>
    [Fact]
    public void ANativeProgram()
    {
        var folder = CreateConsumer("Native");
        PublishNative(folder, "-p:IlcInstructionSet=native");
        Assert.Equal(Without(Expected(folder), "missing "), Without(RunConsumer(folder, Path.Combine(folder, "out", "Native")), "missing "));
    }

    /// <summary>Compiled for any processor, it has the same C kernels, the same choice and the same bits, and says why it lacks others.</summary>
    [Fact]
    public void ANativeProgramForAnyProcessor()
    {
        var folder = CreateConsumer("AnyProcessor");
        Assert.SkipUnless(RnnKernels.Default.StartsWith("c-", StringComparison.Ordinal), $"There are no C kernels here, the best kernel is {RnnKernels.Default}.");
        PublishNative(folder);
        var (expected, lines) = (Expected(folder), RunConsumer(folder, Path.Combine(folder, "out", "AnyProcessor")));
        Assert.Equal(Without(expected, "available: ", "missing "), Without(lines, "available: ", "missing "));
        Assert.Equal(CKernels(expected), CKernels(lines));
        Assert.All(lines.Where(line => line.StartsWith("missing avx", StringComparison.Ordinal)), line => Assert.Contains("(IlcInstructionSet)", line, StringComparison.Ordinal));

        static IEnumerable<string> CKernels(string[] lines) => lines.Single(line => line.StartsWith("available: ", StringComparison.Ordinal))["available: ".Length..]
            .Split(", ").Where(name => name.StartsWith("c-", StringComparison.Ordinal));
    }

    [Fact]
    public void AProgramOfTheImporters()
    {
        var program = BuildImporting();
        var folder = Path.GetDirectoryName(program)!;
        File.WriteAllText(Path.Combine(folder, "rtneural.json"), CliSources.RtNeural);
        File.WriteAllText(Path.Combine(folder, "lstm.nam"), CliSources.Nam);
        File.WriteAllBytes(Path.Combine(folder, "rnn.safetensors"), CliSources.StateDict(hasHead: false));
        File.WriteAllBytes(Path.Combine(folder, "recurrence.onnx"), CliSources.OnnxRecurrence());
        ImportsTheSame(
            program, [.. new[] { "rtneural.json", "lstm.nam", "rnn.safetensors", "recurrence.onnx?batch=1" }.Select(file => Path.Combine(folder, file)),
                RepositoryFiles.Require("tests/RnnRuntime.Fuzz/Seeds/keras.h5")]);
    }

    [Theory]
    [InlineData("charlm", "model.onnx?batch=1,time=1")]
    [InlineData("silero", "silero_vad.onnx?sr=16000,input[0]=1,input[1]=576,state[1]=1")]
    public void AProgramOfTheImportersWithAPublishedModel(string set, string model)
    {
        var program = BuildImporting();
        ImportsTheSame(program, [Path.Combine(SharedModels.Folder(set), model)]);
    }

    [Fact]
    public void TheTool()
    {
        workspace.EnsureSources();
        var tools = workspace["tools"];
        workspace.Dotnet(workspace["."], "tool", "install", PackedFiles.Tool, "--version", PackedFiles.Version, "--tool-path", tools);
        string model = RepositoryFiles.Require(Models[0]), original = RepositoryFiles.Require("src/training/charlm-float32.rnn");
        Same("kernels");
        Same("kernels", "--hash", RepositoryFiles.Require("tests/golden/network-signal.rnn"));
        Same("generate", "--prompt", "ROMEO:", "--seed", "7", "--length", "200");
        Same("inspect", model, "--plan");

        string[] compare = ["compare", original, model, "--steps", "32", "--report"];
        Rnn([.. compare, workspace["installed.png"]]).Succeeds();
        CliProcess.Run([.. compare, workspace["here.png"]]).Succeeds();
        var image = File.ReadAllBytes(workspace["installed.png"]);
        Assert.Equal(2000, BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(16)));
        Assert.Equal(File.ReadAllBytes(workspace["here.png"]), image);

        // As on a platform that the package brings no plots for.
        var plots = Directory.EnumerateFiles(tools, "*SkiaSharp*", SearchOption.AllDirectories).Where(file => file.Contains("native", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(plots);
        Array.ForEach(plots, File.Delete);

        Rnn([.. compare, workspace["none.png"]]).FailsWith("this installation of rnn has no plots for");
        Assert.False(File.Exists(workspace["none.png"]));
        Rnn([.. compare, workspace["numbers.json"]]).Succeeds();

        CliProcess Rnn(params string[] arguments) => workspace.Run(workspace["."], Path.Combine(tools, "rnn"), arguments);

        void Same(params string[] arguments) => Assert.Equal(CliProcess.Run(arguments).Succeeds().Output, Rnn(arguments).Succeeds().Output);
    }

    private string CreateConsumer(string name)
    {
        var folder = workspace.CreateProject(
            name, PackedFiles.Library, "foreach (var line in RnnRuntime.Tests.Consumer.Describe(args)) { Console.WriteLine(line); }", "Packages/Consumer.cs", "ReadmeExample.cs");
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 20, seed: 1));
        model.Save(Path.Combine(folder, "model.rnn"));
        return folder;
    }

    /// <summary>Built once for all tests that run it.</summary>
    private string BuildImporting()
    {
        const string Name = "Importing";
        var program = Path.Combine(workspace[Name], "out", Name);
        if (!File.Exists(program + ".dll"))
        {
            var folder = workspace.CreateProject(
                Name, PackedFiles.Importer, "foreach (var line in RnnRuntime.Tests.ImportConsumer.Describe(args)) { Console.WriteLine(line); }",
                "Packages/ImportConsumer.cs", "Packages/Consumer.cs", "ReadmeExample.cs");
            workspace.Build(folder, "build", "-o", Path.Combine(folder, "out"));
        }

        return program;
    }

    private void PublishNative(string folder, params string[] properties)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var hasLinker = folders.Any(path => File.Exists(Path.Combine(path, "clang")) || File.Exists(Path.Combine(path, "gcc")));
        Assert.SkipUnless(hasLinker || OperatingSystem.IsWindows(), "Native AOT links with clang or gcc, which the PATH does not have.");
        workspace.Build(folder, "publish", ["--use-current-runtime", "-p:PublishAot=true", .. properties, "-o", Path.Combine(folder, "out")]);
    }

    private string[] RunConsumer(string folder, string program) =>
        workspace.Run(folder, program, [.. Models.Select(RepositoryFiles.Require)]).Succeeds().Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    private static IEnumerable<string> Without(string[] lines, params string[] starts) =>
        lines.Where(line => !starts.Any(start => line.StartsWith(start, StringComparison.Ordinal)));

    private void Runs(string folder, string program, string[] expected) => Assert.Equal(expected, RunConsumer(folder, program));

    private static string[] Expected(string folder)
    {
        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder;
            return [.. Consumer.Describe(Models.Select(RepositoryFiles.Require))];
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    private void ImportsTheSame(string program, string[] models)
    {
        var output = workspace.Run(workspace["."], program, models).Succeeds().Output;
        Assert.Equal(ImportConsumer.Describe(models), output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
    }
}
