using System.Text;

namespace RnnRuntime.Cli;

/// <summary>
/// A character model: one int32 input, a token; one output, a logit for each token. Its metadata's <c>vocabulary</c> holds the characters
/// in the tokens' order.
/// </summary>
internal sealed class LanguageModel
{
    private readonly Dictionary<Rune, int> _tokens = [];

    public LanguageModel(ModelSource source)
    {
        var model = source.Model;
        if (model.Inputs is not [{ Type: TensorType.Int32, Shape.ElementCount: 1 }] || model.Outputs is not [var logits])
        {
            throw new CliException(
                $"{source.Name}: not a language model: one int32 input of one token and one output are expected; found inputs {List(model.Inputs)} and outputs {List(model.Outputs)}");
        }

        if (!model.Graph.Metadata.TryGetValue("vocabulary", out var vocabulary))
        {
            throw new CliException($"{source.Name}: not a language model: its metadata has no 'vocabulary'");
        }

        Characters = [.. vocabulary.EnumerateRunes()];
        if (Characters.Length != logits.Shape.ElementCount)
        {
            throw new CliException(
                $"{source.Name}: the vocabulary has {Characters.Length} characters and output '{logits.Name}' {logits.Shape.ElementCount} logits; as many are expected");
        }

        for (var token = 0; token < Characters.Length; token++)
        {
            if (!_tokens.TryAdd(Characters[token], token))
            {
                throw new CliException($"{source.Name}: the vocabulary has {Text.Of(Characters[token])} twice");
            }
        }
    }

    public Rune[] Characters { get; }

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
