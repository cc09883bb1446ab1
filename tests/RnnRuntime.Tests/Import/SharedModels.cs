using RnnRuntime.Import;
using RnnRuntime.Import.Tensors;
using RnnRuntime.Import.WeightFiles;

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

    /// <summary>The tensors of a file of weights.</summary>
    public static NamedTensors Weights(string path, RnnImportLimits limits) => WeightsFile.Read(SourceFile.Open(path, limits).Bytes, limits);
}
