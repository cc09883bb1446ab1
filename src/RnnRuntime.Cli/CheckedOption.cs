using System.CommandLine;
using System.Globalization;

namespace RnnRuntime.Cli;

/// <summary>Options whose value must lie in a range; anything else is wrong usage.</summary>
internal static class CheckedOption
{
    public static Option<T> Checked<T>(this Option<T> option, Func<T, bool> isValid, string expected)
        where T : IParsable<T>
    {
        option.CustomParser = result =>
        {
            var found = result.Tokens[0].Value;
            if (!T.TryParse(found, CultureInfo.InvariantCulture, out var value) || !isValid(value))
            {
                result.AddError($"{option.Name} is '{found}'; {expected} is expected");
            }

            return value!;
        };
        return option;
    }
}
