using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Suites;

/// <summary>A column computed from a case's shape, its precision and its mean time in ns.</summary>
internal sealed class RoofColumn(string name, string legend, Func<CellShape, WeightType, double, string> cell) : IColumn
{
    internal static readonly IColumn[] All =
    [
        new RoofColumn("Bytes/step", "Bytes of weights that one step has to read", (shape, weights, _) =>
            shape.BytesPerStep(weights).ToString("N0", CultureInfo.InvariantCulture)),
        new RoofColumn("GB/s", "Bytes/step over the mean", (shape, weights, mean) =>
            (shape.BytesPerStep(weights) / mean).ToString("F1", CultureInfo.InvariantCulture)),
        new RoofColumn("Roof [ns]", "This machine's measured roof for the step", (shape, weights, _) =>
            shape.RoofNanoseconds(Roof.Current, weights).ToString("N0", CultureInfo.InvariantCulture)),
        new RoofColumn("Mean/roof", "1.00 is the roof; activations are not counted in it", (shape, weights, mean) =>
            (mean / shape.RoofNanoseconds(Roof.Current, weights)).ToString("F2", CultureInfo.InvariantCulture)),
    ];

    public string Id => $"{nameof(RoofColumn)}.{name}";

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmarkCase => IsLayer(benchmarkCase));

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        double? mean = summary[benchmarkCase]?.ResultStatistics?.Mean;
        if (mean is null || !IsLayer(benchmarkCase))
        {
            return "NA";
        }

        var suite = (LayerBenchmarks)Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        var size = (LayerSize)benchmarkCase.Parameters[nameof(LayerBenchmarks.Size)];
        var variant = (Variant)benchmarkCase.Parameters[nameof(LayerBenchmarks.Variant)];
        return cell(suite.Shape(size), variant.IsInt8 ? WeightType.Int8 : WeightType.Float32, mean.Value);
    }

    public override string ToString() => name;

    private static bool IsLayer(BenchmarkCase benchmarkCase) => typeof(LayerBenchmarks).IsAssignableFrom(benchmarkCase.Descriptor.Type);
}
