using PublicApiGenerator;

namespace RnnRuntime.Tests;

/// <summary>
/// Holds the library's public surface to PublicApi.approved.txt. To accept a change, run the tests once with the environment variable
/// RNNRUNTIME_ACCEPT_PUBLIC_API=1, which rewrites that file, and read its diff.
/// </summary>
public sealed class PublicApiTests
{
    private const string Accept = "RNNRUNTIME_ACCEPT_PUBLIC_API";

    [Fact]
    public void PublicSurfaceIsTheApprovedOne()
    {
        var path = RepositoryFiles.Require("tests/RnnRuntime.Tests/PublicApi.approved.txt");
        var actual = Render();
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
                $"The public surface is not the approved one; {Accept}=1 rewrites PublicApi.approved.txt.\n" +
                string.Join('\n', approvedLines.Except(actualLines).Select(line => "- " + line)
                    .Concat(actualLines.Except(approvedLines).Select(line => "+ " + line))
                    .DefaultIfEmpty("The same lines stand in another order or number.")));
        }
    }

    private static string Render()
    {
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };
        return typeof(RnnGraph).Assembly.GeneratePublicApi(options).ReplaceLineEndings("\n").TrimEnd() + "\n";
    }
}
