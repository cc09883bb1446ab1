namespace RnnRuntime.Graph;

/// <summary>Names and how errors write them, types and shapes.</summary>
internal static class Names
{
    public const int MaxLength = 1000;

    /// <summary>Prefix of tensors that are golden vectors in a file.</summary>
    public const string GoldenPrefix = "golden.";

    /// <summary>Prefix of what the container keeps for itself.</summary>
    public const string ReservedPrefix = "__";

    public static bool IsValid(string name) => name.Length is > 0 and <= MaxLength && IsWellFormed(name);

    /// <summary>Whether UTF-8 can hold the text: every surrogate has its pair.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    return false;
                }

                i++;
            }
        }

        return true;
    }

    public static void Check(string section, string field, string name)
    {
        if (!IsValid(name))
        {
            throw new RnnFormatException(section, field, Quote(name), $"1 to {MaxLength} characters of well-formed Unicode");
        }
    }

    public static void CheckConstant(string section, string field, string name)
    {
        Check(section, field, name);
        if (name.StartsWith(GoldenPrefix, StringComparison.Ordinal) || name.StartsWith(ReservedPrefix, StringComparison.Ordinal))
        {
            throw new RnnFormatException(section, field, Quote(name), $"a name that does not begin with \"{GoldenPrefix}\" or \"{ReservedPrefix}\"");
        }
    }

    /// <summary>The text in quotes, shortened where it is long.</summary>
    public static string Quote(string text) => text.Length <= 80 ? $"\"{text}\"" : $"\"{text[..80]}...\" ({text.Length} characters)";

    public static string Of(TensorType type) => type switch
    {
        TensorType.Float32 => "float32",
        TensorType.Int32 => "int32",
        TensorType.Int8 => "int8",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    public static int SizeOf(TensorType type) => type == TensorType.Int8 ? 1 : 4;

    public static string Describe(TensorType type, TensorShape shape) => $"{Of(type)} {shape}";
}
