using RnnRuntime.Cli.Files;

namespace RnnRuntime.Cli.Comparing;

/// <summary>A comparison in a file: a page with tables and plots, the plots as an image, or all numbers as JSON. The ending tells which.</summary>
internal sealed class ComparisonReport
{
    private readonly OutputFile _file;
    private readonly Action<string, RnnComparison, ComparisonHeading> _write;

    /// <param name="path">Ends in .html, .png or .json.</param>
    /// <exception cref="CliException">It has another ending, or cannot be written.</exception>
    public ComparisonReport(string path)
    {
        _write = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".html" => ComparisonHtml.Write,
            ".png" => ComparisonPlots.WriteImage,
            ".json" => ComparisonJson.Write,
            var ending => throw new CliException($"--report {path}: a report ends in .html, .png or .json; found {(ending.Length == 0 ? "no ending" : $"'{ending}'")}"),
        };
        _file = new OutputFile("--report ", path);
    }

    /// <summary>Refuses a report in the place of a file that is read.</summary>
    public void CheckIsNone(IEnumerable<InputFile> files)
    {
        foreach (var file in files)
        {
            if (_file.IsSameAs(file.Status().Identity))
            {
                throw _file.Error($"the same file as {file.Argument}{file.Path}, which is read");
            }
        }
    }

    public void Write(RnnComparison comparison, ComparisonHeading heading) => _file.Write(partial => _write(partial, comparison, heading));
}
