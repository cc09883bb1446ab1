namespace RnnRuntime.Fuzz;

/// <summary>Small files of the folder of third-party models, where there is one.</summary>
internal static class SharedFiles
{
    public static IEnumerable<FuzzCase> Small(string? models, string set, string pattern, int mostBytes)
    {
        var folder = models is null ? null : Path.Combine(models, set);
        return folder is null || !Directory.Exists(folder)
            ? []
            : Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Where(path => Path.GetFileName(path) != "manifest.json" && new FileInfo(path).Length <= mostBytes)
                .Select(path => new FuzzCase(Path.GetRelativePath(models!, path), File.ReadAllBytes(path), FuzzLimits.Options));
    }
}
