using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RnnRuntime.Tests;

/// <summary>
/// A folder outside the tree where the packages are used as their users do: its own cache, so that no package of an earlier build is found, and sources
/// of which only artifacts/packages has ours. What ours depend on comes from the sources of this machine.
/// </summary>
public sealed class PackageWorkspace : IDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);

    private readonly TemporaryDirectory _directory = new();

    public string this[string file] => _directory[file];

    private string Cache => this["cache"];

    public void Dispose() => _directory.Dispose();

    /// <summary>Makes a folder with these files of the tree, by their paths below its root.</summary>
    public string CreateProject(string name, string package, string program, params string[] sources)
    {
        EnsureSources();
        var folder = Directory.CreateDirectory(this[name]).FullName;
        new XElement("Project", new XAttribute("Sdk", "Microsoft.NET.Sdk"),
            new XElement("PropertyGroup",
                new XElement("OutputType", "Exe"),
                new XElement("TargetFramework", "net10.0"),
                new XElement("ImplicitUsings", "enable"),
                new XElement("Nullable", "enable"),
                new XElement("TreatWarningsAsErrors", "true"),
                new XElement("InvariantGlobalization", "true"),
                new XElement("TrimmerSingleWarn", "false"),
                new XElement("NuGetAudit", "false")),
            new XElement("ItemGroup", new XElement("PackageReference", new XAttribute("Include", package), new XAttribute("Version", PackedFiles.Version))))
            .Save(Path.Combine(folder, name + ".csproj"));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        foreach (var source in sources)
        {
            File.Copy(RepositoryFiles.Require(Path.Combine("tests", "RnnRuntime.Tests", source)), Path.Combine(folder, Path.GetFileName(source)));
        }

        return folder;
    }

    /// <summary>Runs the dotnet command; a warning is an error.</summary>
    public string Dotnet(string folder, params string[] arguments)
    {
        var output = Run(folder, CliProcess.FindHost(), arguments).Succeeds().Output;
        Assert.DoesNotMatch(new Regex(@"\bwarning\b(?! as)", RegexOptions.IgnoreCase), output.Replace("0 Warning(s)", "", StringComparison.Ordinal));
        return output;
    }

    /// <summary>Builds a project in Release with more arguments, and holds the package that it took to be the packed file.</summary>
    public void Build(string folder, string command, params string[] arguments)
    {
        Dotnet(folder, [command, "-c", "Release", "-nodeReuse:false", "-p:UseSharedCompilation=false", .. arguments]);
        var id = PackedFiles.Library.ToLowerInvariant();
        var restored = Path.Combine(Cache, id, PackedFiles.Version, $"{id}.{PackedFiles.Version}.nupkg");
        Assert.Equal(File.ReadAllBytes(PackedFiles.PathOf(PackedFiles.Library)), File.ReadAllBytes(restored));
    }

    internal CliProcess Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NUGET_PACKAGES"] = Cache;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(File.ResolveLinkTarget(CliProcess.FindHost(), returnFinalTarget: true)?.FullName ?? CliProcess.FindHost());
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        if (!process.WaitForExit(TimeLimit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path.GetFileName(program)} {string.Join(' ', arguments)} did not end");
        }

        Task.WaitAll(reading, error);
        var bytes = output.ToArray();
        return new CliProcess(process.ExitCode, bytes, process.ExitCode == 0 ? error.Result : $"{error.Result}{System.Text.Encoding.UTF8.GetString(bytes)}");
    }

    /// <summary>Writes nuget.config beside the projects, once.</summary>
    public void EnsureSources()
    {
        var file = this["nuget.config"];
        if (File.Exists(file))
        {
            return;
        }

        var packed = PackedFiles.Folder();
        var listed = Run(this["."], CliProcess.FindHost(), "nuget", "list", "source").Succeeds().Output;
        var others = Regex.Matches(listed, @"^ *\d+\. +(.+) \[Enabled\]", RegexOptions.Multiline).Select(match => match.Groups[1].Value);
        new XElement("configuration",
            new XElement("packageSources", Add("packed", packed)),
            new XElement("packageSourceMapping", new XElement("clear"), Map("packed", "RnnRuntime", "RnnRuntime.*"), others.Select(source => Map(source, "*"))))
            .Save(file);

        static XElement Add(string key, string value) => new("add", new XAttribute("key", key), new XAttribute("value", value));

        static XElement Map(string source, params string[] patterns) => new("packageSource", new XAttribute("key", source),
            patterns.Select(pattern => new XElement("package", new XAttribute("pattern", pattern))));
    }
}
