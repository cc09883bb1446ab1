using System.Text.RegularExpressions;

namespace RnnRuntime.Tests.Hosts;

/// <summary>What native/include/rnn_runtime.h declares.</summary>
internal static partial class RuntimeHeader
{
    public static string Text => Read("native/include/rnn_runtime.h");

    /// <summary>Each function by its name: its result and the types of its parameters.</summary>
    public static Dictionary<string, (string Result, string[] Parameters)> Functions => Function().Matches(WithoutComments(Text)).ToDictionary(
        match => match.Groups["name"].Value, match => (Words(match.Groups["result"].Value), TypesOf(match.Groups["parameters"].Value)));

    /// <summary>Those whose comment has [real-time].</summary>
    public static string[] RealTimeFunctions =>
        [.. Block().Matches(Text).Where(block => block.Groups["comment"].Value.Contains("[real-time]", StringComparison.Ordinal))
            .SelectMany(block => Function().Matches(block.Groups["functions"].Value)).Select(match => match.Groups["name"].Value)];

    /// <summary>Without RNN_, in the order of their numbers.</summary>
    public static (string Name, int Number)[] Statuses => StatusesOf(Regex.Match(Text, @"enum \{\s*RNN_OK = 0.*?\};", RegexOptions.Singleline).Value, @"RNN_(\w+) = (\d+)");

    public static string[] Structs => [.. Regex.Matches(Text, @"^typedef struct (rnn_\w+) \{", RegexOptions.Multiline).Select(match => match.Groups[1].Value)];

    /// <summary>Names and numbers that a pattern finds.</summary>
    public static (string Name, int Number)[] StatusesOf(string text, string pattern) =>
        [.. Regex.Matches(text, pattern).Select(match => (match.Groups[1].Value, int.Parse(match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture)))];

    /// <summary>The types of a list of parameters with names.</summary>
    public static string[] TypesOf(string parameters) =>
        parameters == "void" ? [] : [.. parameters.Split(',').Select(parameter => Words(Regex.Match(parameter, @"^(.*?)\w+$", RegexOptions.Singleline).Groups[1].Value))];

    public static string Read(string path) => File.ReadAllText(RepositoryFiles.Require(path)).ReplaceLineEndings("\n");

    public static string WithoutComments(string text) => Regex.Replace(text, @"/\*.*?\*/", "", RegexOptions.Singleline);

    public static string Words(string text) => Regex.Replace(text, @"\s+", " ").Trim();

    [GeneratedRegex(@"^RNN_API (?<result>[^;(]*?)(?<name>rnn_\w+)\((?<parameters>[^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"/\*(?<comment>(?:(?!\*/).)*)\*/\n(?<functions>(?:RNN_API [^\n]*\n)+)", RegexOptions.Singleline)]
    private static partial Regex Block();
}
