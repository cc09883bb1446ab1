using System.Reflection;
using PublicApiGenerator;
using RnnRuntime.Import;

namespace RnnRuntime.Tests;

/// <summary>
/// Holds the libraries' public surfaces to PublicApi.approved.txt and PublicApi.Import.approved.txt. To accept a change, run the tests once
/// with the environment variable RNNRUNTIME_ACCEPT_PUBLIC_API=1, which rewrites those files, and read their diff.
/// </summary>
public sealed class PublicApiTests
{
    private const string Accept = "RNNRUNTIME_ACCEPT_PUBLIC_API";

    [Fact]
    public void PublicSurfaceIsTheApprovedOne() => CheckSurface(typeof(RnnGraph).Assembly, "PublicApi.approved.txt");

    [Fact]
    public void PublicSurfaceOfTheImporterIsTheApprovedOne() => CheckSurface(typeof(RnnImportException).Assembly, "PublicApi.Import.approved.txt");

    private static void CheckSurface(Assembly assembly, string file)
    {
        var path = RepositoryFiles.Require($"tests/RnnRuntime.Tests/{file}");
        var actual = Render(assembly);
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            File.WriteAllText(path, actual);
        }

        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (actual != approved)
        {
            var approvedLines = approved.Split('\n');
            var actualLines = actual.Split('\n');
            Assert.Fail(
                $"The public surface is not the approved one; {Accept}=1 rewrites {file}.\n" +
                string.Join('\n', approvedLines.Except(actualLines).Select(line => "- " + line)
                    .Concat(actualLines.Except(approvedLines).Select(line => "+ " + line))
                    .DefaultIfEmpty("The same lines stand in another order or number.")));
        }
    }

    private static string Render(Assembly assembly)
    {
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        return assembly.GeneratePublicApi(options).ReplaceLineEndings("\n").TrimEnd() + "\n";
    }
}
