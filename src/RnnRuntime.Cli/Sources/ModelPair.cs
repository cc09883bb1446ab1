using System.CommandLine;
using System.CommandLine.Parsing;
using RnnRuntime.Cli.Running;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Sources;

/// <summary>The two models that a command takes as its arguments; see <see cref="ModelArgument"/> for where they may stand.</summary>
internal sealed class ModelPair
{
    private readonly Argument<string[]> _argument;
    private readonly Option<string[]>[] _options;

    /// <param name="command">The command, which gets the argument and a check of the options.</param>
    /// <param name="description">For the help.</param>
    /// <param name="options">Those whose values are pairs.</param>
    public ModelPair(Command command, string description, params Option<string[]>[] options)
    {
        _argument = new Argument<string[]>("A B") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        _options = options;
        command.Arguments.Add(_argument);
        command.Validators.Add(Validate);
    }

    public (string First, string Second) Paths(ParseResult arguments)
    {
        var tokens = Tokens(arguments.CommandResult);
        var order = arguments.Tokens.Where(token => tokens.Any(model => ReferenceEquals(model, token))).ToArray();
        return (order[0].Value, order[1].Value);
    }

    /// <summary>Loads both. What the options say is for the files that need it: a .rnn file beside one of another kind says it itself.</summary>
    public (ModelSource First, ModelSource Second) Load(ParseResult arguments, RnnImportOptions import, string? kernel, IReadOnlyList<InputArray> arrays)
    {
        var (first, second) = Paths(arguments);
        var isMixed = ModelSource.KindOf(first) == SourceKind.Rnn != (ModelSource.KindOf(second) == SourceKind.Rnn);
        var source = Load(first);
        try
        {
            return (source, Load(second));
        }
        catch
        {
            source.Dispose();
            throw;
        }

        ModelSource Load(string path) => ModelSource.Load(
            path, isMixed && ModelSource.KindOf(path) == SourceKind.Rnn ? new RnnImportOptions { Limits = import.Limits, Vocabulary = import.Vocabulary } : import,
            kernel, arrays: arrays);
    }

    private void Validate(CommandResult result)
    {
        var tokens = Tokens(result);
        if (tokens.Count < 2)
        {
            result.AddError($"Required argument missing: two models are expected, A and B; found {tokens.Count}");
        }
        else if (tokens.Count > 2)
        {
            result.AddError($"Two models are expected, A and B; found {string.Join(", ", tokens.Select(token => $"'{token.Value}'"))}");
        }
    }

    private List<Token> Tokens(CommandResult result) =>
    [
        .. result.GetResult(_argument)?.Tokens ?? [],
        .. _options.SelectMany(option => result.GetResult(option)?.Tokens ?? []).Where(token => !Pairs.IsPair(token.Value)),
    ];
}
