using System.Globalization;
using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Results;
using ScottPlot;
using SkiaSharp;

namespace RnnRuntime.Bench.Lab;

/// <summary>
/// A suite under this machine's roof: multiply-adds a second over multiply-adds a byte of weights, both logarithmic; slopes are read bandwidths, flat
/// lines are peaks. One marker an implementation, one point a layer.
/// </summary>
internal static class RooflinePlot
{
    private const int Width = 1400;
    private const int Height = 900;

    private static readonly string[] SansSerif = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Segoe UI", "Helvetica Neue", "Arial"];

    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond, MarkerShape.OpenCircle, MarkerShape.OpenSquare, MarkerShape.OpenTriangleUp];

    /// <summary>Writes <c>roofline-SUITE.png</c> beside the results.</summary>
    internal static void Write(string suite, Roof roof, IReadOnlyList<CellResult> rows)
    {
        using var plot = new Plot();
        if (SansSerif.FirstOrDefault(SKFontManager.Default.FontFamilies.Contains) is { } font)
        {
            plot.Font.Set(font);
        }

        (double X, double Y, PeerResult Peer)[] points =
            [.. from row in rows from peer in row.Peers where row.Cell is "lstm" or ProductSuite.Cell select (row.MultiplyAdds / peer.Bytes, row.MultiplyAdds / peer.Min, peer)];
        if (points.Length == 0)
        {
            return;
        }

        double left = points.Min(point => point.X) / 1.5, right = points.Max(point => point.X) * 1.5;
        AddRoof(plot, roof, left, right);
        int index = 0;
        foreach (var group in points.GroupBy(point => point.Peer.Name))
        {
            // Implementations of one type of weights share an abscissa: each is put a little beside the one before.
            double shift = 1 + (0.012 * index);
            var scatter = plot.Add.ScatterPoints(group.Select(point => Math.Log10(point.X * shift)).ToArray(), group.Select(point => Math.Log10(point.Y)).ToArray());
            scatter.LegendText = group.Key;
            scatter.MarkerShape = Shapes[index++ % Shapes.Length];
            scatter.MarkerSize = group.First().Peer.IsOwn ? 11 : 8;
        }

        plot.Title($"{suite}, LSTM: {Machine.Processor}");
        plot.XLabel("multiply-adds a byte of weights");
        plot.YLabel("GMAC/s");
        LogarithmicTicks(plot.Axes.Bottom, left, right);
        LogarithmicTicks(plot.Axes.Left, points.Min(point => point.Y), Peaks(roof).Max(peak => peak.Value));
        plot.ShowLegend(Edge.Right);
        plot.SavePng(Path.Combine(Machine.ResultsFolder, $"roofline-{suite}.png"), Width, Height);
    }

    private static IEnumerable<(string Name, double Value)> Peaks(Roof roof)
    {
        yield return ("float32", roof.FloatPeak.Best);
        yield return ("maddubs", roof.Int8Peak.Best);
        if (roof.VnniPeak is { } vnni)
        {
            yield return ("vpdpbusd", vnni.Best);
        }
    }

    private static void AddRoof(Plot plot, Roof roof, double left, double right)
    {
        double top = Peaks(roof).Max(peak => peak.Value);
        foreach (LevelBandwidth level in roof.Bandwidths)
        {
            double bandwidth = level.GigabytesPerSecond.Best, end = Math.Min(right, top / bandwidth);
            if (end > left)
            {
                Line(plot, left, left * bandwidth, end, end * bandwidth, $"{level.Level.Name}, {bandwidth:F0} GB/s");
            }
        }

        foreach ((string name, double value) in Peaks(roof))
        {
            Line(plot, left, value, right, value, string.Create(CultureInfo.InvariantCulture, $"{name}, {value:F0} GMAC/s"));
        }
    }

    private static void Line(Plot plot, double x0, double y0, double x1, double y1, string text)
    {
        var line = plot.Add.Line(Math.Log10(x0), Math.Log10(y0), Math.Log10(x1), Math.Log10(y1));
        line.LineColor = Colors.Gray;
        line.LineWidth = 1;
        var label = plot.Add.Text(text, Math.Log10(x0), Math.Log10(y0));
        label.LabelFontColor = Colors.DimGray;
        label.LabelFontSize = 12;
        label.LabelAlignment = Alignment.LowerLeft;
    }

    /// <summary>Labels at 1, 2 and 5 of each decade.</summary>
    private static void LogarithmicTicks(IAxis axis, double least, double most)
    {
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        for (int decade = (int)Math.Floor(Math.Log10(least)); decade <= Math.Log10(most); decade++)
        {
            foreach (int digit in new[] { 1, 2, 5 })
            {
                double value = digit * Math.Pow(10, decade);
                ticks.AddMajor(Math.Log10(value), value.ToString("G3", CultureInfo.InvariantCulture));
            }
        }

        axis.TickGenerator = ticks;
    }
}
