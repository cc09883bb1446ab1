using System.Text.RegularExpressions;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Tests;

/// <summary>What the README shows is what runs.</summary>
[Collection("Current directory")]
public sealed class ReadmeTests
{
    [Theory]
    [InlineData("using RnnRuntime;\n\n", "tests/RnnRuntime.Tests/ReadmeExample.cs")]
    [InlineData("(?=var fix)", "tests/RnnRuntime.Tests/Import/VadExample.cs")]
    public void TheExampleIsTheCompiledOne(string start, string file)
    {
        var readme = File.ReadAllText(RepositoryFiles.Require("README.md")).ReplaceLineEndings("\n");
        var shown = Regex.Match(readme, $"```csharp\n{start}(.*?)```", RegexOptions.Singleline).Groups[1].Value.TrimEnd();
        var source = File.ReadAllText(RepositoryFiles.Require(file)).ReplaceLineEndings("\n");
        var compiled = Regex.Match(source, "// example\n(.*?)\n *// end of the example", RegexOptions.Singleline).Groups[1].Value;
        compiled = Regex.Replace(compiled, "^ {8}", "", RegexOptions.Multiline).TrimEnd();
        Assert.NotEmpty(shown);
        Assert.Equal(compiled, shown);
    }

    [Fact]
    public void TheExampleRuns()
    {
        using var folder = new TemporaryDirectory();
        var builder = new RnnGraphBuilder();
        var random = new Random(1);
        var input = builder.Input("x", 1);
        var hidden = builder.Lstm(input, 8, Values(32), Values(32 * 8), Values(32));
        builder.Output("y", builder.Linear(hidden, 1, Values(8)));
        using (var model = RnnModel.FromGraph(builder.Build()))
        {
            model.Save(folder["model.rnn"]);
        }

        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = Path.GetDirectoryName(folder["model.rnn"])!;
            var output = ReadmeExample.Run();
            Assert.True(float.IsFinite(output[0]) && output[0] != 0);
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * 0.8f)];
    }

    [Fact]
    public void EveryCommandThatItNamesExists()
    {
        var readme = File.ReadAllText(RepositoryFiles.Require("README.md"));
        var cake = File.ReadAllText(RepositoryFiles.Require("build.cake"));
        var targets = Regex.Matches(readme, "--target=([A-Za-z-]+)").Select(match => match.Groups[1].Value).Distinct().ToArray();
        Assert.NotEmpty(targets);
        Assert.All(targets, target => Assert.Contains($"Task(\"{target}\")", cake));
        foreach (Match project in Regex.Matches(readme, "--project ([A-Za-z./]+)"))
        {
            Assert.True(Directory.Exists(RepositoryFiles.Require(project.Groups[1].Value)), $"{project.Groups[1].Value} is named, but is not there.");
        }
    }

    /// <summary>No number in them is typed: `dotnet run -c Release --project bench/RnnRuntime.Bench -- readme` makes them.</summary>
    [Fact]
    public void ItsTablesAreWhatTheResultFilesGive()
    {
        var readme = Readme();
        Assert.Equal(readme, ReadmeTables.Renew(readme, RepositoryFiles.Require("bench/results")));
    }

    [Fact]
    public void ATableWithAnEditedNumberIsNotWhatTheResultFilesGive()
    {
        var readme = Readme();
        var tables = Regex.Matches(readme, "<!-- results [^\n]*-->\n(?<table>.*?)<!-- end -->", RegexOptions.Singleline);
        Assert.NotEmpty(tables);
        Assert.All(tables, table =>
        {
            var digit = readme.LastIndexOfAny([.. "0123456789"], table.Groups["table"].Index + table.Groups["table"].Length);
            var edited = string.Concat(readme.AsSpan(0, digit), readme[digit] == '9' ? "0" : "9", readme.AsSpan(digit + 1));
            Assert.True(digit > table.Groups["table"].Index, table.Value);
            Assert.Equal(readme, ReadmeTables.Renew(edited, RepositoryFiles.Require("bench/results")));
        });
    }

    [Theory]
    [InlineData("no table at all", "no table between")]
    [InlineData("<!-- results somewhere: weather -->\n\n| a |\n\n<!-- end -->", "of kind 'weather'")]
    public void ATableThatCannotBeMadeIsAnError(string readme, string message)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ReadmeTables.Renew(readme, RepositoryFiles.Require("bench/results")));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    private static string Readme() => File.ReadAllText(RepositoryFiles.Require("README.md")).ReplaceLineEndings("\n");
}
