using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using RnnRuntime.Bench.Interop;
using RnnRuntime.Bench.Lab;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Hosts;

/// <summary>What the shared library costs a host in C: runs tests/hosts/c/latency.c on models made here.</summary>
internal static class HostCommand
{
    internal const string Usage = """
        host [--steps N] [--starts N] [--no-file]
            A program in C over librnnruntime: times from completion to completion, the cost of a checked call, the first session of a process, memory of further sessions.
            LSTM (1,20), (64,128) and (64,224), whose file has 1 MB. Wants artifacts/hosts: dotnet cake --target=Hosts.
        """;

    private static readonly (int Input, int Hidden)[] Sizes = [(1, 20), (64, 128), (64, 224)];

    internal static void Run(ReadOnlySpan<string> arguments)
    {
        string command = LabOptions.CommandText("host", arguments);
        var (steps, starts, writesFile) = (1_000_000, 40, true);
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--no-file")
            {
                writesFile = false;
                continue;
            }

            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new UsageException($"'{arguments[i]}' is not an option of host, or lacks its value.");
            switch (arguments[i++])
            {
                case "--steps": steps = OptionValue.Integer("--steps", value); break;
                case "--starts": starts = OptionValue.Integer("--starts", value); break;
                default: throw new UsageException($"'{arguments[i - 1]}' is not an option of host.");
            }
        }

        // The program inherits it.
        Processors.PinAll(Processors.Allowed[^1]);
        var measured = Measure(steps, starts, command);
        Console.Write(Report(measured));
        if (writesFile)
        {
            string json = Path.Combine(Machine.ResultsFolder, "host.json");
            var file = ResultFile<HostResult>.Merge(json, Machine.Describe(), measured, row => row.Size);
            file.Save(json);
            File.WriteAllText(Path.ChangeExtension(json, ".md"), Report(file.Rows));
            Versions.Write("host", file.Rows.Select(row => row.Command));
        }
    }

    private static List<HostResult> Measure(int steps, int starts, string command)
    {
        string folder = Directory.CreateTempSubdirectory("rnn-host-").FullName;
        try
        {
            var models = new List<string>();
            foreach (var (input, hidden) in Sizes)
            {
                using var model = RnnModel.FromGraph(CellGraph.Build(new CellProblem(new CellShape(input, hidden)), null));
                models.Add(Path.Combine(folder, $"{input}x{hidden}.rnn"));
                model.Save(models[^1]);
            }

            using JsonDocument document = JsonDocument.Parse(RunProgram([LibraryPath(), $"{steps}", $"{starts}", .. models]));
            return [.. document.RootElement.EnumerateArray().Select((row, i) => Read(row, $"({Sizes[i].Input},{Sizes[i].Hidden})", command))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string LibraryPath()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string extension = OperatingSystem.IsWindows() ? "dll" : OperatingSystem.IsMacOS() ? "dylib" : "so";
        return Require($"artifacts/runtime/{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}/librnnruntime.{extension}");
    }

    private static string Require(string relative)
    {
        string path = Path.Combine(Machine.CheckoutFolder, relative);
        return File.Exists(path) ? path : throw new UsageException($"There is no '{relative}'; dotnet cake --target=Hosts makes it.");
    }

    private static string RunProgram(string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Require("artifacts/hosts/c-latency"), arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"c-latency ended with exit code {process.ExitCode}.");
    }

    private static HostResult Read(JsonElement row, string size, string command)
    {
        JsonElement overhead = row.GetProperty("one_step_a_call");
        JsonElement start = row.GetProperty("first_session");
        return new HostResult(
            size, row.GetProperty("kernel").GetString()!, row.GetProperty("weight_bytes").GetInt64(),
            [.. row.GetProperty("completion_to_completion").EnumerateArray().Select(calls => new HostCalls(
                calls.GetProperty("steps_a_call").GetInt32(), calls.GetProperty("calls").GetInt64(), Number(calls, "p50_ns"), Number(calls, "p99_ns"), Number(calls, "p99.99_ns"),
                Number(calls, "max_ns")))],
            overhead.ValueKind == JsonValueKind.Null
                ? null
                : new HostOverhead(Number(overhead, "run_min_ns"), Number(overhead, "run_median_ns"), Number(overhead, "native_min_ns"), Number(overhead, "native_median_ns")),
            new HostStart(
                start.GetProperty("processes").GetInt32(), Median("open_ms"), Median("start_ms"), Median("load_ms"), Median("total_ms"),
                Number(start.GetProperty("total_ms"), "max"), Median("resident_after_kb") - Median("resident_before_kb"), Median("further_session_kb"), (long)Median("memory_bytes")),
            command);

        double Median(string name) => Number(start.GetProperty(name), "median");
        static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
    }

    private static string Report(IReadOnlyList<HostResult> rows)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine("# A host in C over the shared library");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        foreach (string command in rows.Select(row => row.Command).Distinct())
        {
            writer.WriteLine($"- Command: `{command}`");
        }

        writer.WriteLine("- Float32 LSTM, one session, rnn_session_run; us, from the end of a call to the end of the next");
        writer.WriteLine();
        writer.WriteLine("| LSTM | kernel | steps a call | calls | p50 | p99 | p99.99 | largest |");
        writer.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|");
        foreach (HostResult row in rows)
        {
            foreach (HostCalls calls in row.Calls)
            {
                writer.WriteLine(
                    $"| {row.Size} | {row.Kernel} | {calls.StepsPerCall} | {calls.Count:N0} | {calls.P50Ns / 1000:F2} | {calls.P99Ns / 1000:F2} | {calls.P9999Ns / 1000:F1} | {calls.MaxNs / 1000:F1} |");
            }
        }

        writer.WriteLine();
        writer.WriteLine("One step a call, ns, minimum and (median): the checked function, and the function of rnn_session_get_native_run on the same session, in turns.");
        writer.WriteLine();
        writer.WriteLine("| LSTM | rnn_session_run | without checks | difference |");
        writer.WriteLine("|---|---:|---:|---:|");
        foreach (HostResult row in rows)
        {
            writer.WriteLine(row.Overhead is { } overhead
                ? $"| {row.Size} | {overhead.RunMinNs:F1} ({overhead.RunMedianNs:F1}) | {overhead.NativeMinNs:F1} ({overhead.NativeMedianNs:F1}) | {overhead.RunMinNs - overhead.NativeMinNs:F1} |"
                : $"| {row.Size} | managed code runs the session | | |");
        }

        writer.WriteLine();
        writer.WriteLine("Processes that start: medians in ms, and from before dlopen to the end of the first step also the largest; resident memory.");
        writer.WriteLine();
        writer.WriteLine("| LSTM | weights, bytes | processes | dlopen | rnn_start | load | all, to the first step | largest | memory of all that, KB | a further session, KB | memory_bytes |");
        writer.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (HostResult row in rows)
        {
            HostStart start = row.Start;
            writer.WriteLine(
                $"| {row.Size} | {row.WeightBytes:N0} | {start.Processes} | {start.OpenMs:F2} | {start.StartMs:F2} | {start.LoadMs:F2} | {start.TotalMs:F2} | {start.TotalMaxMs:F2} | {start.ResidentKb:N0} | {start.FurtherSessionKb:F1} | {start.SessionBytes:N0} |");
        }

        return writer.ToString().ReplaceLineEndings("\n");
    }
}
