using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;

namespace RnnRuntime.Tests;

/// <summary>Holds the direction in which the library's stages may know each other, by reading its source.</summary>
public sealed partial class ArchitectureTests
{
    private const string Root = "";

    /// <summary>A folder of the library, and the folders that it may name. Files at the root may name all.</summary>
    private static readonly FrozenDictionary<string, string[]> MayUse = new Dictionary<string, string[]>
    {
        ["Graph"] = [],
        ["Graph/Passes"] = ["Graph"],
        ["Memory"] = [],
        ["Decoding"] = [],
        ["Formats"] = ["Graph"],
        ["Quantization"] = ["Graph"],
        ["Kernels"] = ["Memory"],
        ["Plan"] = ["Graph", "Kernels", "Memory"],
    }.ToFrozenDictionary();

    [Fact]
    public void EveryFolderHasARule()
    {
        var folders = Sources().Select(source => source.Folder).Where(folder => folder != Root).Distinct().Order();

        Holds(folders.Except(MayUse.Keys).Select(folder => $"src/RnnRuntime/{folder} has no row in ArchitectureTests.MayUse."));
    }

    [Fact]
    public void NoFolderUsesAStageThatItMustNotKnow() =>
        Holds(Sources().SelectMany(source => Violations(source.Path, source.Folder, source.Text)));

    [Fact]
    public void EveryNamespaceIsItsFolder()
    {
        var strays = from source in Sources()
                     let expected = source.Folder == Root ? "RnnRuntime" : "RnnRuntime." + source.Folder.Replace('/', '.')
                     from Match match in NamespaceDeclaration().Matches(source.Text)
                     where match.Groups[1].Value != expected
                     select $"{source.Path}: found namespace {match.Groups[1].Value}, expected {expected}.";

        Holds(strays);
    }

    [Fact]
    public void OnlyFilesAtTheRootDeclarePublicTypes()
    {
        var inSource = from source in Sources()
                       where source.Folder != Root
                       from Match match in PublicTopLevelType().Matches(source.Text)
                       select $"{source.Path}: {match.Value.Trim()}";
        var inAssembly = typeof(RnnGraph).Assembly.GetExportedTypes().Where(type => type.Namespace != "RnnRuntime").Select(type => type.FullName!);

        Holds(inSource.Concat(inAssembly));
    }

    [Fact]
    public void TheLibraryReferencesOnePackageAndTheFramework()
    {
        var foreign = typeof(RnnGraph).Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("System" or "netstandard" or "CommunityToolkit.HighPerformance"));

        Holds(foreign);
    }

    [Theory]
    [InlineData("Graph", "using RnnRuntime.Kernels;", "Kernels")]
    [InlineData("Graph", "global using RnnRuntime.Plan;", "Plan")]
    [InlineData("Graph", "using static RnnRuntime.Kernels.Panels;", "Kernels")]
    [InlineData("Graph", "using Block = global::RnnRuntime.Memory.AlignedBlock;", "Memory")]
    [InlineData("Kernels", "void F() => RnnRuntime.Graph.Names.Check();", "Graph")]
    [InlineData("Kernels", "private readonly Plan.ExecutionPlan _plan;", "Plan")]
    [InlineData("Kernels", "var text = $\"{Plan.Packer.Name}\";", "Plan")]
    [InlineData("Formats", "namespace RnnRuntime.Formats;\nusing Graph;\nusing Plan;", "Plan")]
    public void AForbiddenReferenceIsFound(string folder, string text, string named)
    {
        var violation = Assert.Single(Violations("File.cs", folder, text));
        Assert.Contains($"uses {named}", violation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Plan", "using RnnRuntime.Graph;\nusing RnnRuntime.Kernels;\nusing RnnRuntime.Memory;")]
    [InlineData("Graph", "using System.Collections;\nnamespace RnnRuntime.Graph;")]
    [InlineData("Graph", "// what RnnRuntime.Kernels does\n/* RnnRuntime.Plan */ var text = \"RnnRuntime.Plan\";")]
    [InlineData("Graph", "Memory<byte> data; var span = block.Memory.Span;")]
    public void AnAllowedReferenceIsNot(string folder, string text) => Assert.Empty(Violations("File.cs", folder, text));

    private static void Holds(IEnumerable<string> violations)
    {
        var lines = violations.ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    private static IEnumerable<string> Violations(string path, string folder, string text)
    {
        var stage = folder.Split('/')[0];
        if (stage == Root || !MayUse.TryGetValue(stage, out var allowed))
        {
            return [];
        }

        return StageReference().Matches(WithoutCommentsAndText(text))
            .Select(match => match.Groups["stage"].Value)
            .Where(named => named != stage && !allowed.Contains(named))
            .Distinct()
            .Select(named => $"{path} uses {named}; {stage} may use {(allowed.Length == 0 ? "no other stage" : string.Join(", ", allowed))}.");
    }

    private static List<(string Path, string Folder, string Text)> Sources()
    {
        var root = RepositoryFiles.Require("src/RnnRuntime");
        var sources = new List<(string, string, string)>();
        foreach (var file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (path.Split('/')[0] is not ("bin" or "obj"))
            {
                sources.Add((path, Path.GetDirectoryName(path)!.Replace('\\', '/'), File.ReadAllText(file)));
            }
        }

        Assert.NotEmpty(sources);
        return sources;
    }

    /// <summary>Code only: comments go, and so do literals, but for what an interpolated one has between braces.</summary>
    private static string WithoutCommentsAndText(string text) => CommentOrLiteral().Replace(text, match =>
    {
        if (!match.Value.StartsWith('$'))
        {
            return " ";
        }

        var holes = new StringBuilder(" ");
        foreach (Match hole in InterpolationHole().Matches(match.Value))
        {
            holes.Append(hole.Value).Append(' ');
        }

        return holes.ToString();
    });

    [GeneratedRegex(@"//[^\n]*|/\*[\s\S]*?\*/|\$*""""""[\s\S]*?""""""|\$?@\$?""(?:[^""]|"""")*""|\$?""(?:\\.|[^""\\\n])*""|'(?:\\.[^'\n]*|[^'\\\n])'")]
    private static partial Regex CommentOrLiteral();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex InterpolationHole();

    // With `RnnRuntime.` before it, after `using`, or, as the enclosing namespace allows, at the head of a dotted name.
    [GeneratedRegex(@"(?:\bRnnRuntime\s*\.\s*|\busing\s+(?:static\s+)?|(?<![\w.]|\.\s+)(?=\w+\s*\.\s*[A-Z]))(?<stage>Formats|Graph|Plan|Kernels|Memory|Quantization|Decoding|Interop)\b(?!\s*<)")]
    private static partial Regex StageReference();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"^public\s+(?:(?:abstract|sealed|static|partial|readonly|ref|unsafe)\s+)*(?:class|struct|record|interface|enum|delegate)\b[^\n]*", RegexOptions.Multiline)]
    private static partial Regex PublicTopLevelType();
}
