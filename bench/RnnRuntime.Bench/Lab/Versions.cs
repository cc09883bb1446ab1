using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers.OneDnn;
using RnnRuntime.Kernels;

namespace RnnRuntime.Bench.Lab;

/// <summary><c>versions.txt</c> beside the results: what was measured with what. Each suite replaces its own lines.</summary>
internal static class Versions
{
    private const string Command = "command";

    internal static void Write(string suite, IEnumerable<string> commands)
    {
        string path = Path.Combine(Machine.ResultsFolder, "versions.txt");
        string own = $"{Command}, {suite}: ";
        IEnumerable<string> others = File.Exists(path)
            ? File.ReadAllLines(path).Where(line => line.StartsWith($"{Command}, ", StringComparison.Ordinal) && !line.StartsWith(own, StringComparison.Ordinal))
            : [];
        string at = $"{DateTime.UtcNow:yyyy-MM-dd}, {Commit()}";
        IEnumerable<string> lines = [.. Lines(), .. others.Concat(commands.Distinct().Select(command => $"{own}{command} ({at})")).Order(StringComparer.Ordinal)];
        Directory.CreateDirectory(Machine.ResultsFolder);
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
    }

    private static IEnumerable<string> Lines() =>
    [
        $"processor: {Machine.Processor}, {Machine.VectorWidth} vectors",
        $"operating system: {RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}",
        $"runtime: {RuntimeInformation.FrameworkDescription}",
        $"RnnRuntime: {Machine.LibraryVersion}",
        $"kernels: {string.Join(", ", RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name))}",
        $"C library: {NativeLibraryState()}",
        $"ONNX Runtime: {Machine.OnnxRuntimeVersion}",
        $"oneDNN: {OneDnnApi.MissingReason ?? OneDnnApi.VersionText}",
        $"BenchmarkDotNet: {VersionOf(typeof(BenchmarkDotNet.Attributes.BenchmarkAttribute))}",
        $"ScottPlot: {VersionOf(typeof(ScottPlot.Plot))}",
    ];

    private static string NativeLibraryState()
    {
        RnnKernelInfo[] native = [.. RnnKernels.All.Where(kernel => KernelRegistry.IsNative(kernel.Name))];
        return native.Length == 0 ? "no kernels of it in the registry"
            : native.Any(kernel => kernel.IsAvailable) ? "found"
            : $"absent: {native[0].UnavailableReason}";
    }

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private static string Commit()
    {
        try
        {
            string commit = Git("rev-parse --short=12 HEAD").Trim();
            bool changed = Git("status --porcelain -- src native bench/RnnRuntime.Bench").Length > 0;
            return commit.Length == 0 ? "no commit" : $"commit {commit}{(changed ? " with changes" : "")}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "no commit: git is not installed";
        }
    }

    private static string Git(string arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Machine.CheckoutFolder };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
