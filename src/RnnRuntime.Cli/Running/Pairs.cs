namespace RnnRuntime.Cli.Running;

/// <summary>Arguments of the form <c>LEFT=RIGHT</c>.</summary>
internal static class Pairs
{
    public static bool IsPair(string argument) => argument.IndexOf('=') is > 0 and var at && at < argument.Length - 1;

    /// <summary>By left side, in the order given; each left side once.</summary>
    public static List<(string Left, string Right)> Parse(IEnumerable<string> arguments, string option)
    {
        var pairs = new List<(string Left, string Right)>();
        foreach (var argument in arguments)
        {
            var at = argument.IndexOf('=');
            var left = argument[..at];
            if (pairs.Any(pair => pair.Left == left))
            {
                throw new CliException($"{option} '{left}' is given twice");
            }

            pairs.Add((left, argument[(at + 1)..]));
        }

        return pairs;
    }
}
