using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RnnRuntime.Cli;

/// <summary>Options whose value must lie in a range; anything else is wrong usage.</summary>
internal static class CheckedOption
{
    public static Option<T> Checked<T>(this Option<T> option, Func<T, bool> isValid, string expected)
        where T : IParsable<T>
    {
        option.CustomParser = result => Parse(result, option.Name, isValid, expected)!;
        return option;
    }

    /// <summary>The same for an option without a default.</summary>
    public static Option<T?> Checked<T>(this Option<T?> option, Func<T, bool> isValid, string expected)
        where T : struct, IParsable<T>
    {
        option.CustomParser = result => Parse(result, option.Name, isValid, expected);
        return option;
    }

    private static T? Parse<T>(ArgumentResult result, string name, Func<T, bool> isValid, string expected)
        where T : IParsable<T>
    {
        var found = result.Tokens[0].Value;
        if (!T.TryParse(found, CultureInfo.InvariantCulture, out var value) || !isValid(value))
        {
            result.AddError($"{name} is '{found}'; {expected} is expected");
        }

        return value;
    }
}
