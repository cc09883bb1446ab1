namespace RnnRuntime.Tests.Hosts;

/// <summary>The hosts in Python and Rust, and that hosts of every language see what is wrong.</summary>
public sealed class LanguageHostTests(HostFolder folder) : IClassFixture<HostFolder>
{
    public static TheoryData<string> Languages => ["c-smoke", "cpp17", "cpp20", "python", "rust"];

    [Fact]
    public void PythonGetsTheBitsOfTheLibraryInNumPyArrays()
    {
        var (_, arguments, environment) = Command("python");
        // The first one of the search path may be without NumPy.
        string[] all = [.. HostProgram.FindTools("python3").Append("/usr/bin/python3").Where(File.Exists).Distinct()];
        var python = all.FirstOrDefault(python => HostProgram.Start(python, ["-c", "import numpy"]).ExitCode == 0);
        Assert.SkipWhen(python is null, $"none of {string.Join(", ", all)} has NumPy");
        var output = HostProgram.Run(python!, [.. arguments, folder.Path], environment);
        Assert.Contains("ok cell, NumPy: one call", output, StringComparison.Ordinal);
        Assert.Contains("ok charlm, arrays: one call", output, StringComparison.Ordinal);
    }

    /// <summary>Without what is installed beside Python's own library.</summary>
    [Fact]
    public void PythonGetsTheBitsOfTheLibraryWithoutNumPy()
    {
        var (python, arguments, environment) = Command("python");
        var output = HostProgram.Run(python, ["-S", .. arguments, folder.Path], environment);
        Assert.Contains("skipped NumPy", output, StringComparison.Ordinal);
        Assert.Contains("ok cell, arrays: one call", output, StringComparison.Ordinal);
    }

    [Fact]
    public void RustGetsTheBitsOfTheLibrary()
    {
        var (host, arguments, environment) = Command("rust");
        Assert.Contains("ok charlm: one call", HostProgram.Run(host, [.. arguments, folder.Path], environment), StringComparison.Ordinal);
    }

    [Fact]
    public void RustNamesTheFolderThatHasNoLibrary()
    {
        var cargo = HostProgram.RequireTool("cargo");
        using var elsewhere = new TemporaryDirectory();
        var (exitCode, output) = HostProgram.Start(cargo, BuildOfRust, new() { ["RNNRUNTIME_LIB_DIR"] = elsewhere["nowhere"], ["CARGO_TARGET_DIR"] = elsewhere["target"] });
        Assert.NotEqual(0, exitCode);
        Assert.Contains($"RNNRUNTIME_LIB_DIR is '{elsewhere["nowhere"]}'", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void AHostSeesOneBitThatIsWrong(string language)
    {
        var (host, arguments, environment) = Command(language);
        using var wrong = new TemporaryDirectory();
        foreach (var file in Directory.EnumerateFiles(folder.Path))
        {
            File.Copy(file, wrong[Path.GetFileName(file)]);
        }

        var bytes = File.ReadAllBytes(wrong["charlm-output.f32"]);
        bytes[^4] ^= 1;
        File.WriteAllBytes(wrong["charlm-output.f32"], bytes);
        var (exitCode, output) = HostProgram.Start(host, [.. arguments, wrong[""]], environment);
        Assert.True(exitCode == 1, output);
        Assert.Contains("FAILED charlm", output, StringComparison.Ordinal);
        Assert.DoesNotContain("FAILED cell", output, StringComparison.Ordinal);
    }

    private static string[] BuildOfRust => ["build", "--quiet", "--offline", "--release", "--manifest-path", RepositoryFiles.Require("tests/hosts/rust/Cargo.toml")];

    /// <summary>What runs the host of a language, or a skipped test.</summary>
    private static (string Program, string[] Arguments, Dictionary<string, string> Environment) Command(string language)
    {
        var library = HostProgram.RequireLibrary();
        if (language == "python")
        {
            // No compiled files in the source tree.
            return (HostProgram.RequireTool("python3"), ["-B", RepositoryFiles.Require("tests/hosts/python/main.py")], new() { ["RNNRUNTIME_LIBRARY"] = library });
        }

        if (language != "rust")
        {
            return (HostProgram.Require(language), [], []);
        }

        var target = RepositoryFiles.Require("artifacts/native-builds/hosts-rust");
        HostProgram.Run(HostProgram.RequireTool("cargo"), BuildOfRust, new() { ["RNNRUNTIME_LIB_DIR"] = Path.GetDirectoryName(library)!, ["CARGO_TARGET_DIR"] = target });
        return (Path.Combine(target, "release/host"), [], []);
    }
}
