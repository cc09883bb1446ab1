using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Finds the inputs that an output replaces after each step. Names tell: without the words that say which side they are on (<c>h0</c> and
/// <c>hn</c>, <c>state</c> and <c>stateN</c>, <c>x</c> and <c>x_out</c>, <c>prev_h</c> and <c>new_h</c>) both are the same; shapes have to agree.
/// </summary>
internal static class StateFinder
{
    private static readonly Side Inputs = new(["in", "input", "prev", "previous", "old", "init", "initial", "last", "past"], "0");
    private static readonly Side Outputs = new(["out", "output", "new", "next", "final", "updated", "present", "curr", "current"], "n");

    /// <summary>Pairs (input, output) by index; given pairs first. A given pair that does not fit is an error.</summary>
    public static ImmutableArray<(int Input, int Output)> Find(
        ImmutableArray<Value> inputs, ImmutableArray<(string Name, Value Value)> outputs, ImmutableDictionary<string, string> given, bool search)
    {
        var pairs = ImmutableArray.CreateBuilder<(int Input, int Output)>();
        foreach (var (outputName, inputName) in given.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var output = Index([.. outputs.Select(output => output.Name)], outputName, "output");
            var input = Index([.. inputs.Select(input => input.Name)], inputName, "input");
            if (!Fit(inputs[input], outputs[output].Value))
            {
                throw new RnnImportException(
                    $"--state {outputName}={inputName}", $"{outputs[output].Value} and {inputs[input]}", "an input and an output that is computed, both float32 of one shape");
            }

            if (pairs.Any(pair => pair.Input == input))
            {
                throw new RnnImportException($"--state {outputName}={inputName}", $"a second output for '{inputName}'", "one");
            }

            pairs.Add((input, output));
        }

        if (search)
        {
            AddFound(inputs, outputs, pairs);
        }

        return pairs.ToImmutable();
    }

    private static void AddFound(ImmutableArray<Value> inputs, ImmutableArray<(string Name, Value Value)> outputs, ImmutableArray<(int Input, int Output)>.Builder pairs)
    {
        var (takenInputs, takenOutputs) = (pairs.Select(pair => pair.Input).ToHashSet(), pairs.Select(pair => pair.Output).ToHashSet());
        var candidates = new Dictionary<(string Stem, bool IsMarked, TensorShape Shape), List<int>>();
        for (var o = 0; o < outputs.Length; o++)
        {
            var (stem, isMarked) = Stem(outputs[o].Name, Outputs);
            if (takenOutputs.Contains(o) || outputs[o].Value.Type != TensorType.Float32)
            {
                continue;
            }

            if (!candidates.TryGetValue((stem, isMarked, outputs[o].Value.Shape), out var alike))
            {
                candidates.Add((stem, isMarked, outputs[o].Value.Shape), alike = []);
            }

            alike.Add(o);
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            var (stem, isMarked) = Stem(inputs[i].Name, Inputs);
            if (takenInputs.Contains(i) || stem.Length == 0 || inputs[i].Type != TensorType.Float32)
            {
                continue;
            }

            // One side at least says which one it is.
            var marked = candidates.GetValueOrDefault((stem, true, inputs[i].Shape), []);
            var plain = isMarked ? candidates.GetValueOrDefault((stem, false, inputs[i].Shape), []) : [];
            if (marked.Count + plain.Count == 1)
            {
                pairs.Add((i, marked.Count == 1 ? marked[0] : plain[0]));
                marked.Clear();
                plain.Clear();
            }
        }
    }

    private static bool Fit(Value input, Value output) =>
        input.Type == TensorType.Float32 && output.Type == TensorType.Float32 && input.Shape == output.Shape;

    private static int Index(string[] names, string name, string kind) => Array.IndexOf(names, name) is var index and >= 0
        ? index
        : throw new RnnImportException($"--state, {kind} '{name}'", "no such name", $"one of {string.Join(", ", names.Select(known => $"'{known}'"))}");

    /// <summary>
    /// The name without its side's words, and whether it had one: <c>lstm_h_out</c> is lstm h. A last <c>0</c> or <c>N</c> counts where there is no such
    /// word: <c>stateN</c> is state, <c>h0_in</c> is h 0.
    /// </summary>
    private static (string Stem, bool IsMarked) Stem(string name, Side side)
    {
        var parts = Words(name);
        var kept = parts.Where(part => !side.Words.Contains(part)).ToList();
        if (kept.Count == parts.Count && kept.Count > 1 && kept[^1] == side.Suffix)
        {
            kept.RemoveAt(kept.Count - 1);
        }

        return (string.Join(' ', kept), kept.Count < parts.Count);
    }

    /// <summary>Cut at punctuation, at a change from small to capital letters and in front of digits.</summary>
    private static List<string> Words(string name)
    {
        var words = new List<string>();
        var start = 0;
        for (var i = 0; i < name.Length; i++)
        {
            var character = name[i];
            var isInside = char.IsLetterOrDigit(character);
            var startsWord = i > 0 && ((char.IsUpper(character) && char.IsLower(name[i - 1])) || (char.IsDigit(character) && !char.IsDigit(name[i - 1])));
            if (!isInside || startsWord)
            {
                words.Add(name[start..i].ToLowerInvariant());
                start = isInside ? i : i + 1;
            }
        }

        words.Add(name[start..].ToLowerInvariant());
        words.RemoveAll(part => part.Length == 0);

        // "hn" and "cn" have no mark between stem and side.
        return words is [{ Length: 2 } short2] && short2[1] == 'n' ? [short2[..1], "n"] : words;
    }

    private sealed record Side(ImmutableHashSet<string> Words, string Suffix);
}
