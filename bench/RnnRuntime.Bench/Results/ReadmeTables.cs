using System.Globalization;
using System.Text.RegularExpressions;

namespace RnnRuntime.Bench.Results;

/// <summary>
/// The tables of the README that hold measurements. Each stands between <c>&lt;!-- results FOLDER: KIND --&gt;</c> and <c>&lt;!-- end --&gt;</c> and is made from the result
/// files of that folder of <c>bench/results</c>, so that no number in it is typed.
/// </summary>
internal static partial class ReadmeTables
{
    /// <summary>The README as the result files have it.</summary>
    /// <param name="readme">The README's text.</param>
    /// <param name="resultsFolder"><c>bench/results</c>.</param>
    internal static string Renew(string readme, string resultsFolder)
    {
        if (!Block().IsMatch(readme))
        {
            throw new InvalidDataException("The README has no table between '<!-- results FOLDER: KIND -->' and '<!-- end -->'.");
        }

        return Block().Replace(readme, match =>
        {
            string folder = Path.Combine(resultsFolder, match.Groups["folder"].Value);
            IEnumerable<string> lines = Table(folder, match.Groups["kind"].Value, match.Groups["names"].Value);
            return $"{match.Groups["start"].Value}\n\n{string.Join('\n', lines)}\n\n<!-- end -->";
        });
    }

    private static IEnumerable<string> Table(string folder, string kind, string names) => kind switch
    {
        "lstm-step" => LstmStep(Cells(folder)),
        "peers" => Peers(Cells(folder)),
        "models" => ModelTable.Lines(Models(folder, names.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))),
        "latency" => Latency(ResultFile<LatencyResult>.Load(Path.Combine(folder, "latency.json")).Rows),
        _ => throw new InvalidDataException($"The README has a table of kind '{kind}'; expected lstm-step, peers, models or latency."),
    };

    private static IReadOnlyList<CellResult> Cells(string folder) => ResultFile<CellResult>.Load(Path.Combine(folder, "peers.json")).Rows;

    /// <summary>One step of an LSTM against ONNX Runtime and the roof.</summary>
    private static IEnumerable<string> LstmStep(IReadOnlyList<CellResult> rows) =>
    [
        "| (input,hidden) | float32: ONNX Runtime / RnnRuntime | int8: ONNX Runtime / RnnRuntime | float32: RnnRuntime / roof | int8: RnnRuntime / roof | float32 / int8, RnnRuntime |",
        "|---|---:|---:|---:|---:|---:|",
        .. from row in rows
           where row is { Regime: "step", Cell: "lstm" }
           let f32 = row.Best("f32", own: true)
           let int8 = row.Best("int8", own: true)
           where f32 is not null && int8 is not null
           let cells = new[]
           {
               Named(row, "ONNX Runtime f32") / f32.Min, Named(row, "ONNX Runtime int8 q7") / int8.Min, f32.Min / f32.Roof, int8.Min / int8.Roof, f32.Min / int8.Min,
           }
           select $"| {row.Size} | {string.Join(" | ", cells.Select(Ratio))} |",
    ];

    /// <summary>The fastest of all peers over the best kernel, every regime and cell that was measured, a row a size.</summary>
    private static IEnumerable<string> Peers(IReadOnlyList<CellResult> rows)
    {
        (string Regime, string Cell, string Weights, string Title)[] columns =
        [
            .. from regime in new[] { ("step", "one step"), ("sequence", "T = 100"), ("batch", "16 streams"), ("batch64", "64 streams") }
               from cell in new[] { ("lstm", "f32", "LSTM float32"), ("lstm", "int8", "LSTM int8"), ("gru", "f32", "GRU float32") }
               where rows.Any(row => row.Regime == regime.Item1 && row.Cell == cell.Item1)
               select (regime.Item1, cell.Item1, cell.Item2, $"{regime.Item2}, {cell.Item3}"),
        ];
        yield return $"| (input,hidden) | {string.Join(" | ", columns.Select(column => column.Title))} |";
        yield return $"|---{string.Concat(Enumerable.Repeat("|---:", columns.Length))}|";
        foreach ((int input, int hidden) in rows.Select(row => (row.Input, row.Hidden)).Distinct())
        {
            var cells = from column in columns
                        let row = rows.FirstOrDefault(row => (row.Regime, row.Cell, row.Input, row.Hidden) == (column.Regime, column.Cell, input, hidden))
                        select Ratio(row?.Best(column.Weights, own: false)?.Min / row?.Best(column.Weights, own: true)?.Min);
            yield return $"| ({input},{hidden}) | {string.Join(" | ", cells)} |";
        }
    }

    private static IEnumerable<ModelResult> Models(string folder, string[] names)
    {
        string path = Path.Combine(folder, "models.json");
        IReadOnlyList<ModelResult> all = ResultFile<ModelResult>.Load(path).Rows;
        return names.Length == 0 ? all : names.Select(name => all.FirstOrDefault(row => row.Name == name)
            ?? throw new InvalidDataException($"{path} has no model '{name}'; it has {string.Join(", ", all.Select(row => row.Name))}."));
    }

    private static IEnumerable<string> Latency(IReadOnlyList<LatencyResult> rows) =>
    [
        "| steps | p99.99, us | with garbage elsewhere, us | ratio |",
        "|---|---:|---:|---:|",
        .. from row in rows
           where row.Missing is null
           select string.Create(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Quiet!.P9999:N0} | {row.Garbage!.P9999:N0} | {row.Ratio:F1} |"),
    ];

    private static double? Named(CellResult row, string name) => row.Peers.FirstOrDefault(peer => peer.Name == name)?.Min;

    private static string Ratio(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? "";

    [GeneratedRegex(@"(?<start><!-- results (?<folder>[\w-]+): (?<kind>[\w-]+)(?<names>[^\n]*?) -->)\n+(?:\|[^\n]*\n)*\n*<!-- end -->")]
    private static partial Regex Block();
}
