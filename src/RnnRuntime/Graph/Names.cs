using System.Collections.Frozen;
using System.Text;

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
        TensorType.BFloat16 => "bfloat16",
        TensorType.Float16 => "float16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>An enumeration's value in the files' spelling: words in lower case, joined by underscores.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => OperatorNames<T>.Of(value);

    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.Int8 => 1,
        TensorType.BFloat16 or TensorType.Float16 => 2,
        _ => 4,
    };

    /// <summary>Whether values may have the type; all others are for weights only.</summary>
    public static bool IsOfValues(TensorType type) => type is TensorType.Float32 or TensorType.Int32;

    public static string Describe(TensorType type, TensorShape shape) => $"{Of(type)} {shape}";
}

/// <summary>The spelling of an enumeration's values in files, such as <c>leaky_relu</c>.</summary>
internal static class OperatorNames<T>
    where T : struct, Enum
{
    private static readonly FrozenDictionary<T, string> Texts = Enum.GetValues<T>().ToFrozenDictionary(value => value, value => Spell(value.ToString()));
    private static readonly FrozenDictionary<string, T> Values = Texts.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    public static IEnumerable<string> All => Texts.Values.Order(StringComparer.Ordinal);

    public static string Of(T value) => Texts.TryGetValue(value, out var text) ? text : value.ToString();

    public static T? Find(string text) => Values.TryGetValue(text, out var value) ? value : null;

    // "PRelu" is one word with the letter before it.
    private static string Spell(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 1 && char.IsUpper(name[i]))
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
