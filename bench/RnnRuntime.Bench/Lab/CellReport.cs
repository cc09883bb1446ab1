using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Lab;

/// <summary>The rows of a suite as a result file, and all rows of that file as Markdown.</summary>
internal static class CellReport
{
    /// <summary>Prints what was measured; a whole run also goes to the result files of this processor, where its rows replace older ones.</summary>
    internal static void Write(LabOptions options, string title, Roof roof, IReadOnlyList<CellResult> measured)
    {
        Console.Write(Markdown(options, title, roof, measured));
        if (options.NoFile || (!options.IsWhole && options.Output is null))
        {
            return;
        }

        string markdown = options.Output ?? Path.Combine(Machine.ResultsFolder, $"{options.Suite}.md");
        string json = Path.ChangeExtension(markdown, ".json");
        var file = ResultFile<CellResult>.Merge(json, Machine.Describe(), measured, row => (row.Regime, row.Cell, row.Input, row.Hidden));
        file = file with { Rows = [.. file.Rows.OrderBy(row => RegimePlace(row.Regime)).ThenBy(row => CellPlace(row.Cell)).ThenBy(row => Array.IndexOf(Peers.CellShape.AllSizes, (row.Input, row.Hidden)))] };
        file.Save(json);
        File.WriteAllText(markdown, Markdown(options, title, roof, file.Rows));
        if (options.Output is null)
        {
            Versions.Write(options.Suite, file.Rows.Select(row => row.Command));
            RooflinePlot.Write(options.Suite, roof, file.Rows);
        }
    }

    private static string Markdown(LabOptions options, string title, Roof roof, IReadOnlyList<CellResult> rows)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        writer.WriteLine($"# {title}");
        writer.WriteLine();
        writer.WriteLine(Machine.Describe());
        if (rows.Any(row => row.Peers.Any(peer => !peer.IsOwn)))
        {
            writer.WriteLine($"- oneDNN {Peers.OneDnn.OneDnnApi.MissingReason ?? Peers.OneDnn.OneDnnApi.VersionText}");
        }

        foreach (string command in rows.Select(row => row.Command).Distinct())
        {
            writer.WriteLine($"- Command: `{command}`");
        }

        writer.WriteLine(
            $"- Interleaved rounds ({options.Rounds} of {options.SliceSeconds * 1000:F0} ms each, the last run) of all of a row in one process; "
            + "times are the minimum (and median) in ns a step, ratios of minima");
        writer.WriteLine();
        writer.WriteLine(roof.ToMarkdown());
        foreach (var group in rows.GroupBy(row => (row.Regime, row.Cell)))
        {
            string heading = $"{group.Key.Cell.ToUpperInvariant()}: {RegimeTitle(group.Key.Regime)}";
            if (group.All(row => row.Peers.All(peer => peer.IsOwn)))
            {
                KernelTables.Write(writer, heading, [.. group]);
            }
            else
            {
                WriteGroup(writer, heading, [.. group]);
            }
        }

        writer.WriteLine("""
            The roof is max(weight bytes / read bandwidth of the level that they fit in, multiply-adds / peak); activations are not counted. With more
            than one step a call, input weights are counted once a call. `q7`: weights in ±63, with which an int8 product cannot saturate
            on processors without VNNI; with ±127 it may, and its error then shows it. Both have a scale a row. Each row's ratios are of one process and run.
            """);
        return writer.ToString().ReplaceLineEndings("\n");
    }

    private static void WriteGroup(TextWriter writer, string heading, CellResult[] rows)
    {
        string[] peers = [.. rows.SelectMany(row => row.Peers).Select(peer => peer.Name).Distinct()];
        string[] weights = [.. rows.SelectMany(row => row.Peers).Select(peer => peer.Weights).Distinct()];
        writer.WriteLine($"## {heading}");
        writer.WriteLine();
        Table(writer, rows, [
            .. peers.Select(name => new Column(name, row => Peer(row, name) is { } peer ? $"{Number(peer.Min)} ({Number(peer.Median)})" : null)),
            .. weights.Select(type => new Column($"roof {type}", row => row.Peers.FirstOrDefault(peer => peer.Weights == type) is { } peer ? Number(peer.Roof) : null))]);
        Table(writer, rows, [.. RatioColumns(weights, rows)]);
        if (rows.Any(row => row.Peers.Any(peer => peer.Error is not null)))
        {
            writer.WriteLine("Largest error against double precision:");
            writer.WriteLine();
            Table(writer, rows, [.. peers.Select(name => new Column(name, row => Peer(row, name)?.Error?.ToString("0.0E+0", CultureInfo.InvariantCulture)))]);
        }
    }

    /// <summary>What a table shows beside the sizes; null is an empty cell.</summary>
    private sealed record Column(string Title, Func<CellResult, string?> Cell);

    private static IEnumerable<Column> RatioColumns(string[] weights, CellResult[] rows)
    {
        PeerResult[] all = [.. rows.SelectMany(row => row.Peers).DistinctBy(peer => peer.Name)];
        foreach (string type in weights.Where(type => all.Any(peer => peer.Weights == type && peer.IsOwn)))
        {
            foreach (PeerResult peer in all.Where(peer => peer.Weights == type && !peer.IsOwn))
            {
                yield return new Column($"{peer.Name} / best RnnRuntime", row => Ratio(Peer(row, peer.Name)?.Min / row.Best(type, own: true)?.Min));
            }
        }

        foreach (PeerResult own in all.Where(peer => peer.IsOwn))
        {
            yield return new Column($"{own.Name} / roof", row => Ratio(Peer(row, own.Name)?.Min / Peer(row, own.Name)?.Roof));
        }

        foreach (string type in weights.Where(type => type != "f32" && weights.Contains("f32") && all.Any(peer => peer.Weights == type && peer.IsOwn)))
        {
            yield return new Column($"f32 / {type}, best RnnRuntime", row => Ratio(row.Best("f32", own: true)?.Min / row.Best(type, own: true)?.Min));
        }
    }

    private static void Table(TextWriter writer, CellResult[] rows, Column[] columns)
    {
        writer.WriteLine($"| (input,hidden) | {string.Join(" | ", columns.Select(column => column.Title))} |");
        writer.WriteLine($"|---{string.Concat(Enumerable.Repeat("|---:", columns.Length))}|");
        foreach (CellResult row in rows)
        {
            writer.WriteLine($"| {row.Size} | {string.Join(" | ", columns.Select(column => column.Cell(row)))} |");
        }

        writer.WriteLine();
    }

    private static PeerResult? Peer(CellResult row, string name) => row.Peers.FirstOrDefault(peer => peer.Name == name);

    private static int RegimePlace(string key) => Array.FindIndex(Regime.All, regime => regime.Key == key);

    private static int CellPlace(string cell) => Array.FindIndex(Enum.GetNames<Peers.Cell>(), name => string.Equals(name, cell, StringComparison.OrdinalIgnoreCase));

    private static string RegimeTitle(string key) => RegimePlace(key) is >= 0 and int place ? Regime.All[place].Title : ProductSuite.Title(key);

    internal static string Number(double value) => value.ToString(value < 10 ? "N1" : "N0", CultureInfo.InvariantCulture);

    internal static string? Ratio(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture);
}
