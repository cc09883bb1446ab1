using System.Text.Encodings.Web;
using System.Text.Json;

namespace RnnRuntime.Import.Layers;

/// <summary>Bytes to JSON, and how errors describe a JSON value.</summary>
internal static class JsonText
{
    /// <summary>
    /// The parser keeps 12 bytes for each token, and a token takes 2 bytes of text at least: more text than this could ask it for an array
    /// beyond what .NET can make.
    /// </summary>
    public const long MaximumBytes = 256L << 20;

    private const int ShownLength = 40;

    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string location, RnnImportLimits limits)
    {
        var maximum = Math.Min(limits.MaximumFileBytes, MaximumBytes);
        if (utf8.Length > maximum)
        {
            throw new RnnImportException(location, $"{utf8.Length} bytes of JSON", maximum == MaximumBytes
                ? $"at most {MaximumBytes} bytes"
                : $"at most {maximum} bytes ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumFileBytes)})");
        }

        if (utf8.Span.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        var nesting = Math.Max(1, limits.MaximumNesting);
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = nesting, AllowDuplicateProperties = false });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new RnnImportException(
                location, $"no JSON ({Shorten(exception.Message, 300).TrimEnd('.')})",
                $"valid JSON, keys that differ, nesting of at most {nesting} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumNesting)})", exception);
        }
    }

    /// <summary>A string; an escape that is half a surrogate pair is refused.</summary>
    public static string ToText(JsonElement element, string location)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw new RnnImportException(location, Describe(element), "a string");
        }

        return Decode(element.GetString, location)!;
    }

    public static string NameOf(JsonProperty property, string location) => Decode(() => property.Name, $"{location}, a key");

    public static int ToInteger(JsonElement element, string location, int minimum = int.MinValue)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= minimum)
        {
            return value;
        }

        throw new RnnImportException(location, Describe(element), minimum == int.MinValue ? "an integer of 32 bits" : $"an integer of at least {minimum}");
    }

    public static double ToNumber(JsonElement element, string location)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value))
        {
            return value;
        }

        throw new RnnImportException(location, Describe(element), "a finite number");
    }

    public static float ToFloat(JsonElement element, string location)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetSingle(out var value) && float.IsFinite(value))
        {
            return value;
        }

        throw new RnnImportException(location, Describe(element), "a finite float32 number");
    }

    public static bool ToFlag(JsonElement element, string location) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new RnnImportException(location, Describe(element), "true or false"),
    };

    public static JsonElement.ArrayEnumerator ToList(JsonElement element, string location, string expected = "a list") =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw new RnnImportException(location, Describe(element), expected);

    public static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => $"a list of {element.GetArrayLength()}",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => Shorten(RawText(element, "a value"), ShownLength),
    };

    /// <summary>The value as the file writes it.</summary>
    public static string RawText(JsonElement element, string location) => Decode(element.GetRawText, location);

    /// <summary>A text as JSON writes it.</summary>
    public static string Literal(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(Shorten(text, 200))}\"";

    public static string Quote(string text) => $"'{Shorten(text, 200)}'";

    private static string Shorten(string text, int length) => text.Length <= length ? text : $"{text[..length]}...";

    private static T Decode<T>(Func<T> read, string location)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException exception)
        {
            throw new RnnImportException(location, "text that is not well-formed Unicode", "well-formed Unicode", exception);
        }
    }
}
