using System.Globalization;

namespace RnnRuntime.Bench.Results;

/// <summary>Models as one Markdown table.</summary>
internal static class ModelTable
{
    internal static IEnumerable<string> Lines(IEnumerable<ModelResult> rows) =>
    [
        "| model | ONNX Runtime, us | RnnRuntime, us | ONNX Runtime / RnnRuntime | largest difference | plan steps | ns a plan step | multiply-adds | arena bytes |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        .. rows.Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Name} | {Time(row.Peer)} | {Time(row.Own)} | {row.Peer.Min / row.Own.Min:F2} | {row.MaxDifference:0.0E+0} "
            + $"| {row.PlanSteps} | {row.Own.Min / row.PlanSteps:F0} | {row.MultiplyAdds:N0} | {row.ArenaBytes:N0} |")),
    ];

    private static string Time(CallTime time) => string.Create(CultureInfo.InvariantCulture, $"{time.Min / 1000:F2} ({time.Median / 1000:F2})");
}
