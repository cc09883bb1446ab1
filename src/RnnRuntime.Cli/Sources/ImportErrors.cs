using System.Text.RegularExpressions;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Sources;

/// <summary>A refusal of the importer in the words of the command line.</summary>
internal static partial class ImportErrors
{
    /// <param name="refusal">The first refusal.</param>
    /// <param name="onnxPath">The file, where it is ONNX and more refusals may be found; or null.</param>
    /// <param name="import">The options it was imported with.</param>
    public static string Describe(RnnImportException refusal, string? onnxPath, RnnImportOptions import)
    {
        var message = WithOption(refusal.Message);
        var more = onnxPath is null ? 0 : All(refusal, onnxPath, import).Length - 1;
        return more > 0 ? $"{message} {more} more: rnn inspect lists them" : message;
    }

    /// <summary>Everything that would be refused in an ONNX file whose import failed so.</summary>
    public static string[] All(RnnImportException refusal, string onnxPath, RnnImportOptions import)
    {
        string[] all = [];
        try
        {
            all = [.. RnnImporter.FindRefusals(onnxPath, import).Distinct().Select(WithOption)];
        }
        catch (RnnImportException)
        {
            // The file cannot even be opened; the first refusal says why.
        }

        return all.Length > 0 ? all : [WithOption(refusal.Message)];
    }

    /// <summary>The options that bind what these refusals say is not bound, such as <c>--fix batch=N</c>; null where there are none.</summary>
    public static string? Fixes(IEnumerable<string> refusals)
    {
        var fixes = refusals.Select(refusal => Fix().Match(refusal)).Where(match => match.Success).Select(match => match.Value).Distinct().ToArray();
        return fixes.Length > 0 ? string.Join(" ", fixes) : null;
    }

    private static string WithOption(string message) =>
        message.Contains(nameof(RnnImportLimits.MaximumFileBytes), StringComparison.Ordinal) || message.Contains(nameof(RnnImportLimits.MaximumTensorBytes), StringComparison.Ordinal)
            ? message + " --max-bytes raises it."
            : message.Contains(nameof(RnnImportLimits.MaximumNodes), StringComparison.Ordinal) ? message + " --max-nodes raises it." : message;

    [GeneratedRegex("--fix .+=N(?=\\.$)")]
    private static partial Regex Fix();
}
