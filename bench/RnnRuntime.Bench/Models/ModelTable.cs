using System.Globalization;
using RnnRuntime.Bench.Compare;

namespace RnnRuntime.Bench.Models;

internal sealed record ModelRow(string Name, Timing Peer, Timing Own, double MaxDifference, RnnPlanInfo Plan)
{
    internal double Ratio => Peer.Min / Own.Min;

    internal double NanosecondsPerPlanStep => Own.Min / Plan.Steps.Length;
}

/// <summary>All models as one Markdown table.</summary>
internal sealed class ModelTable
{
    private readonly List<ModelRow> _rows = [];

    internal void Add(ModelRow row) => _rows.Add(row);

    internal void Write(TextWriter writer)
    {
        writer.WriteLine("| model | ONNX Runtime, us | RnnRuntime, us | ONNX Runtime / RnnRuntime | largest difference | plan steps | ns a plan step | multiply-adds | arena bytes |");
        writer.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (ModelRow row in _rows)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Name} | {Time(row.Peer)} | {Time(row.Own)} | {row.Ratio:F2} | {row.MaxDifference:0.0E+0} | {row.Plan.Steps.Length} | {row.NanosecondsPerPlanStep:F0} | {row.Plan.Steps.Sum(step => step.MultiplyAdds):N0} | {row.Plan.ArenaBytes:N0} |"));
        }

        writer.WriteLine();
    }

    private static string Time(Timing timing) => string.Create(CultureInfo.InvariantCulture, $"{timing.Min / 1000:F2} ({timing.Median / 1000:F2})");
}
