using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace RnnRuntime.Tests.Hosts;

/// <summary>The programs that <c>dotnet cake --target=Hosts</c> makes in artifacts/hosts, and the library that they use.</summary>
internal static class HostProgram
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(20);

    private static string RuntimeFolder { get; } = Path.Combine(
        "artifacts/runtime",
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");

    /// <summary>Where the shared library for C lies in a source tree that has it.</summary>
    public static string LibraryPath { get; } = Path.Combine(
        RepositoryFiles.Root, RuntimeFolder, OperatingSystem.IsWindows() ? "librnnruntime.dll" : OperatingSystem.IsMacOS() ? "librnnruntime.dylib" : "librnnruntime.so");

    /// <summary>The shared library for C, or a skipped test where it was not built.</summary>
    public static string RequireLibrary()
    {
        RepositoryFiles.Require(RuntimeFolder);
        Assert.SkipUnless(
            File.Exists(LibraryPath), $"{RuntimeFolder}/{Path.GetFileName(LibraryPath)} is not built; dotnet cake --target=Exports makes it where the compilers are there.");
        return LibraryPath;
    }

    /// <summary>A built host, or a skipped test.</summary>
    public static string Require(string name)
    {
        RequireLibrary();
        var path = RepositoryFiles.Require($"artifacts/hosts/{name}");
        path = File.Exists(path) ? path : path + ".exe";
        Assert.SkipUnless(File.Exists(path), $"artifacts/hosts/{name} is not built; dotnet cake --target=Hosts makes it where its compiler is there.");
        return path;
    }

    /// <summary>A program of the search path, or a skipped test.</summary>
    public static string RequireTool(string name)
    {
        var path = FindTools(name).FirstOrDefault();
        Assert.SkipWhen(path is null, $"{name} is not on the PATH");
        return path!;
    }

    /// <summary>All programs of this name on the search path, in its order.</summary>
    public static IEnumerable<string> FindTools(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).Where(File.Exists);

    /// <summary>Runs a program to its end and returns what it printed; a failure where its exit code is not 0. What it says that it skipped is a warning of the test.</summary>
    public static string Run(string program, IEnumerable<string> arguments, Dictionary<string, string>? environment = null)
    {
        var (exitCode, output) = Start(program, arguments, environment);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(exitCode == 0, $"{Path.GetFileName(program)} ended with exit code {exitCode}.\n{Failures(output)}");
        foreach (var line in output.Split('\n').Where(line => line.StartsWith("SKIPPED ", StringComparison.Ordinal)))
        {
            TestContext.Current.AddWarning($"{Path.GetFileName(program)}: {line}");
        }

        return output;
    }

    public static (int ExitCode, string Output) Start(string program, IEnumerable<string> arguments, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("RNNRUNTIME_KERNEL");
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(s_timeLimit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path.GetFileName(program)} did not end.\n{output}");
        }

        process.WaitForExit();
        return (process.ExitCode, output.ToString());

        void Append(string? line)
        {
            lock (output)
            {
                output.Append(line is null ? "" : line + "\n");
            }
        }
    }

    // What failed, and the last lines: a program that was ended by a signal says nothing more.
    private static string Failures(string output)
    {
        var lines = output.Split('\n');
        return string.Join('\n', lines.Where(line => line.StartsWith("FAILED", StringComparison.Ordinal)).Take(40).Append("...").Concat(lines.TakeLast(10)));
    }
}
