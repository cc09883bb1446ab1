using System.Globalization;
using RnnRuntime.Bench.Results;
using RnnRuntime.Kernels;

namespace RnnRuntime.Bench.Lab;

/// <summary>Results of this project's kernels alone: a row a size and type of weights, a column a kernel.</summary>
internal static class KernelTables
{
    internal static void Write(TextWriter writer, string heading, CellResult[] rows)
    {
        bool isProduct = rows[0].Cell == ProductSuite.Cell;
        string[] kernels = [.. rows.SelectMany(row => row.Peers).Select(KernelOf).Distinct()];
        string[] inC = [.. kernels.Where(kernel => KernelRegistry.IsNative(kernel) && kernels.Contains(kernel[2..]))];
        writer.WriteLine($"## {heading}");
        writer.WriteLine();
        Table(writer, rows, isProduct, [.. kernels, "roof", "f32 / these weights, best kernels"], (row, weights) =>
        [
            .. kernels.Select(kernel => Peer(row, weights, kernel) is { } peer ? $"{CellReport.Number(peer.Min)} ({CellReport.Number(peer.Median)})" : ""),
            CellReport.Number(row.Best(weights, own: true)!.Roof),
            CellReport.Ratio(row.Best("f32", own: true)?.Min / row.Best(weights, own: true)?.Min) ?? "",
        ]);
        Table(writer, rows, isProduct, [.. kernels.Select(kernel => $"{kernel} / roof"), .. inC.Select(kernel => $"C# / C, {kernel[2..]}")], (row, weights) =>
        [
            .. kernels.Select(kernel => CellReport.Ratio(Peer(row, weights, kernel)?.Min / Peer(row, weights, kernel)?.Roof) ?? ""),
            .. inC.Select(kernel => CellReport.Ratio(Peer(row, weights, kernel[2..])?.Min / Peer(row, weights, kernel)?.Min) ?? ""),
        ]);
        Table(writer, rows, isProduct, ["bytes a step", .. kernels.Select(kernel => $"{kernel}, GB/s")], (row, weights) =>
        [
            row.Best(weights, own: true)!.Bytes.ToString("N0", CultureInfo.InvariantCulture),
            .. kernels.Select(kernel => Peer(row, weights, kernel) is { } peer ? (peer.Bytes / peer.Min).ToString("F1", CultureInfo.InvariantCulture) : ""),
        ]);
    }

    private static void Table(TextWriter writer, CellResult[] rows, bool isProduct, string[] columns, Func<CellResult, string, string[]> cells)
    {
        writer.WriteLine($"| {(isProduct ? "(columns,rows)" : "(input,hidden)")} | weights | {string.Join(" | ", columns)} |");
        writer.WriteLine($"|---|---{string.Concat(Enumerable.Repeat("|---:", columns.Length))}|");
        foreach (CellResult row in rows)
        {
            foreach (string weights in row.Peers.Select(peer => peer.Weights).Distinct())
            {
                writer.WriteLine($"| {row.Size} | {weights} | {string.Join(" | ", cells(row, weights))} |");
            }
        }

        writer.WriteLine();
    }

    private static PeerResult? Peer(CellResult row, string weights, string kernel) =>
        row.Peers.FirstOrDefault(peer => peer.Weights == weights && KernelOf(peer) == kernel);

    /// <summary>Names are those of kernels, with the type of weights behind.</summary>
    private static string KernelOf(PeerResult peer) => peer.Name[..^(peer.Weights.Length + 1)];
}
