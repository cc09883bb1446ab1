namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// The hosts in C where every access to memory is looked at: with the sanitizers of gcc in the C code of the library and in the hosts, and under valgrind, which
/// looks at managed code too. <c>dotnet cake --target=HostTest</c> builds and runs what these need.
/// </summary>
public sealed class CheckedHostTests(HostFolder folder) : IClassFixture<HostFolder>
{
    private const string SanitizedHosts = "RNNRUNTIME_SANITIZED_HOSTS";
    private const string Valgrind = "RNNRUNTIME_VALGRIND";

    // SIGSEGV is the managed runtime's, and what lives as long as the process is no leak.
    private static readonly Dictionary<string, string> s_sanitizers = new()
    {
        ["ASAN_OPTIONS"] = "handle_segv=0:use_sigaltstack=0:detect_leaks=0:detect_stack_use_after_return=1",
        ["UBSAN_OPTIONS"] = "print_stacktrace=1",
    };

    public static TheoryData<string, string[]> Programs => new()
    {
        { "c-smoke", [] },
        { "c-swap", [] },
        { "c-hostile", ["11", "6000"] },
        { "c-hostile", ["12", "6000"] },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public void SanitizersFindNothing(string program, string[] arguments) => HostProgram.Run(Sanitized(program), [folder.Path, .. arguments], s_sanitizers);

    /// <summary>The kernels of the library, over every kind of node.</summary>
    [Theory]
    [MemberData(nameof(ReplayTests.NativeKernels), MemberType = typeof(ReplayTests))]
    public void SanitizersFindNothingInAnyKindOfNode(string kernel) => ReplayTests.Replay(Sanitized("c-replay"), kernel, s_sanitizers);

    /// <summary>Fewer calls: each takes some thirty times as long.</summary>
    [Theory]
    [InlineData("c-smoke")]
    [InlineData("c-hostile", "13", "1000")]
    public void ValgrindFindsNothing(string program, params string[] arguments)
    {
        var host = HostProgram.Require(program);
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Valgrind) == "1", $"{Valgrind} is not 1; dotnet cake --target=HostTest sets it.");
        var valgrind = HostProgram.RequireTool("valgrind");

        // A copy without the file of debug information beside it, whose format valgrind may not know.
        using var library = new TemporaryDirectory();
        var path = HostProgram.RequireLibrary();
        File.Copy(path, library[Path.GetFileName(path)]);
        HostProgram.Run(
            valgrind,
            ["--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--num-callers=30", host, folder.Path, .. arguments],
            new() { ["LD_LIBRARY_PATH"] = library[""] });
    }

    private static string Sanitized(string program)
    {
        var hosts = Environment.GetEnvironmentVariable(SanitizedHosts);
        Assert.SkipWhen(string.IsNullOrEmpty(hosts), $"{SanitizedHosts} names no folder of hosts; dotnet cake --target=HostTest makes it.");
        return Path.Combine(hosts, program);
    }
}
