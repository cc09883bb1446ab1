using System.Globalization;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Compare;

internal sealed record PeerResult(string Name, bool IsInt8, Timing Timing, double MaxError);

/// <summary>One size of one regime; peers in the order that all rows share.</summary>
internal sealed record ComparisonRow(LstmShape Shape, IReadOnlyList<PeerResult> Peers, double FloatRoof, double Int8Roof)
{
    internal double Min(string peer) => Peers.Single(result => result.Name == peer).Timing.Min;
}

/// <summary>One regime's rows as three Markdown tables: times, ratios of minima, and errors.</summary>
internal sealed class ComparisonTable(Regime regime)
{
    private readonly List<ComparisonRow> _rows = [];

    internal void Add(ComparisonRow row) => _rows.Add(row);

    internal void Write(TextWriter writer)
    {
        string[] peers = [.. _rows[0].Peers.Select(peer => peer.Name)];
        writer.WriteLine($"## {regime.Title}");
        writer.WriteLine();
        Header(writer, [.. peers, "roof f32", "roof int8"]);
        foreach (ComparisonRow row in _rows)
        {
            Cells(writer, row, [.. row.Peers.Select(peer => Time(peer.Timing)), Number(row.FloatRoof), Number(row.Int8Roof)]);
        }

        writer.WriteLine();
        Header(writer, ["f32: ONNX Runtime / RnnRuntime", "int8: q7 / RnnRuntime", "f32: RnnRuntime / roof", "int8: RnnRuntime / roof", "f32 / int8, RnnRuntime"]);
        foreach (ComparisonRow row in _rows)
        {
            double f32 = row.Min(RnnRuntimePeer.NameOf(null)), int8 = row.Min(RnnRuntimePeer.NameOf(RnnPrecision.Int8));
            double onnx = row.Min(OnnxRuntimePeer.NameOf(OnnxPrecision.Float32)), q7 = row.Min(OnnxRuntimePeer.NameOf(OnnxPrecision.Int8Bits7));
            Cells(writer, row, [Ratio(onnx / f32), Ratio(q7 / int8), Ratio(f32 / row.FloatRoof), Ratio(int8 / row.Int8Roof), Ratio(f32 / int8)]);
        }

        writer.WriteLine();
        writer.WriteLine("Largest error against double precision:");
        writer.WriteLine();
        Header(writer, peers);
        foreach (ComparisonRow row in _rows)
        {
            Cells(writer, row, [.. row.Peers.Select(peer => peer.MaxError.ToString("0.0E+0", CultureInfo.InvariantCulture))]);
        }

        writer.WriteLine();
    }

    private static void Header(TextWriter writer, string[] columns)
    {
        writer.WriteLine($"| (input,hidden) | {string.Join(" | ", columns)} |");
        writer.WriteLine($"|---{string.Concat(Enumerable.Repeat("|---:", columns.Length))}|");
    }

    private static void Cells(TextWriter writer, ComparisonRow row, string[] cells) =>
        writer.WriteLine($"| {row.Shape} | {string.Join(" | ", cells)} |");

    private static string Time(Timing timing) => $"{Number(timing.Min)} ({Number(timing.Median)})";

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
