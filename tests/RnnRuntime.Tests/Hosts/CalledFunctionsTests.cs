using System.Text.RegularExpressions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>No function of rnn_runtime.h is forgotten by the hosts that are to call all of them.</summary>
public sealed class CalledFunctionsTests
{
    [Theory]
    [InlineData("smoke", "smoke.c", "smoke_sessions.c", "contract.c", "support.c")]
    [InlineData("hostile", "hostile_calls.c", "hostile_runs.c")]
    [InlineData("processor", "processor_too_old.c")]
    public void AHostCallsEveryFunction(string host, params string[] files) => AssertCalled(host, RuntimeHeader.Functions.Keys, files);

    [Fact]
    public void TheRealTimeHostCallsEveryFunctionThatIsMarked()
    {
        var marked = RuntimeHeader.RealTimeFunctions;
        Assert.Contains("rnn_session_run", marked);
        Assert.DoesNotContain("rnn_model_load", marked);
        AssertCalled("realtime", marked, ["realtime.c", "support.c"]);
    }

    private static void AssertCalled(string host, IEnumerable<string> functions, string[] files)
    {
        var sources = string.Concat(files.Select(file => RuntimeHeader.WithoutComments(RuntimeHeader.Read($"tests/hosts/c/{file}"))));
        Assert.Matches($@"add_c_host\({host} .*\b{Regex.Escape(files[0])}", RuntimeHeader.Read("tests/hosts/CMakeLists.txt"));
        // Not the name alone: hostile calls say it in a text too.
        Assert.Empty(functions.Where(name => !Regex.IsMatch(sources, $@"\b{name}\(")));
    }
}
