using System.Text;
using System.Text.RegularExpressions;

namespace RnnRuntime.Fuzz;

/// <summary>Changes of JSON text, token by token; the text is mostly still JSON.</summary>
internal static partial class JsonMutator
{
    private static readonly string[] Values =
    [
        "0", "1", "2", "3", "4", "8", "-1", "-0", "0.5", "1e9", "1e38", "1e39", "-1e400", "1e-46", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807",
        "9223372036854775808", "1e999999999", "NaN", "null", "true", "false", "\"\"", "\"x\"", "\"\\ud800\"", "\"\\u0000\"", "\"1\"", "[]", "{}", "[1]", "[[1]]", "[0,0]",
        "[null,null,1]", "[2147483647,2147483647]", "[1,1,1,1,1,1,1,1,1]", "{\"a\":1,\"a\":2}",
    ];

    public static string Mutate(string original, Random random, Func<string> other)
    {
        var tokens = Tokens(original);
        for (var changes = random.Next(4) == 0 ? random.Next(2, 5) : 1; changes > 0 && tokens.Count > 0; changes--)
        {
            Change(tokens, random, other);
        }

        return string.Concat(tokens);
    }

    public static byte[] Mutate(byte[] original, Random random, Func<byte[]> other) => random.Next(4) == 0
        ? ByteMutator.Mutate(original, random, other)
        : Encoding.UTF8.GetBytes(Mutate(Encoding.UTF8.GetString(original), random, () => Encoding.UTF8.GetString(other())));

    private static void Change(List<string> tokens, Random random, Func<string> other)
    {
        var at = random.Next(tokens.Count);
        switch (random.Next(12))
        {
            case 0:
            case 1:
            case 2:
                at = Find(tokens, at, IsValue);
                tokens[at] = Values[random.Next(Values.Length)];
                break;
            case 3:
                at = Find(tokens, at, IsNumber);
                tokens[at] = $"{ByteMutator.Integer(random)}";
                break;
            case 4:
                tokens.RemoveAt(at);
                break;
            case 5:
                var (start, end) = Extent(tokens, at);
                tokens.RemoveRange(start, end - start);
                tokens.Insert(start, Values[random.Next(Values.Length)]);
                break;
            case 6:
                (start, end) = Extent(tokens, at);
                tokens.InsertRange(start, tokens.GetRange(start, end - start).Append(","));
                break;
            case 7:
                // An entry of an object or a list once more, key and all.
                at = Find(tokens, at, token => token == ",");
                var next = tokens.IndexOf(",", Math.Min(at + 1, tokens.Count - 1));
                if (next > at)
                {
                    tokens.InsertRange(next, tokens.GetRange(at, next - at));
                }

                break;
            case 8:
                var (first, behind) = Extent(tokens, at);
                var depth = random.Next(8) == 0 ? random.Next(100, 20_000) : random.Next(1, 5);
                tokens.Insert(behind, new string(']', depth));
                tokens.Insert(first, new string('[', depth));
                break;
            case 9:
                var source = Tokens(other());
                var (from, to) = Extent(source, random.Next(source.Count));
                (start, end) = Extent(tokens, at);
                tokens.RemoveRange(start, end - start);
                tokens.InsertRange(start, source.GetRange(from, to - from));
                break;
            case 10:
                var second = Find(tokens, random.Next(tokens.Count), IsValue);
                at = Find(tokens, at, IsValue);
                (tokens[at], tokens[second]) = (tokens[second], tokens[at]);
                break;
            default:
                tokens.Insert(at, tokens[random.Next(tokens.Count)]);
                break;
        }
    }

    /// <summary>The whole value that begins here; a token that closes or separates stands for itself.</summary>
    private static (int Start, int End) Extent(List<string> tokens, int start)
    {
        if (tokens[start] is not ("[" or "{"))
        {
            return (start, start + 1);
        }

        var depth = 0;
        var end = start;
        do
        {
            depth += tokens[end] is "[" or "{" ? 1 : tokens[end] is "]" or "}" ? -1 : 0;
            end++;
        }
        while (depth > 0 && end < tokens.Count);
        return (start, end);
    }

    private static int Find(List<string> tokens, int start, Func<string, bool> wanted)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var at = (start + i) % tokens.Count;
            if (wanted(tokens[at]))
            {
                return at;
            }
        }

        return start;
    }

    private static bool IsNumber(string token) => token.Length > 0 && (char.IsAsciiDigit(token[0]) || token[0] == '-');

    private static bool IsValue(string token) => IsNumber(token) || token[0] == '"' || char.IsAsciiLetter(token[0]);

    private static List<string> Tokens(string text) => [.. Token().Matches(text).Select(match => match.Value)];

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|[-+.0-9eE]+|[A-Za-z]+|\s+|.
        """, RegexOptions.Singleline)]
    private static partial Regex Token();
}
