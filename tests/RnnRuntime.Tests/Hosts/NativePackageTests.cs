using System.Text.RegularExpressions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>What <c>dotnet cake --target=Install</c> gives, used as the README says, after the prefix was moved; and the README's examples, compiled and run.</summary>
public sealed class NativePackageTests(NativePackageTests.Prefix prefix) : IClassFixture<NativePackageTests.Prefix>
{
    private static readonly string[] s_warnings = ["-Wall", "-Wextra", "-Werror"];

    private static string BuiltVersion => Regex.Match(File.ReadAllText(RepositoryFiles.Require("Directory.Build.props")), "<Version>(.*)</Version>").Groups[1].Value;

    [Theory]
    [InlineData("gcc")]
    [InlineData("clang")]
    public void TheCExampleOfTheReadmeIsCompiledWithoutAWarningAndRuns(string compiler)
    {
        using var folder = new ReadmeHosts();
        Compile(folder, compiler, [.. s_warnings, "-Wpedantic", "-std=c17", folder["example.c"]], "example");
        folder.AssertPrints(folder.Run(prefix.Path, "example"));
    }

    [Theory]
    [InlineData("g++")]
    [InlineData("clang++")]
    public void TheCppExampleOfTheReadmeIsCompiledWithoutAWarningAndRuns(string compiler)
    {
        using var folder = new ReadmeHosts();
        Compile(folder, compiler, [.. s_warnings, "-Wpedantic", "-std=c++20", folder["example.cpp"]], "example-cpp");
        folder.AssertPrints(folder.Run(prefix.Path, "example-cpp"));
    }

    [Theory]
    [InlineData("gcc", "c", "-std=c99")]
    [InlineData("gcc", "c", "-std=c17")]
    [InlineData("clang", "c", "-std=c99")]
    [InlineData("clang", "c", "-std=c17")]
    [InlineData("g++", "c++", "-std=c++17")]
    [InlineData("g++", "c++", "-std=c++20")]
    [InlineData("clang++", "c++", "-std=c++17")]
    [InlineData("clang++", "c++", "-std=c++20")]
    public void AHeaderByItselfIsCompiledWithoutAWarning(string compiler, string language, string standard)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["only"], $"#include <rnn_runtime.{(language == "c" ? "h" : "hpp")}>\nint main(void) {{ return rnn_abi_version() != RNN_ABI_VERSION; }}\n");
        HostProgram.Run(
            HostProgram.RequireTool(compiler),
            [.. s_warnings, "-Wpedantic", "-Wshadow", "-Wconversion", standard, "-fsyntax-only", "-I", RepositoryFiles.Require("native/include"), "-x", language, folder["only"]]);
    }

    [Fact]
    public void AnExampleWithoutItsModelSaysSo()
    {
        using var folder = new ReadmeHosts();
        File.Delete(folder["model.rnn"]);
        Compile(folder, "gcc", [folder["example.c"]], "example");
        var (exitCode, output) = folder.Run(prefix.Path, "example");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("RNN_IO_ERROR: ", output, StringComparison.Ordinal);
        Assert.Contains("model.rnn", output, StringComparison.Ordinal);
    }

    [Fact]
    public void AProjectFindsTheMovedPackageByCMake()
    {
        using var folder = new ReadmeHosts();
        folder.BuildByCMake(prefix.Path);
        folder.AssertPrints(folder.Run(null, "build/example"));
        folder.AssertPrints(folder.Run(null, "build/example-cpp"));
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 1, false)]
    [InlineData(1, 0, false)]
    public void CMakeTakesThePackageForItsVersionsOnly(int majorsLater, int minorsLater, bool isTaken)
    {
        var cmake = HostProgram.RequireTool("cmake");
        var built = Version.Parse(BuiltVersion);
        var version = $"{built.Major + majorsLater}.{built.Minor + minorsLater}";
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder["CMakeLists.txt"], $"cmake_minimum_required(VERSION 3.16)\nproject(consumer LANGUAGES NONE)\nfind_package(RnnRuntime {version} REQUIRED)\n");
        var (exitCode, output) = HostProgram.Start(cmake, ["-S", folder[""], "-B", folder["build"], $"-DCMAKE_PREFIX_PATH={prefix.Path}"]);
        Assert.True(isTaken == (exitCode == 0), output);
    }

    [Fact]
    public void TheCommandsOfTheReadmeFindTheMovedPackageByPkgConfig()
    {
        HostProgram.RequireTool("pkg-config");
        HostProgram.RequireTool("cc");
        HostProgram.RequireTool("c++");
        using var folder = new ReadmeHosts();
        File.WriteAllText(folder["commands.sh"], $"set -e\ncd \"$1\"\n{ReadmeHosts.Readme("sh")}pkg-config --modversion rnnruntime\n");
        var environment = new Dictionary<string, string> { ["PKG_CONFIG_PATH"] = Path.Combine(prefix.Path, "lib/pkgconfig") };
        var output = HostProgram.Run(HostProgram.RequireTool("sh"), [folder["commands.sh"], folder[""]], environment);
        Assert.Equal(BuiltVersion, output.Trim());
        folder.AssertPrints(folder.Run(null, "example"));
        folder.AssertPrints(folder.Run(null, "example-cpp"));
    }

    [Theory]
    [InlineData(false, "RNNRUNTIME_BUILT is")]
    [InlineData(true, "has no licenses of the code that the library is linked with")]
    public void AFolderWithoutTheLibraryOrItsLicensesIsNotInstalled(bool hasLibrary, string message)
    {
        var cmake = HostProgram.RequireTool("cmake");
        using var folder = new TemporaryDirectory();
        if (hasLibrary)
        {
            Directory.CreateDirectory(folder["built"]);
            File.WriteAllText(folder["built/librnnruntime.so"], "");
        }

        var (exitCode, output) = HostProgram.Start(cmake, ["-S", RepositoryFiles.Require("native/package"), "-B", folder["build"], $"-DRNNRUNTIME_BUILT={folder["built"]}"]);
        output = Regex.Replace(output, @"\s+", " ");
        Assert.NotEqual(0, exitCode);
        Assert.Contains(folder["built"], output, StringComparison.Ordinal);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.Contains("--target=Exports", output, StringComparison.Ordinal);
    }

    private void Compile(ReadmeHosts folder, string compiler, string[] arguments, string program) => HostProgram.Run(
        HostProgram.RequireTool(compiler),
        [.. arguments, "-I", Path.Combine(prefix.Path, "include"), "-L", Path.Combine(prefix.Path, "lib"), "-lrnnruntime", "-o", folder[program]]);

    /// <summary>An installed prefix that was moved since.</summary>
    public sealed class Prefix : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        public string Path
        {
            get
            {
                var moved = _directory["another-place"];
                if (!Directory.Exists(moved))
                {
                    var (cmake, library) = (HostProgram.RequireTool("cmake"), HostProgram.RequireLibrary());
                    var built = System.IO.Path.GetDirectoryName(library);
                    HostProgram.Run(cmake, ["-S", RepositoryFiles.Require("native/package"), "-B", _directory["build"], $"-DRNNRUNTIME_BUILT={built}"]);
                    HostProgram.Run(cmake, ["--install", _directory["build"], "--prefix", _directory["first-place"]]);
                    Directory.Move(_directory["first-place"], moved);
                }

                return moved;
            }
        }

        public void Dispose() => _directory.Dispose();
    }
}
