using System.Text.Json;

namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// Programs that use the shared library as its users do, each in its own process: tests/hosts. What they compare with is what the C# library computes here.
/// </summary>
public sealed class HostTests(HostFolder folder) : IClassFixture<HostFolder>
{
    /// <summary>Called with the folder alone.</summary>
    public static TheoryData<string> Programs => ["c-smoke", "c-realtime", "c-swap", "cpp17", "cpp20"];

    [Theory]
    [MemberData(nameof(Programs))]
    public void TheHostGetsTheBitsOfTheLibrary(string program)
    {
        var output = HostProgram.Run(HostProgram.Require(program), [folder.Path]);
        Assert.Contains("ok ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void HostileCallsGiveStatusesAndBreakNothing(int seed) => HostProgram.Run(HostProgram.Require("c-hostile"), [folder.Path, $"{seed}", "20000"]);

    [Fact]
    public void TwoCopiesOfTheLibraryLiveInOneProcess()
    {
        var program = HostProgram.Require("c-two-copies");
        var library = HostProgram.RequireLibrary();
        using var other = new TemporaryDirectory();
        var copy = other[Path.GetFileName(library)];
        File.Copy(library, copy);
        HostProgram.Run(program, [folder.Path, library, copy]);
    }

    [Fact]
    public void ACopyBesideTheLinkedLibraryAndChildrenOfForkWork()
    {
        var program = HostProgram.Require("c-process");
        var library = HostProgram.RequireLibrary();
        using var other = new TemporaryDirectory();
        var copy = other[Path.GetFileName(library)];
        File.Copy(library, copy);
        HostProgram.Run(program, [folder.Path, copy]);
    }

    /// <summary>Each of these ends a .NET program that takes it, or changes what the library was linked with.</summary>
    [Theory]
    [InlineData("DOTNET_GCHeapHardLimit", "100")]
    [InlineData("DOTNET_GCRegionRange", "1")]
    [InlineData("DOTNET_GCLargePages", "1")]
    public void SettingsOfManagedHostsChangeNothing(string variable, string value) =>
        HostProgram.Run(HostProgram.Require("c-swap"), [folder.Path], new() { [variable] = value });

    [Fact]
    public void WhereAddressSpaceIsLimitedMemoryIsRefused() =>
        HostProgram.Run(HostProgram.Require("c-memory-limit"), [folder.Path, HostProgram.RequireLibrary()]);

    /// <summary>The bench itself, over a few steps: that it works, not how fast.</summary>
    [Fact]
    public void TheLatencyBenchRuns()
    {
        var output = HostProgram.Run(HostProgram.Require("c-latency"), [HostProgram.RequireLibrary(), "640", "1", folder["cell.rnn"]]);
        using var document = JsonDocument.Parse(output);
        var model = document.RootElement[0];
        Assert.Equal(640, model.GetProperty("completion_to_completion")[0].GetProperty("calls").GetInt32());
        Assert.Equal(1, model.GetProperty("first_session").GetProperty("processes").GetInt32());
    }
}
