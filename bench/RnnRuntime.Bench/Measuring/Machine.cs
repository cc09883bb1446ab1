using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace RnnRuntime.Bench.Measuring;

/// <summary>What a reader needs to know of where a number was taken.</summary>
internal static class Machine
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>The processor's own name; hypervisors shorten it, so family and model follow where the system tells them.</summary>
    internal static string Processor
    {
        get
        {
            if (!File.Exists(CpuInfo))
            {
                return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
            }

            string[] lines = File.ReadAllLines(CpuInfo);
            return $"{Field(lines, "model name")}, family {Field(lines, "cpu family")}, model {Field(lines, "model")}";
        }
    }

    internal static string VectorWidth => Vector512.IsHardwareAccelerated ? "512-bit" : Vector256.IsHardwareAccelerated ? "256-bit" : "128-bit";

    internal static string OnnxRuntimeVersion => OrtEnv.Instance().GetVersionString();

    internal static string LibraryVersion =>
        typeof(RnnGraph).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>The folder name under <c>bench/results</c>.</summary>
    internal static string Slug
    {
        get
        {
            var slug = new StringBuilder();
            foreach (char c in $"{Processor} {VectorWidth}".ToLowerInvariant())
            {
                if (char.IsAsciiLetterOrDigit(c))
                {
                    slug.Append(c);
                }
                else if (slug.Length > 0 && slug[^1] != '-')
                {
                    slug.Append('-');
                }
            }

            return slug.ToString().TrimEnd('-');
        }
    }

    /// <summary>The checkout that the program runs from.</summary>
    internal static string CheckoutFolder
    {
        get
        {
            for (DirectoryInfo? folder = new(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "RnnRuntime.sln")))
                {
                    return folder.FullName;
                }
            }

            throw new DirectoryNotFoundException(
                "No RnnRuntime.sln in the current folder or above it: run from the checkout or give --output FILE.");
        }
    }

    /// <summary><c>bench/results</c> of the checkout that the program runs from.</summary>
    internal static string ResultsFolder => Path.Combine(CheckoutFolder, "bench", "results", Slug);

    internal static string Describe() => $"""
        - Processor: {Processor}, {VectorWidth} vectors, {Environment.ProcessorCount} of its processors available; one thread is measured
        - Runtime: {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}
        - RnnRuntime {LibraryVersion}, ONNX Runtime {OnnxRuntimeVersion}
        """;

    private static string Field(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.Split(':')[0].Trim() == name)?.Split(':', 2)[1].Trim() ?? "unknown";
}
