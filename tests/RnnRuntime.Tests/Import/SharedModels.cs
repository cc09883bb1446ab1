namespace RnnRuntime.Tests.Import;

/// <summary>Third-party models with golden outputs. They are not part of the repository: without them their tests are skipped.</summary>
internal static class SharedModels
{
    private static readonly string Root = Path.Combine(RepositoryFiles.Root, "..", "shared", "models");

    public static bool Exists(string set) => Directory.Exists(Path.Combine(Root, set));

    /// <summary>The folder of a set of models; skips the test where it is missing.</summary>
    public static string Folder(string set)
    {
        Assert.SkipUnless(Exists(set), $"The third-party models '{set}' are not here (expected in shared/models beside the repository).");
        return Path.GetFullPath(Path.Combine(Root, set));
    }
}
