using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>The tensors of a weights-only file by name, and which of them have been used.</summary>
internal sealed class TensorSource
{
    private const int Shown = 12;

    /// <summary>Each is held against every tensor.</summary>
    private const int MaximumPatterns = 1000;

    private readonly NamedTensors _file;
    private readonly Dictionary<string, HostTensor> _tensors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public TensorSource(NamedTensors file)
    {
        _file = file;
        foreach (var (name, tensor) in file.Tensors)
        {
            if (!_tensors.TryAdd(name, tensor))
            {
                throw new RnnImportException($"{file.Format} file", $"tensor {JsonText.Quote(name)} twice", "names that differ");
            }
        }
    }

    public bool Has(string name) => _tensors.ContainsKey(name);

    public Weight Take(string location, string name)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            throw new RnnImportException(location, $"no tensor {JsonText.Quote(name)} in the {_file.Format} file", $"one of its tensors: {Describe(_file)}");
        }

        _used.Add(name);
        return new Weight($"tensor {JsonText.Quote(name)}", tensor);
    }

    public Weight? TakeOptional(string name) => Has(name) ? Take("", name) : null;

    /// <summary>Refuses tensors that nothing has used, unless the list names them or, with a star at the end, begins their names.</summary>
    public void Finish(string location, IEnumerable<string> ignored)
    {
        var left = _file.Tensors.Where(pair => !_used.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
        var patterns = 0;
        foreach (var pattern in ignored)
        {
            if (pattern.EndsWith('*') && ++patterns > MaximumPatterns)
            {
                throw new RnnImportException($"{location}, field ignore", $"more than {MaximumPatterns} names with a star", $"at most {MaximumPatterns}");
            }

            var before = left.Count;
            if (pattern.EndsWith('*'))
            {
                foreach (var name in left.Keys.Where(name => name.StartsWith(pattern.AsSpan()[..^1], StringComparison.Ordinal)).ToArray())
                {
                    left.Remove(name);
                }
            }
            else
            {
                left.Remove(pattern);
            }

            if (left.Count == before)
            {
                throw new RnnImportException($"{location}, field ignore", JsonText.Quote(pattern), "names of unused tensors of the file (a star at the end stands for any ending)");
            }
        }

        if (left.Count > 0)
        {
            throw new RnnImportException(
                location, $"{left.Count} tensors of the {_file.Format} file that no layer uses: {Describe(new NamedTensors(_file.Format, [.. left]))}",
                "every tensor used, or named under ignore");
        }
    }

    /// <summary>Names and shapes for an error.</summary>
    public static string Describe(NamedTensors file) =>
        string.Join(", ", file.Tensors.Take(Shown).Select(pair => $"{JsonText.Quote(pair.Key)} {pair.Value}").DefaultIfEmpty("none"))
        + (file.Tensors.Length > Shown ? $" and {file.Tensors.Length - Shown} more" : "");
}
