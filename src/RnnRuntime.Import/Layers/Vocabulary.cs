using System.Text;
using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// The characters of a language model's tokens, as the metadata's <c>vocabulary</c> holds them: one text, a character a token. Files give a
/// text, or a list of characters.
/// </summary>
internal static class Vocabulary
{
    public const string MetadataKey = "vocabulary";

    /// <summary>Reads a vocabulary of its own JSON file.</summary>
    public static string Read(ReadOnlyMemory<byte> json, RnnImportLimits limits)
    {
        using var document = JsonText.Parse(json, "vocabulary file", limits);
        return Read(document.RootElement, "vocabulary file");
    }

    public static string Read(JsonElement element, string location)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            return Check(JsonText.ToText(element, location), location);
        }

        var text = new StringBuilder();
        var index = 0;
        foreach (var item in JsonText.ToList(element, location, "a text, or a list of characters"))
        {
            var character = JsonText.ToText(item, $"{location}[{index}]");
            if (character.EnumerateRunes().Count() != 1)
            {
                throw new RnnImportException($"{location}[{index}]", JsonText.Quote(character), "one character: tokens of several are not supported");
            }

            text.Append(character);
            index++;
        }

        return Check(text.ToString(), location);
    }

    /// <summary>Refuses a vocabulary that has not one character for each token.</summary>
    public static void CheckCount(string vocabulary, int tokens, string location)
    {
        var count = vocabulary.EnumerateRunes().Count();
        if (count != tokens)
        {
            throw new RnnImportException(location, $"{count} characters", $"{tokens}, as the model's output has");
        }
    }

    private static string Check(string text, string location)
    {
        var seen = new HashSet<Rune>();
        foreach (var rune in text.EnumerateRunes())
        {
            if (!seen.Add(rune))
            {
                throw new RnnImportException(location, $"the character U+{rune.Value:X4} twice", "characters that differ");
            }
        }

        return text.Length > 0 ? text : throw new RnnImportException(location, "no characters", "at least one");
    }
}
