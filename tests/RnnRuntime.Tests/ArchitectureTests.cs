using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RnnRuntime.Import;

namespace RnnRuntime.Tests;

/// <summary>Holds the direction in which the library's stages may know each other, by reading its source.</summary>
public sealed partial class ArchitectureTests
{
    private const string Root = "";
    private const string Core = "RnnRuntime";

    private static readonly FrozenDictionary<string, Assembly> Assemblies = new Dictionary<string, Assembly>
    {
        [Core] = typeof(RnnGraph).Assembly,
        ["RnnRuntime.Import"] = typeof(RnnImporter).Assembly,
    }.ToFrozenDictionary();

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

    public static TheoryData<string> Libraries => [.. Assemblies.Keys];

    /// <summary>A folder of the importer, and the folders that it may name.</summary>
    private static readonly FrozenDictionary<string, string[]> ImportMayUse = new Dictionary<string, string[]>
    {
        ["Tensors"] = [],
        ["Onnx"] = ["Tensors"],
        ["Folding"] = ["Onnx", "Tensors"],
        ["Translation"] = ["Onnx", "Folding", "Tensors"],
        ["WeightFiles"] = ["Tensors"],
        ["Layers"] = ["Tensors"],
    }.ToFrozenDictionary();

    [Fact]
    public void NoFolderOfTheImporterUsesOneThatItMustNotKnow()
    {
        var strays = from source in Sources("RnnRuntime.Import")
                     where source.Folder != Root
                     from Match match in ImportReference().Matches(WithoutCommentsAndText(source.Text))
                     let named = match.Groups[1].Value
                     where named != source.Folder && !(ImportMayUse.GetValueOrDefault(source.Folder) ?? []).Contains(named)
                     select $"{source.Path} uses {named}; {source.Folder} may use {string.Join(", ", ImportMayUse.GetValueOrDefault(source.Folder) ?? [])}.";

        Holds(strays.Distinct());
    }

    [Fact]
    public void EveryFolderHasARule()
    {
        var folders = Sources(Core).Select(source => source.Folder).Where(folder => folder != Root).Distinct().Order();

        var importFolders = Sources("RnnRuntime.Import").Select(source => source.Folder).Where(folder => folder != Root).Distinct().Order();

        Holds(folders.Except(MayUse.Keys).Select(folder => $"src/RnnRuntime/{folder} has no row in ArchitectureTests.MayUse.")
            .Concat(importFolders.Except(ImportMayUse.Keys).Select(folder => $"src/RnnRuntime.Import/{folder} has no row in ArchitectureTests.ImportMayUse.")));
    }

    [Fact]
    public void NoFolderUsesAStageThatItMustNotKnow() =>
        Holds(Sources(Core).SelectMany(source => Violations(source.Path, source.Folder, source.Text)));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void EveryNamespaceIsItsFolder(string library)
    {
        var strays = from source in Sources(library)
                     let expected = source.Folder == Root ? library : $"{library}.{source.Folder.Replace('/', '.')}"
                     from Match match in NamespaceDeclaration().Matches(source.Text)
                     where match.Groups[1].Value != expected
                     select $"{source.Path}: found namespace {match.Groups[1].Value}, expected {expected}.";

        Holds(strays);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void OnlyFilesAtTheRootDeclarePublicTypes(string library)
    {
        var inSource = from source in Sources(library)
                       where source.Folder != Root
                       from Match match in PublicTopLevelType().Matches(source.Text)
                       select $"{source.Path}: {match.Value.Trim()}";
        var inAssembly = Assemblies[library].GetExportedTypes().Where(type => type.Namespace != library).Select(type => type.FullName!);

        Holds(inSource.Concat(inAssembly));
    }

    /// <summary>The core library knows one package and never the importer.</summary>
    [Theory]
    [InlineData("RnnRuntime", "CommunityToolkit.HighPerformance")]
    [InlineData("RnnRuntime.Import", "RnnRuntime", "Google.Protobuf", "PureHDF")]
    public void ALibraryReferencesTheFrameworkAndItsOwnPackages(string library, params string[] packages)
    {
        var foreign = Assemblies[library].GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("System" or "netstandard") && !packages.Contains(name));

        Holds(foreign);
    }

    /// <summary>The package's own dependencies too: what a user installs with it.</summary>
    [Theory]
    [InlineData("RnnRuntime", "CommunityToolkit.HighPerformance")]
    [InlineData("RnnRuntime.Import", "Google.Protobuf", "PureHDF")]
    public void AProjectNamesItsPackagesAndBuildToolsOnly(string library, params string[] packages)
    {
        var project = XDocument.Load(RepositoryFiles.Require($"src/{library}/{library}.csproj"));
        var foreign = from reference in project.Descendants("PackageReference")
                      let name = reference.Attribute("Include")!.Value
                      where !packages.Contains(name) && reference.Attribute("PrivateAssets")?.Value != "all"
                      select $"src/{library} references {name}.";
        var projects = from reference in project.Descendants("ProjectReference")
                       let name = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
                       where library == "RnnRuntime" || name != "RnnRuntime"
                       select $"src/{library} references the project {name}.";

        Holds(foreign.Concat(projects));
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

    private static List<(string Path, string Folder, string Text)> Sources(string library)
    {
        var root = RepositoryFiles.Require($"src/{library}");
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

    // The namespace of a file itself is no reference.
    [GeneratedRegex(@"(?<!namespace\s+)\bRnnRuntime\.Import\.(Tensors|Onnx|Folding|Translation|WeightFiles|Layers)\b")]
    private static partial Regex ImportReference();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"^public\s+(?:(?:abstract|sealed|static|partial|readonly|ref|unsafe)\s+)*(?:class|struct|record|interface|enum|delegate)\b[^\n]*", RegexOptions.Multiline)]
    private static partial Regex PublicTopLevelType();
}
