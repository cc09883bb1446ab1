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
    private const string Importer = "RnnRuntime.Import";

    private static readonly FrozenDictionary<string, Assembly> Assemblies = new Dictionary<string, Assembly>
    {
        [Core] = typeof(RnnGraph).Assembly,
        [Importer] = typeof(RnnImporter).Assembly,
    }.ToFrozenDictionary();

    /// <summary>A stage, which is a folder of the library, and the stages that it may name. Files at the root may name all.</summary>
    private static readonly FrozenDictionary<string, string[]> MayUse = new Dictionary<string, string[]>
    {
        ["Graph"] = [],
        ["Graph.Passes"] = ["Graph"],
        ["Memory"] = [],
        ["Interop"] = [],
        ["Decoding"] = [],
        ["Formats"] = ["Graph"],
        ["Quantization"] = ["Graph", "Comparison"],
        ["Comparison"] = ["Graph", "Graph.Passes", "Kernels", "Decoding"],
        ["Kernels"] = ["Memory", "Interop"],
        ["Plan"] = ["Graph", "Kernels", "Memory", "Interop"],
    }.ToFrozenDictionary();

    /// <summary>A stage of the importer, and the stages that it may name, its own and the core's.</summary>
    private static readonly FrozenDictionary<string, string[]> ImporterMayUse = new Dictionary<string, string[]>
    {
        [Root] = ["Tensors", "Onnx", "Folding", "Translation", "WeightFiles", "Layers", "Graph", "Graph.Passes", "Formats"],
        ["Tensors"] = [],
        ["Onnx"] = ["Tensors"],
        ["Folding"] = ["Onnx", "Tensors"],
        ["Translation"] = ["Onnx", "Folding", "Tensors", "Graph", "Graph.Passes"],
        ["WeightFiles"] = ["Tensors"],
        ["Layers"] = ["Tensors", "Graph"],
    }.ToFrozenDictionary();

    public static TheoryData<string> Libraries => [.. Assemblies.Keys];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void EveryFolderHasARule(string library)
    {
        var stages = Sources(library).Where(source => source.Folder != Root).Select(source => StageOf(source.Folder)).Distinct().Order();
        Holds(stages.Except(RulesOf(library).Keys).Select(stage => $"src/{library}: {stage} has no row in ArchitectureTests."));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void NoFolderUsesAStageThatItMustNotKnow(string library) =>
        Holds(Sources(library).SelectMany(source => Violations(library, source.Path, source.Folder, source.Text)));

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
    [InlineData(Core, "CommunityToolkit.HighPerformance")]
    [InlineData(Importer, "RnnRuntime", "Google.Protobuf", "PureHDF")]
    public void ALibraryReferencesTheFrameworkAndItsOwnPackages(string library, params string[] packages)
    {
        var foreign = Assemblies[library].GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("System" or "netstandard") && !packages.Contains(name));

        Holds(foreign);
    }

    /// <summary>The package's own dependencies too: what a user installs with it.</summary>
    [Theory]
    [InlineData(Core, "CommunityToolkit.HighPerformance")]
    [InlineData(Importer, "Google.Protobuf", "PureHDF")]
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
    [InlineData(Core, "Graph", "using RnnRuntime.Kernels;", "Kernels")]
    [InlineData(Core, "Graph", "global using RnnRuntime.Plan;", "Plan")]
    [InlineData(Core, "Graph", "using static RnnRuntime.Kernels.Panels;", "Kernels")]
    [InlineData(Core, "Graph", "using Block = global::RnnRuntime.Memory.AlignedBlock;", "Memory")]
    [InlineData(Core, "Graph", "using RnnRuntime.Graph.Passes;", "Graph.Passes")]
    [InlineData(Core, "Graph", "graph = Passes.GraphPasses.Run(graph);", "Graph.Passes")]
    [InlineData(Core, "Graph/Passes", "using RnnRuntime.Plan;", "Plan")]
    [InlineData(Core, "Plan", "using RnnRuntime.Graph.Passes;", "Graph.Passes")]
    [InlineData(Core, "Kernels", "void F() => RnnRuntime.Graph.Names.Check();", "Graph")]
    [InlineData(Core, "Kernels", "private readonly Plan.ExecutionPlan _plan;", "Plan")]
    [InlineData(Core, "Kernels", "var text = $\"{Plan.Packer.Name}\";", "Plan")]
    [InlineData(Core, "Formats", "namespace RnnRuntime.Formats;\nusing Graph;\nusing Plan;", "Plan")]
    [InlineData(Importer, Root, "using RnnRuntime.Plan;", "Plan")]
    [InlineData(Importer, "Layers", "using RnnRuntime.Import.Onnx;", "Onnx")]
    [InlineData(Importer, "Layers", "void F(Onnx.OnnxModel model) { }", "Onnx")]
    [InlineData(Importer, "Layers", "Import.Translation.OnnxImporter.Import();", "Translation")]
    [InlineData(Importer, "Layers", "graph = Graph.Passes.GraphPasses.Run(graph);", "Graph.Passes")]
    [InlineData(Importer, "Translation", "using RnnRuntime.Kernels;", "Kernels")]
    [InlineData(Importer, "WeightFiles", "using var file = new Memory.MappedFile(path);", "Memory")]
    [InlineData(Importer, "Folding", "using RnnRuntime.Graph;", "Graph")]
    public void AForbiddenReferenceIsFound(string library, string folder, string text, string named)
    {
        var violation = Assert.Single(Violations(library, "File.cs", folder, text));
        Assert.Contains($"uses {named};", violation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Core, "Plan", "using RnnRuntime.Graph;\nusing RnnRuntime.Kernels;\nusing RnnRuntime.Memory;")]
    [InlineData(Core, "Graph", "using System.Collections;\nnamespace RnnRuntime.Graph;")]
    [InlineData(Core, "Graph", "// what RnnRuntime.Kernels does\n/* RnnRuntime.Plan */ var text = \"RnnRuntime.Plan\";")]
    [InlineData(Core, "Graph", "Memory<byte> data; var span = block.Memory.Span;")]
    [InlineData(Core, "Graph/Passes", "using RnnRuntime.Graph;\nnamespace RnnRuntime.Graph.Passes;")]
    [InlineData(Importer, Root, "using RnnRuntime.Formats;\nusing RnnRuntime.Import.Onnx;")]
    [InlineData(Importer, "Layers", "using RnnRuntime.Graph;\nusing RnnRuntime.Import.Tensors;\nnamespace RnnRuntime.Import.Layers;\nvar names = file.Tensors.Select(name);")]
    public void AnAllowedReferenceIsNot(string library, string folder, string text) => Assert.Empty(Violations(library, "File.cs", folder, text));

    private static void Holds(IEnumerable<string> violations)
    {
        var lines = violations.ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    private static string StageOf(string folder) => folder.Replace('/', '.');

    private static FrozenDictionary<string, string[]> RulesOf(string library) => library == Core ? MayUse : ImporterMayUse;

    private static IEnumerable<string> Violations(string library, string path, string folder, string text)
    {
        var stage = StageOf(folder);
        if (!RulesOf(library).TryGetValue(stage, out var allowed))
        {
            return [];
        }

        var code = WithoutCommentsAndText(text);
        return StageReference().Matches(code).Concat(library == Importer ? ImporterStageReference().Matches(code) : [])
            .Select(match => NameOf(match.Groups["stage"].Value))
            .Where(named => named != stage && !allowed.Contains(named))
            .Distinct()
            .Select(named => $"{path} uses {named}; {(stage == Root ? "the root" : stage)} may use {(allowed.Length == 0 ? "no other stage" : string.Join(", ", allowed))}.");

        // Beside its own stage a name may begin with `Passes`.
        static string NameOf(string reference) => reference.EndsWith("Passes", StringComparison.Ordinal) ? "Graph.Passes" : reference;
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
    [GeneratedRegex(@"(?:\bRnnRuntime\s*\.\s*|\busing\s+(?:static\s+)?|(?<![\w.]|\.\s+)(?=\w+\s*\.\s*[A-Z]))(?<stage>Formats|Graph(?:\s*\.\s*Passes)?|Passes|Plan|Kernels|Memory|Quantization|Comparison|Decoding|Interop)\b(?!\s*<)")]
    private static partial Regex StageReference();

    [GeneratedRegex(@"(?:\bImport\s*\.\s*|\busing\s+(?:static\s+)?|(?<![\w.]|\.\s+)(?=\w+\s*\.\s*[A-Z]))(?<stage>Tensors|Onnx|Folding|Translation|WeightFiles|Layers)\b(?!\s*<)")]
    private static partial Regex ImporterStageReference();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceDeclaration();

    [GeneratedRegex(@"^public\s+(?:(?:abstract|sealed|static|partial|readonly|ref|unsafe)\s+)*(?:class|struct|record|interface|enum|delegate)\b[^\n]*", RegexOptions.Multiline)]
    private static partial Regex PublicTopLevelType();
}
