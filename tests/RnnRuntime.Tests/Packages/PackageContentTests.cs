using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RnnRuntime.Interop;

namespace RnnRuntime.Tests;

/// <summary>What the packages hold: every file is expected, and what they say of themselves.</summary>
[Trait("Category", "Packages")]
public sealed class PackageContentTests(PackageWorkspace workspace) : IClassFixture<PackageWorkspace>
{
    private static readonly string[] PlotPlatforms = ["linux-arm64", "linux-x64", "osx", "win-arm64", "win-x64"];

    public static TheoryData<string> Packages => [PackedFiles.Library, PackedFiles.Importer, PackedFiles.Tool, PackedFiles.Native];

    [Theory]
    [MemberData(nameof(Packages))]
    public void ItSaysWhatItIs(string id)
    {
        var metadata = Nuspec(PackedFiles.PathOf(id));
        Assert.Equal(id, Value(metadata, "id"));
        Assert.Equal(PackedFiles.Version, Value(metadata, "version"));
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.NotEmpty(Value(metadata, "description"));
        Assert.Contains("rnn", Value(metadata, "tags").Split(' '));
        Assert.Equal("git", Named(metadata, "repository").Single().Attribute("type")?.Value);
        using var package = PackedFiles.Open(id);
        Assert.DoesNotMatch(new Regex(@"!\[|<img", RegexOptions.IgnoreCase), Encoding.UTF8.GetString(PackedFiles.Read(package, "README.md")));
    }

    [Theory]
    [InlineData(PackedFiles.Library, "CommunityToolkit.HighPerformance")]
    [InlineData(PackedFiles.Importer, "Google.Protobuf", "PureHDF", PackedFiles.Library)]
    [InlineData(PackedFiles.Tool)]
    [InlineData(PackedFiles.Native)]
    public void ItDependsOnTheseOnly(string id, params string[] expected)
    {
        var dependencies = Named(Nuspec(PackedFiles.PathOf(id)), "dependency")
            .ToDictionary(dependency => dependency.Attribute("id")!.Value, dependency => dependency.Attribute("version")!.Value);
        Assert.Equal(expected, dependencies.Keys.Order(StringComparer.Ordinal));
        Assert.All(dependencies.Where(dependency => dependency.Key == PackedFiles.Library), dependency => Assert.Equal(PackedFiles.Version, dependency.Value));
    }

    [Fact]
    public void TheLibraryHasTheseFilesOnly() => Assert.Equal(
        ["README.md", "lib/net10.0/RnnRuntime.dll", "lib/net10.0/RnnRuntime.xml", .. KernelEntries("")], Entries(PackedFiles.PathOf(PackedFiles.Library)));

    [Fact]
    public void TheImportersHaveTheseFilesOnly() => Assert.Equal(
        ["README.md", "lib/net10.0/RnnRuntime.Import.dll", "lib/net10.0/RnnRuntime.Import.xml"], Entries(PackedFiles.PathOf(PackedFiles.Importer)));

    [Fact]
    public void TheToolHasPlotsForSupportedPlatformsOnly()
    {
        const string Folder = "tools/net10.0/any/";
        var entries = Entries(PackedFiles.PathOf(PackedFiles.Tool));
        Assert.All(entries.Where(entry => entry != "README.md"), entry => Assert.StartsWith(Folder, entry));
        Assert.DoesNotContain(entries, entry => entry.EndsWith(".xml", StringComparison.Ordinal) && entry != Folder + "DotnetToolSettings.xml");
        var plots = from platform in PlotPlatforms
                    let extension = platform.StartsWith("win", StringComparison.Ordinal) ? "dll" : platform == "osx" ? "dylib" : "so"
                    from library in new[] { "libHarfBuzzSharp", "libSkiaSharp" }
                    select $"{Folder}runtimes/{platform}/native/{library}.{extension}";
        Assert.Equal(
            plots.Concat(KernelEntries(Folder)).Order(StringComparer.Ordinal), entries.Where(entry => entry.StartsWith(Folder + "runtimes/", StringComparison.Ordinal)));
    }

    /// <summary>The symbols are those of the assembly, and none names a folder of this machine.</summary>
    [Theory]
    [InlineData(PackedFiles.Library)]
    [InlineData(PackedFiles.Importer)]
    public void TheSymbolsAreThoseOfTheAssembly(string id)
    {
        using var package = PackedFiles.Open(id);
        using var symbols = PackedFiles.Open(id, "snupkg");
        using var assembly = new PEReader(new MemoryStream(PackedFiles.Read(package, $"lib/net10.0/{id}.dll")));
        var entry = assembly.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.CodeView);
        var expected = assembly.ReadCodeViewDebugDirectoryData(entry);
        var found = new PackedSymbols(PackedFiles.Read(symbols, $"lib/net10.0/{id}.pdb"));
        Assert.Equal(expected.Guid, found.Id);
        Assert.Equal($"{id}.pdb", Path.GetFileName(expected.Path));
        Assert.NotEmpty(found.Documents);
        Assert.All(found.Documents, document => Assert.StartsWith("/_", document.Name));
        Assert.DoesNotContain(RepositoryFiles.Root, Encoding.UTF8.GetString(PackedFiles.Read(package, $"lib/net10.0/{id}.dll")), StringComparison.Ordinal);
    }

    /// <summary>
    /// A clone with a remote that the world can reach leads debuggers to the sources; one of a folder, or with none, names no place. The small project packs
    /// by the same rules.
    /// </summary>
    [Theory]
    [InlineData("RnnRuntime", "https://github.com/example/RnnRuntime", true)]
    [InlineData("RnnRuntime.Roofline", null, false)]
    [InlineData("RnnRuntime.Roofline", "", false)]
    public void TheSymbolsLeadToThePublicRepositoryOnly(string project, string? remote, bool isPublic)
    {
        PackedFiles.Folder();
        Assert.SkipUnless(Path.Exists(Path.Combine(RepositoryFiles.Root, ".git")), "The source tree is no git repository.");
        workspace.EnsureSources();
        var name = remote is null ? "folder" : isPublic ? "public" : "none";
        var clone = workspace[name];
        workspace.Run(workspace["."], "git", "clone", "--quiet", "--depth", "1", new Uri(RepositoryFiles.Root).AbsoluteUri, clone).Succeeds();
        if (remote is not null)
        {
            workspace.Run(clone, "git", isPublic ? ["remote", "set-url", "origin", remote] : ["remote", "remove", "origin"]).Succeeds();
        }

        var output = workspace[name + "-packages"];
        workspace.Dotnet(
            clone, "pack", $"src/{project}", "-p:IsPackable=true", "-p:RunAnalyzers=false", "-c", "Release", "-nodeReuse:false", "-p:UseSharedCompilation=false",
            "-warnaserror", "-v", "quiet", "-o", output);
        var repository = Named(Nuspec(Path.Combine(output, $"{project}.{PackedFiles.Version}.nupkg")), "repository").Single();
        Assert.Equal(isPublic ? remote : null, repository.Attribute("url")?.Value.Replace(".git", "", StringComparison.Ordinal));

        using var symbols = System.IO.Compression.ZipFile.OpenRead(Path.Combine(output, $"{project}.{PackedFiles.Version}.snupkg"));
        var found = new PackedSymbols(PackedFiles.Read(symbols, $"lib/net10.0/{project}.pdb"));
        if (isPublic)
        {
            var commit = workspace.Run(clone, "git", "rev-parse", "HEAD").Succeeds().Output.Trim();
            Assert.Equal($$$"""{"documents":{"/_/*":"https://raw.githubusercontent.com/example/RnnRuntime/{{{commit}}}/*"}}""", found.SourceLink);
            Assert.All(found.Documents, document => Assert.True(document.IsEmbedded || File.Exists(Path.Combine(clone, document.Name["/_/".Length..])), document.Name));
        }
        else
        {
            Assert.Null(found.SourceLink);
        }
    }

    /// <summary>All but those of the package format itself.</summary>
    internal static string[] Entries(string path)
    {
        using var package = System.IO.Compression.ZipFile.OpenRead(path);
        return [.. package.Entries.Select(entry => entry.FullName)
            .Where(entry => entry != "[Content_Types].xml")
            .Where(entry => !entry.StartsWith("_rels/", StringComparison.Ordinal) && !entry.StartsWith("package/", StringComparison.Ordinal))
            .Where(entry => entry != Path.GetFileName(path).Replace($".{PackedFiles.Version}.nupkg", ".nuspec", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> KernelEntries(string folder)
    {
        var native = RepositoryFiles.Require("artifacts/native");
        var built = Directory.Exists(native) ? Directory.EnumerateFiles(native, "*rnnkernels.*", SearchOption.AllDirectories).ToArray() : [];
        Assert.True(built.Length > 0 || NativeKernels.Default.Obstacle is not null, "The C kernels run here, but artifacts/native has none.");
        return built.Select(file => $"{folder}runtimes/{Path.GetFileName(Path.GetDirectoryName(file))}/native/{Path.GetFileName(file)}");
    }

    private static XElement Nuspec(string path)
    {
        using var package = System.IO.Compression.ZipFile.OpenRead(path);
        using var stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return Named(XElement.Load(stream), "metadata").Single();
    }

    private static IEnumerable<XElement> Named(XElement element, string name) => element.Descendants().Where(descendant => descendant.Name.LocalName == name);

    private static string Value(XElement metadata, string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
}
