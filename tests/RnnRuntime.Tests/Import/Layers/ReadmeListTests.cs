using System.Reflection;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Translation;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>What the importer's README lists is what there is.</summary>
public sealed class ReadmeListTests
{
    [Fact]
    public void OperatorsOfAStepAreThoseOfTheTranslator() =>
        Assert.Equal(string.Join(", ", Translator.Operators), Quoted("Computed in a step:"));

    [Fact]
    public void OperatorsThatOnlyFoldAreTheOthersOfTheEvaluator() =>
        Assert.Equal(string.Join(", ", FoldingEvaluator.Names.Except(Translator.Operators).Order(StringComparer.Ordinal)), Quoted("Folded only"));

    [Fact]
    public void PassesStandInTheirOrder()
    {
        var field = typeof(GraphPasses).GetFields(BindingFlags.Static | BindingFlags.NonPublic).Single(field => field.FieldType.IsArray);
        var passes = ((Delegate[])field.GetValue(null)!).Select(pass => pass.Method.DeclaringType!.Name).ToArray();
        var readme = Text();
        const string Words = "in this order: ";
        var start = readme.IndexOf(Words, StringComparison.Ordinal) + Words.Length;
        Assert.Equal(string.Join(", ", passes), Line(readme[start..readme.IndexOf('.', start)]));
        Assert.All(passes, pass => Assert.Contains($"\n| `{pass}` |", readme));
    }

    /// <summary>The quoted paragraph after a line that begins with these words.</summary>
    private static string Quoted(string words)
    {
        var readme = Text();
        var at = readme.IndexOf($"\n{words}", StringComparison.Ordinal);
        Assert.True(at >= 0, $"The README has no paragraph that begins with '{words}'.");
        var start = readme.IndexOf("\n> ", at, StringComparison.Ordinal);
        return Line(readme[start..readme.IndexOf("\n\n", start, StringComparison.Ordinal)].Replace("\n> ", " "));
    }

    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("`", "");

    private static string Text() => File.ReadAllText(RepositoryFiles.Require("src/RnnRuntime.Import/README.md")).ReplaceLineEndings("\n");
}
