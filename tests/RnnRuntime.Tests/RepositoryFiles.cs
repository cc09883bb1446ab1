using System.Reflection;

namespace RnnRuntime.Tests;

/// <summary>Files of the source tree that the test program was built from; absent where only the program was copied.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = typeof(RepositoryFiles).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The path below the root, or a skipped test where the tree is not there.</summary>
    public static string Require(string relativePath)
    {
        Assert.SkipUnless(Directory.Exists(Root), "The source tree that this program was built from is not on this machine.");
        return Path.Combine(Root, relativePath);
    }
}
