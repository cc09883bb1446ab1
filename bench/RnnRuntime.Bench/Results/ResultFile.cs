using System.Text.Json;

namespace RnnRuntime.Bench.Results;

/// <summary>The rows of one suite on one machine: what its Markdown and the README's tables are made from.</summary>
/// <param name="Machine">Lines that describe the machine of the last run.</param>
/// <param name="Rows">One a layer and regime.</param>
internal sealed record ResultFile<TRow>(string Machine, IReadOnlyList<TRow> Rows)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static ResultFile<TRow> Load(string path) => JsonSerializer.Deserialize<ResultFile<TRow>>(File.ReadAllText(path), Options)
        ?? throw new InvalidDataException($"{path} holds null; an object with machine and rows is expected.");

    /// <summary>Rows that were measured replace those with the same key, whole; the others stay.</summary>
    internal static ResultFile<TRow> Merge(string path, string machine, IReadOnlyList<TRow> measured, Func<TRow, object> key)
    {
        IReadOnlyList<TRow> before = File.Exists(path) ? Load(path).Rows : [];
        var keys = measured.Select(key).ToHashSet();
        return new(machine, [.. before.Where(row => !keys.Contains(key(row))), .. measured]);
    }

    internal void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(this, Options).ReplaceLineEndings("\n") + "\n");
    }
}
