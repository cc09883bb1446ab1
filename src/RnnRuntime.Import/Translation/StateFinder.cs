using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Finds the inputs that an output replaces after each step. Names tell: without the words that say which side they are on both are the same
/// (<c>x</c> and <c>x_out</c>, <c>prev_h</c> and <c>new_h</c>, <c>h_0_in</c> and <c>h_0_out</c>); where no name fits so, a last <c>0</c> of an input and a last
/// <c>n</c> of an output count as such words too (<c>h0</c> and <c>hn</c>, <c>state</c> and <c>stateN</c>). Shapes have to agree, and one input stays an input: a
/// signal that comes out again is no state.
/// </summary>
internal static class StateFinder
{
    private static readonly Side Inputs = new(["in", "inp", "input", "prev", "previous", "old", "init", "initial", "last", "past"], "0");
    private static readonly Side Outputs = new(["out", "outp", "output", "new", "next", "final", "updated", "present", "curr", "current"], "n");

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
        var given = pairs.Count;
        var (takenInputs, takenOutputs) = (pairs.Select(pair => pair.Input).ToHashSet(), pairs.Select(pair => pair.Output).ToHashSet());
        foreach (var (inputSuffix, outputSuffix) in new[] { (false, false), (true, true), (true, false), (false, true) })
        {
            var stems = outputs.Select(output => Stem(output.Name, Outputs, outputSuffix)).ToArray();
            var outputsOf = Enumerable.Range(0, outputs.Length).ToLookup(o => stems[o].Stem);
            var sameStem = Enumerable.Range(0, inputs.Length).Where(i => !takenInputs.Contains(i)).ToLookup(i => Stem(inputs[i].Name, Inputs, inputSuffix).Stem);
            for (var i = 0; i < inputs.Length; i++)
            {
                var (stem, isMarked) = Stem(inputs[i].Name, Inputs, inputSuffix);
                if (takenInputs.Contains(i) || stem.Length == 0 || sameStem[stem].Skip(1).Any())
                {
                    continue;
                }

                var candidates = outputsOf[stem].Where(o =>
                    !takenOutputs.Contains(o) && (isMarked || stems[o].IsMarked) && Fit(inputs[i], outputs[o].Value)).ToArray();
                if (candidates is [var found])
                {
                    pairs.Add((i, found));
                    takenInputs.Add(i);
                    takenOutputs.Add(found);
                }
            }
        }

        for (var i = given; i < pairs.Count && pairs.Count == inputs.Length; i++)
        {
            if (pairs[i].Input == 0)
            {
                pairs.RemoveAt(i);
            }
        }
    }

    private static bool Fit(Value input, Value output) =>
        input.Type == TensorType.Float32 && output.Type == TensorType.Float32 && input.Shape == output.Shape;

    private static int Index(string[] names, string name, string kind) => Array.IndexOf(names, name) is var index and >= 0
        ? index
        : throw new RnnImportException($"--state, {kind} '{name}'", "no such name", $"one of {string.Join(", ", names.Select(known => $"'{known}'"))}");

    /// <summary>The name without its side's words, or without its side's suffix where it has none, and whether it had one.</summary>
    private static (string Stem, bool IsMarked) Stem(string name, Side side, bool withSuffix)
    {
        var parts = Words(name);
        var kept = parts.Where(part => !side.Words.Contains(part)).ToList();
        if (withSuffix && kept.Count == parts.Count && kept.Count > 1 && kept[^1] == side.Suffix)
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
        if (words is [.., { Length: 2 } last] && last[1] == 'n' && last != "in")
        {
            words[^1] = last[..1];
            words.Add("n");
        }

        return words;
    }

    private sealed record Side(ImmutableHashSet<string> Words, string Suffix);
}
