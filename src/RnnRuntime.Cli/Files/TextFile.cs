using System.Text;

namespace RnnRuntime.Cli.Files;

/// <summary>The text of <c>--text</c>: UTF-8 out of a file, a pipe or standard input.</summary>
internal static class TextFile
{
    /// <summary>Bytes; its characters still fit into one string.</summary>
    private const int Limit = 512 << 20;

    public static string Read(string path)
    {
        var bytes = ReadBytes(path);
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException exception)
        {
            throw new CliException($"{path}: not UTF-8 text: byte 0x{exception.BytesUnknown?.FirstOrDefault():X2} at byte offset {exception.Index}");
        }
    }

    private static byte[] ReadBytes(string path)
    {
        if (path == "-")
        {
            using var input = Console.OpenStandardInput();
            return InputFile.ReadAll(input, Limit, "--text -");
        }

        var file = new InputFile("--text ", path);
        file.Check("a text file", pipes: true);
        return file.ReadAll(Limit);
    }
}
