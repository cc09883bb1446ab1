using System.Text;
using RnnRuntime.Cli.Sources;
using RnnRuntime.Import;

namespace RnnRuntime.Cli;

/// <summary>
/// A character model: one int32 input of one element, a token; one output of a logit for each token. Its metadata's <c>vocabulary</c> holds
/// the characters in the tokens' order.
/// </summary>
internal sealed class LanguageModel
{
    private readonly Dictionary<Rune, int> _tokens = [];
    private readonly int _output;
    private readonly bool _isOnlyOutput;

    public LanguageModel(ModelSource source)
    {
        var model = source.Model;
        if (model.Inputs is not [{ Type: TensorType.Int32, Shape.ElementCount: 1 }] || model.Outputs.All(output => output.Type != TensorType.Float32))
        {
            throw new CliException(
                $"{source.Name}: not a language model: one int32 input of one token and an output of logits are expected; found inputs {List(model.Inputs)} and outputs {List(model.Outputs)}");
        }

        if (!model.Graph.Metadata.TryGetValue("vocabulary", out var vocabulary))
        {
            throw new CliException($"{source.Name}: not a language model: its metadata has no 'vocabulary'{(source.Kind == SourceKind.Rnn ? "" : "; --vocab gives one")}");
        }

        Characters = [.. vocabulary.EnumerateRunes()];
        var logits = Enumerable.Range(0, model.Outputs.Length)
            .Where(index => model.Outputs[index].Type == TensorType.Float32 && model.Outputs[index].Shape.ElementCount == Characters.Length).ToArray();
        if (logits.Length != 1)
        {
            throw new CliException(
                $"{source.Name}: the vocabulary has {Characters.Length} characters; one output of as many logits is expected, found {List(model.Outputs)}");
        }

        (_output, _isOnlyOutput) = (logits[0], model.Outputs.Length == 1);
        for (var token = 0; token < Characters.Length; token++)
        {
            if (!_tokens.TryAdd(Characters[token], token))
            {
                throw new CliException($"{source.Name}: the vocabulary has {Text.Of(Characters[token])} twice");
            }
        }
    }

    public Rune[] Characters { get; }

    /// <summary>Gives tokens, one a step, and takes as many times the logits.</summary>
    public void Run(RnnSession session, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (_isOnlyOutput)
        {
            session.Run(tokens, logits);
            return;
        }

        session.SetInput(0, tokens);
        session.Run(tokens.Length);
        session.GetOutput(_output, logits);
    }

    /// <summary>The tokens of a text; a character outside the vocabulary is an error that names it and where it is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What the text is, for the error.</param>
    public int[] Encode(string text, string source)
    {
        var tokens = new int[text.Length];
        var count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!_tokens.TryGetValue(rune, out tokens[count]))
            {
                throw new CliException($"{source}: character {Text.Of(rune)} at offset {count} is not in the model's vocabulary of {Characters.Length} characters");
            }

            count++;
        }

        return tokens[..count];
    }

    /// <summary>What a text starts from when there is no prompt: a new line, as if a line had just ended.</summary>
    public int[] DefaultPrompt() => [_tokens.GetValueOrDefault(new Rune('\n'))];

    private static string List(IEnumerable<TensorInfo> tensors) =>
        string.Join(", ", tensors.Select(tensor => $"'{tensor.Name}' ({Text.Of(tensor)})").DefaultIfEmpty("none"));
}
