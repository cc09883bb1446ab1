using System.Globalization;
using System.Text;

namespace RnnRuntime.Cli;

/// <summary>How things are written for people and, the same way, for scripts.</summary>
internal static class Text
{
    public static string Of(TensorType type) => type.ToString().ToLowerInvariant();

    public static string Of(TensorInfo tensor) => $"{Of(tensor.Type)} {tensor.Shape}";

    public static string Number(double value, string format = "0.####") => value.ToString(format, CultureInfo.InvariantCulture);

    public static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => bytes switch
    {
        >= 1 << 30 => Number(bytes / 1073741824.0, "0.00") + " GiB",
        >= 1 << 20 => Number(bytes / 1048576.0, "0.00") + " MiB",
        >= 1 << 10 => Number(bytes / 1024.0, "0.0") + " KiB",
        _ => Count(bytes) + " B",
    };

    /// <summary>Without the parameter's name at the end, which means nothing to whoever typed the command.</summary>
    public static string Of(ArgumentException exception) => exception.ParamName is { } name
        ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
        : exception.Message;

    /// <summary>A character for an error message, such as <c>'é' (U+00E9)</c>.</summary>
    public static string Of(Rune rune)
    {
        var code = $"U+{rune.Value:X4}";
        return Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherNotAssigned ? code : $"'{rune}' ({code})";
    }

    /// <summary>On one line, control characters escaped, cut to a length.</summary>
    public static string OneLine(string text, int length = 100)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            line.Append(rune.Value == '\n' ? "\\n" : Rune.IsControl(rune) ? $"\\u{rune.Value:x4}" : rune.ToString());
            if (line.Length > length)
            {
                return line.Append("...").ToString();
            }
        }

        return line.ToString();
    }
}
