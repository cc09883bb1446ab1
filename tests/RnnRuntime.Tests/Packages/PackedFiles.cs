using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using RnnRuntime.Cli;
using RnnRuntime.Import;

namespace RnnRuntime.Tests;

/// <summary>The packages in artifacts/packages, if they hold the very assemblies that this program runs with.</summary>
internal static class PackedFiles
{
    public const string Library = "RnnRuntime";
    public const string Importer = "RnnRuntime.Import";
    public const string Tool = "RnnRuntime.Cli";
    public const string Native = "RnnRuntime.Native";

    private static readonly (string Id, string Entry, Assembly Assembly)[] Assemblies =
    [
        (Library, "lib/net10.0/RnnRuntime.dll", typeof(RnnGraph).Assembly),
        (Importer, "lib/net10.0/RnnRuntime.Import.dll", typeof(RnnImporter).Assembly),
        (Tool, "tools/net10.0/any/rnn.dll", typeof(LanguageModel).Assembly),
    ];

    private static readonly Lazy<string?> Obstacle = new(FindObstacle);

    public static string Version { get; } =
        typeof(RnnGraph).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Where the packages lie; skips the test where they are missing or those of another build.</summary>
    public static string Folder()
    {
        var folder = RepositoryFiles.Require(Path.Combine("artifacts", "packages"));
        Assert.SkipWhen(Obstacle.Value is not null, Obstacle.Value ?? "");
        return folder;
    }

    /// <summary>The file of a package; skips the test of one that needs compilers of C where it was not made.</summary>
    public static string PathOf(string id, string extension = "nupkg")
    {
        var path = Path.Combine(Folder(), $"{id}.{Version}.{extension}");
        Assert.SkipWhen(id == Native && !File.Exists(path), $"{Native} is not packed: dotnet cake --target=PackTest packs it where the compilers are there.");
        return path;
    }

    public static ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(PathOf(id, extension));

    public static byte[] Read(ZipArchive package, string entry)
    {
        var found = package.GetEntry(entry);
        Assert.True(found is not null, $"The package has no {entry}.");
        using var stream = found.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string? FindObstacle()
    {
        foreach (var (id, entry, assembly) in Assemblies)
        {
            var file = Path.Combine(RepositoryFiles.Root, "artifacts", "packages", $"{id}.{Version}.nupkg");
            if (!File.Exists(file))
            {
                return $"There is no {Path.GetFileName(file)} in artifacts/packages: dotnet cake --target=PackTest makes it.";
            }

            using var package = ZipFile.OpenRead(file);
            using var packed = new PEReader(new MemoryStream(Read(package, entry)));
            var metadata = packed.GetMetadataReader();
            if (metadata.GetGuid(metadata.GetModuleDefinition().Mvid) != assembly.ManifestModule.ModuleVersionId)
            {
                return $"{Path.GetFileName(file)} in artifacts/packages is of another build than this program: dotnet cake --target=PackTest makes both.";
            }
        }

        return null;
    }
}
