namespace RnnRuntime.Tests.Hosts;

/// <summary>The shared library shows its users the functions of rnn_runtime.h and nothing else.</summary>
public sealed class ExportedSymbolsTests
{
    private static string[] Declared => [.. RuntimeHeader.Functions.Keys.Order(StringComparer.Ordinal)];

    [Fact]
    public void TheLibraryExportsTheDeclaredFunctionsAndNothingElse()
    {
        var library = HostProgram.RequireLibrary();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "nm lists dynamic symbols of ELF files");
        var (exitCode, output) = HostProgram.Start(HostProgram.RequireTool("nm"), ["-D", "--defined-only", library]);
        Assert.True(exitCode == 0, output);
        var exported = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1]).Order(StringComparer.Ordinal);
        Assert.Equal(Declared, exported);
    }

    [Fact]
    public void TheLinkersListIsThatOfTheHeader()
    {
        var list = File.ReadAllLines(RepositoryFiles.Require("native/runtime/rnnruntime.exports")).Where(line => line.Length > 0).Order(StringComparer.Ordinal);
        Assert.Equal(Declared, list);
    }

    [Fact]
    public void TheHeaderDeclaresFunctions() => Assert.Contains("rnn_session_run", Declared);
}
