using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using RnnRuntime.Tests.Hosts;

namespace RnnRuntime.Tests;

/// <summary>The C library as its users get it, the package and the archive: every file is expected, and programs in C, C++ and C# use it.</summary>
[Trait("Category", "Packages")]
public sealed class NativeBundleTests(PackageWorkspace workspace) : IClassFixture<PackageWorkspace>
{
    private static readonly string s_identifier = Path.GetFileName(Path.GetDirectoryName(HostProgram.LibraryPath))!;

    /// <summary>What an installed prefix holds, and the file of the tree, or of the library's build, that each is a copy of; null for what is made when it is installed.</summary>
    private static readonly Dictionary<string, string?> s_files = new()
    {
        ["include/rnn_runtime.h"] = "native/include/rnn_runtime.h",
        ["include/rnn_runtime.hpp"] = "native/include/rnn_runtime.hpp",
        ["lib/" + Path.GetFileName(HostProgram.LibraryPath)] = HostProgram.LibraryPath,
        ["lib/cmake/RnnRuntime/RnnRuntimeConfig.cmake"] = null,
        ["lib/cmake/RnnRuntime/RnnRuntimeConfigVersion.cmake"] = null,
        ["lib/pkgconfig/rnnruntime.pc"] = null,
        ["share/licenses/rnnruntime/CommunityToolkit.HighPerformance/License.md"] = License("CommunityToolkit.HighPerformance/License.md"),
        ["share/licenses/rnnruntime/CommunityToolkit.HighPerformance/ThirdPartyNotices.txt"] = License("CommunityToolkit.HighPerformance/ThirdPartyNotices.txt"),
        ["share/licenses/rnnruntime/LICENSE"] = "LICENSE",
        ["share/licenses/rnnruntime/dotnet/LICENSE.TXT"] = License("dotnet/LICENSE.TXT"),
        ["share/licenses/rnnruntime/dotnet/THIRD-PARTY-NOTICES.TXT"] = License("dotnet/THIRD-PARTY-NOTICES.TXT"),
    };

    [Fact]
    public void ThePackageHasTheseFilesOnly()
    {
        var ofOthers = new Regex($"^(build/native|runtimes)/(?!{s_identifier}/)");
        var entries = PackageContentTests.Entries(PackedFiles.PathOf(PackedFiles.Native)).Where(entry => !ofOthers.IsMatch(entry));
        Assert.Equal(["README.md", .. s_files.Keys.Select(file => $"build/native/{s_identifier}/{file}").Order(StringComparer.Ordinal), LibraryForDotnet], entries);
        using var package = PackedFiles.Open(PackedFiles.Native);
        Assert.Equal(File.ReadAllBytes(HostProgram.LibraryPath), PackedFiles.Read(package, LibraryForDotnet));
    }

    [Theory]
    [InlineData("nupkg")]
    [InlineData("tar.gz")]
    public void AProjectFindsTheUnpackedLibraryByCMake(string kind)
    {
        using var folder = new TemporaryDirectory();
        var prefix = Unpack(kind, folder[""]);
        var files = Directory.EnumerateFiles(prefix, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(prefix, file).Replace('\\', '/'));
        Assert.Equal(s_files.Keys.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        foreach (var (file, original) in s_files.Where(file => file.Value is not null))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(RepositoryFiles.Root, original!)), File.ReadAllBytes(Path.Combine(prefix, file)));
        }

        using var hosts = new ReadmeHosts();
        hosts.BuildByCMake(prefix);
        hosts.AssertPrints(hosts.Run(null, "build/example"));
        hosts.AssertPrints(hosts.Run(null, "build/example-cpp"));
    }

    /// <summary>The texts are whole: the framework's licence, and notices of what it took from elsewhere.</summary>
    [Fact]
    public void TheLicensesOfLinkedCodeAreThere()
    {
        using var package = PackedFiles.Open(PackedFiles.Native);
        Assert.Contains("Copyright (c) .NET Foundation and Contributors", Text("dotnet/LICENSE.TXT"), StringComparison.Ordinal);
        Assert.Contains("License notice for zlib-ng", Text("dotnet/THIRD-PARTY-NOTICES.TXT"), StringComparison.Ordinal);
        Assert.Contains("MIT License", Text("CommunityToolkit.HighPerformance/License.md"), StringComparison.Ordinal);

        string Text(string file) => Encoding.UTF8.GetString(PackedFiles.Read(package, $"build/native/{s_identifier}/share/licenses/rnnruntime/{file}"));
    }

    [Fact]
    public void AProgramInCSharpGetsTheLibraryBesideIt()
    {
        PackedFiles.PathOf(PackedFiles.Native);
        const string Program = """
            using System.Runtime.InteropServices;
            Console.WriteLine(AbiVersion());
            [DllImport("rnnruntime", EntryPoint = "rnn_abi_version")] static extern uint AbiVersion();
            """;
        var folder = workspace.CreateProject("NativeUser", PackedFiles.Native, Program);
        workspace.Dotnet(folder, "build", "-c", "Release", "--use-current-runtime", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-o", Path.Combine(folder, "out"));
        var library = Path.Combine(folder, "out", Path.GetFileName(HostProgram.LibraryPath));
        Assert.Equal(File.ReadAllBytes(HostProgram.LibraryPath), File.ReadAllBytes(library));
        var version = Regex.Match(File.ReadAllText(RepositoryFiles.Require("native/include/rnn_runtime.h")), @"#define RNN_ABI_VERSION (\d+)");
        Assert.Equal(version.Groups[1].Value, workspace.Run(folder, Path.Combine(folder, "out", "NativeUser")).Succeeds().Output.Trim());
    }

    private static string LibraryForDotnet => $"runtimes/{s_identifier}/native/{Path.GetFileName(HostProgram.LibraryPath)}";

    private static string License(string file) => Path.Combine(Path.GetDirectoryName(HostProgram.LibraryPath)!, "licenses", file);

    private static string Unpack(string kind, string folder)
    {
        var package = PackedFiles.PathOf(PackedFiles.Native);
        if (kind == "nupkg")
        {
            ZipFile.ExtractToDirectory(package, folder);
            return Path.Combine(folder, "build", "native", s_identifier);
        }

        var name = $"rnnruntime-native-{PackedFiles.Version}-{s_identifier}";
        using var file = File.OpenRead(Path.Combine(Path.GetDirectoryName(package)!, name + ".tar.gz"));
        using var archive = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(archive, folder, overwriteFiles: false);
        Assert.Equal([Path.Combine(folder, name)], Directory.EnumerateFileSystemEntries(folder));
        return Path.Combine(folder, name);
    }
}
