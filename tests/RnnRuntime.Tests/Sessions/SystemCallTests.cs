using System.ComponentModel;
using System.Diagnostics;

namespace RnnRuntime.Tests.Sessions;

/// <summary>
/// No call of a running session enters the kernel, and so none waits for a contended lock: strace watches this program run
/// <see cref="SessionsRunBetweenTheMarks"/>, where a look for a missing file marks the trace before and after the steps.
/// </summary>
public sealed class SystemCallTests
{
    private const string Interrupt = "RNNRUNTIME_TEST_SYSTEM_CALL_AT_ROUND";
    private const string Warm = "/rnnruntime-missing/warm";
    private const string Begin = "/rnnruntime-missing/begin";
    private const string Extra = "/rnnruntime-missing/extra";
    private const string End = "/rnnruntime-missing/end";

    private const int Rounds = 500;
    private const int ChunkLength = 4;

    [Fact]
    public async Task StepsMakeNoSystemCall() => Assert.Empty(await TraceAsync(interruptAt: null));

    [Fact]
    public async Task ASystemCallBetweenTheMarksIsSeen() => Assert.Contains(Extra, Assert.Single(await TraceAsync(interruptAt: Rounds / 2)), StringComparison.Ordinal);

    [Fact]
    public void SessionsRunBetweenTheMarks()
    {
        var interruptAt = int.TryParse(Environment.GetEnvironmentVariable(Interrupt), out var round) ? round : -1;
        var loads = Load.All();
        try
        {
            foreach (var load in loads)
            {
                load.Run();
                load.Run();
            }

            File.Exists(Warm);
            File.Exists(Begin);
            for (var i = 0; i < Rounds; i++)
            {
                foreach (var load in loads)
                {
                    load.Run();
                }

                if (i == interruptAt)
                {
                    File.Exists(Extra);
                }
            }

            File.Exists(End);
            Assert.True(loads.Length * Rounds * Load.StepsPerRound >= 20_000);
            Assert.All(loads, load => Assert.All(load.Result, value => Assert.True(float.IsFinite(value))));
            Assert.All(loads, load => Assert.Contains(load.Result, value => value != 0));
        }
        finally
        {
            Array.ForEach(loads, load => load.Dispose());
        }
    }

    /// <summary>The system calls between the marks, on the thread that made the marks.</summary>
    private static async Task<string[]> TraceAsync(int? interruptAt)
    {
        await SkipWithoutStraceAsync();
        var assembly = typeof(SystemCallTests).Assembly.Location;
        Assert.SkipUnless(Environment.ProcessPath is { Length: > 0 } && File.Exists(assembly), "This program is not a file of its own that could be started again.");
        using var directory = new TemporaryDirectory();
        var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var (exitCode, output) = await StraceAsync(
        [
            "-f", "-qq", "-s", "256", "-o", directory["trace"], Environment.ProcessPath,
            .. host ? ["exec", assembly] : Array.Empty<string>(),
            "-noLogo", "-noColor", "-method", $"{typeof(SystemCallTests).FullName}.{nameof(SessionsRunBetweenTheMarks)}",
        ], interruptAt);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {output}");
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        return BetweenTheMarks(await File.ReadAllLinesAsync(directory["trace"], TestContext.Current.CancellationToken));
    }

    private static string[] BetweenTheMarks(string[] trace)
    {
        var begin = MarkLine(trace, Begin);
        var end = MarkLine(trace, End);
        var thread = ThreadOf(trace[begin]);
        Assert.Equal(thread, ThreadOf(trace[end]));
        Assert.True(begin < end, $"line {begin} begins, line {end} ends");
        return [.. trace[(begin + 1)..end].Where(line => ThreadOf(line) == thread && IsCall(line[thread.Length..].TrimStart()))];
    }

    private static int MarkLine(string[] trace, string path)
    {
        var lines = trace.Index().Where(line => line.Item.Contains($"\"{path}\"", StringComparison.Ordinal)).Select(line => line.Index).ToArray();
        Assert.True(lines.Length == 1, $"{lines.Length} of {trace.Length} lines of the trace name {path}, expected 1");
        return lines[0];
    }

    private static string ThreadOf(string line) => line[..line.IndexOf(' ', StringComparison.Ordinal)];

    // "--- SIG" is a signal from outside and rt_sigreturn its end; "<... name resumed>" ends a call that has a line of its own.
    private static bool IsCall(string text) =>
        !text.StartsWith("---", StringComparison.Ordinal) && !text.StartsWith("<...", StringComparison.Ordinal) && !text.StartsWith("rt_sigreturn", StringComparison.Ordinal);

    private static async Task SkipWithoutStraceAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "strace is a Linux program.");
        try
        {
            var (exitCode, output) = await StraceAsync(["-f", "-o", "/dev/null", "true"], interruptAt: null);
            Assert.SkipUnless(exitCode == 0, $"strace may not trace a process here: {output}");
        }
        catch (Win32Exception) when (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")))
        {
            Assert.Skip("strace is not installed.");
        }
    }

    private static async Task<(int ExitCode, string Output)> StraceAsync(string[] arguments, int? interruptAt)
    {
        var start = new ProcessStartInfo("strace", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // Without tiers and without a collection, the runtime itself has nothing left to do after warm-up. The size is hexadecimal.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        start.Environment["DOTNET_GCgen0size"] = "10000000";
        start.Environment[Interrupt] = interruptAt?.ToString();
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }

    /// <summary>A model with a session for chunks and one for single steps, and every buffer they need.</summary>
    private sealed class Load : IDisposable
    {
        public const int StepsPerRound = 1 + 1 + ChunkLength + 1 + ChunkLength;

        private const int Features = 5;
        private const int Size = 20;

        private readonly RnnModel _model;
        private readonly RnnSession _session;
        private readonly RnnSession _stepwise;
        private readonly float[] _input = new float[ChunkLength * Features];
        private readonly byte[] _state;

        private Load(RnnGraph graph, string kernel)
        {
            _model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
            _session = _model.CreateSession(1, ChunkLength);
            _stepwise = _model.CreateSession(1, 1);
            _state = new byte[_session.StateBytes];
            Array.Fill(_input, 0.5f);
        }

        public float[] Result { get; } = new float[ChunkLength * Size];

        public static Load[] All() =>
        [
            .. from kernel in RnnKernels.All
               where kernel.IsAvailable
               from layer in new[] { ("lstm", false), ("lstm", true), ("gru-reset-after", false), ("gru-reset-after", true), ("conv", false) }
               select new Load(TestModels.Single(layer.Item1, Features, Size, seed: 1).Quantized(layer.Item2), kernel.Name),
        ];

        public void Run()
        {
            _stepwise.Run(_input.AsSpan(0, Features), Result.AsSpan(0, Size));
            _session.Run(_input.AsSpan(0, Features), Result.AsSpan(0, Size));
            _session.Run(_input, Result);
            Named(1);
            Named(ChunkLength);
            _session.SaveState(_state);
            _session.Reset();
            _session.LoadState(_state);
        }

        public void Dispose()
        {
            _session.Dispose();
            _stepwise.Dispose();
            _model.Dispose();
        }

        private void Named(int steps)
        {
            _session.SetInput("x", _input.AsSpan(0, steps * Features));
            _session.Run(steps);
            _session.GetOutput("y", Result.AsSpan(0, steps * Size));
        }
    }
}
