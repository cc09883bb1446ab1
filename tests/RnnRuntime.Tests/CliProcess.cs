using System.Diagnostics;
using System.Text;

namespace RnnRuntime.Tests;

/// <summary>Runs the built command line as its user does: as a process.</summary>
internal sealed record CliProcess(int ExitCode, byte[] OutputBytes, string Error)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(120);

    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public static CliProcess Run(params string[] arguments) => RunWith([], arguments);

    public static CliProcess RunWith(Dictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        var error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        Assert.True(process.WaitForExit(TimeLimit), "rnn did not end");
        return new CliProcess(process.ExitCode, output.ToArray(), error.Result);
    }

    public static Process Start(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(FindHost())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "rnn.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("RNNRUNTIME_KERNEL");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Runs a shell script whose arguments are the dotnet host and these; its standard output is a file.</summary>
    public static Process StartShell(string script, string output, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardError = true };
        foreach (var argument in (string[])["-c", $"exec >\"$0\"; {script}", output, FindHost(), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    public CliProcess Succeeds()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>An error of the input: exit code 1 and one line on standard error.</summary>
    public void FailsWith(string message)
    {
        Assert.Equal(1, ExitCode);
        Assert.StartsWith("rnn: error: ", Error);
        Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(message, Error);
        Assert.DoesNotContain("internal error", Error);
    }

    public static string FindHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Prepend(Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "").Where(directory => directory.Length > 0);
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
            ?? directories.Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(host is null, "the dotnet host that would run rnn is not on the PATH");
        return host!;
    }
}
