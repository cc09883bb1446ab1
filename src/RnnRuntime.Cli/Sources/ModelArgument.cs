using System.CommandLine;
using System.CommandLine.Parsing;
using RnnRuntime.Cli.Running;

namespace RnnRuntime.Cli.Sources;

/// <summary>
/// The model that a command takes as its argument. An option with several values takes every word up to the next option, so the model may be
/// among these: it is the word that is no pair.
/// </summary>
internal sealed class ModelArgument
{
    private readonly Argument<string?> _argument;
    private readonly Option<string[]>[] _options;

    /// <param name="command">The command, which gets the argument and a check of the options.</param>
    /// <param name="name">How usage shows the argument.</param>
    /// <param name="description">For the help.</param>
    /// <param name="isRequired">Whether there has to be one.</param>
    /// <param name="options">Those whose values are pairs.</param>
    public ModelArgument(Command command, string name, string description, bool isRequired, params Option<string[]>[] options)
    {
        _argument = new Argument<string?>(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };
        _options = options;
        command.Arguments.Add(_argument);
        command.Validators.Add(result => Validate(result, isRequired));
    }

    public string? Path(ParseResult arguments) =>
        arguments.GetValue(_argument) ?? Strays(arguments.CommandResult, _options).Select(stray => stray.Value).FirstOrDefault();

    /// <summary>For a command without such an argument: a value that is no pair is wrong usage.</summary>
    public static void RefuseStrays(Command command, params Option<string[]>[] options) =>
        command.Validators.Add(result => Refuse(result, Strays(result, options)));

    private void Validate(CommandResult result, bool isRequired)
    {
        var hasModel = result.GetValue(_argument) is not null;
        var strays = Strays(result, _options);
        if (!hasModel && strays.Length == 0 && isRequired)
        {
            result.AddError($"Required argument missing: {_argument.Name}");
        }

        Refuse(result, strays[(hasModel ? 0 : Math.Min(1, strays.Length))..]);
    }

    private static void Refuse(CommandResult result, (Option Option, string Value)[] strays)
    {
        if (strays is [var (option, value), ..])
        {
            result.AddError($"{option.Name} takes {option.HelpName}; found '{value}'");
        }
    }

    private static (Option Option, string Value)[] Strays(CommandResult result, Option<string[]>[] options) =>
        [.. options.SelectMany(option => result.GetResult(option)?.Tokens.Select(token => ((Option)option, token.Value)) ?? []).Where(argument => !Pairs.IsPair(argument.Value))];
}
