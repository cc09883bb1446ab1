using System.Collections.Immutable;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace RnnRuntime.Cli.Comparing;

/// <summary>A comparison as plots: error over time, and what nodes and gates cost.</summary>
internal static class ComparisonPlots
{
    public const string NoFonts = "This machine has no fonts, so the plots are without text; the tables have the numbers.";

    private const int Width = 1000;
    private const int Height = 430;

    /// <summary>Pixels for one of a page, so that text is sharp.</summary>
    private const int Scale = 2;

    private const int MostLines = 8;
    private const int MostBars = 16;

    private static readonly string[] SansSerif = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Segoe UI", "Helvetica Neue", "Arial"];

    private static readonly string? Font = SansSerif.FirstOrDefault(SKFontManager.Default.FontFamilies.Contains);

    public static bool HasFonts => SKTypeface.Default.GlyphCount > 0;

    /// <summary>Each plot as a PNG file.</summary>
    public static IEnumerable<(string Title, byte[] Image)> Images(RnnComparison comparison) => All(comparison).Select(plot => (plot.Title, Render(plot.Plot)));

    /// <summary>All plots below each other, with their titles.</summary>
    public static void WriteImage(string path, RnnComparison comparison, ComparisonHeading heading)
    {
        var above = $"{ComparisonTables.Name(heading.Candidate, 60)} against {ComparisonTables.Name(heading.Reference, 60)}\n";
        var images = new List<byte[]>();
        foreach (var (title, plot) in All(comparison))
        {
            plot.Title(images.Count == 0 ? above + title : title);
            images.Add(Render(plot));
        }

        using var surface = SKSurface.Create(new SKImageInfo(Width * Scale, Height * Scale * images.Count));
        for (var i = 0; i < images.Count; i++)
        {
            using var image = SKImage.FromEncodedData(images[i]);
            surface.Canvas.DrawImage(image, 0, i * Height * Scale);
        }

        using var whole = surface.Snapshot();
        using var data = whole.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, data.ToArray());
        if (!HasFonts)
        {
            Console.Error.WriteLine(NoFonts);
        }
    }

    /// <summary>Draws the plot, which is of no use afterwards.</summary>
    private static byte[] Render(Plot plot)
    {
        using (plot)
        {
            if (Font is not null)
            {
                plot.Font.Set(Font);
            }

            plot.ScaleFactor = Scale;
            return plot.GetImageBytes(Width * Scale, Height * Scale, ImageFormat.Png);
        }
    }

    private static IEnumerable<(string Title, Plot Plot)> All(RnnComparison comparison)
    {
        yield return ErrorOverTime("Outputs: RMS error over time", comparison.Outputs.Select(output => (output.Name, output.Windows)));
        if (comparison.States.Length > 0)
        {
            yield return ErrorOverTime("States: RMS error over time", comparison.States.Select(state => (state.Name, state.Windows)));
        }

        var noisy = comparison.Nodes.Where(node => ComparisonTables.Computes(node) && node.Values is [{ Error.NoisePower: > 0 }, ..] && double.IsFinite(node.Values[0].Error.SnrDecibels)).ToArray();
        var worst = noisy.OrderBy(node => node.Values[0].Error.SnrDecibels).Take(MostBars).ToHashSet();
        if (worst.Count > 0)
        {
            yield return Bars(
                $"Layers in order: SNR of what they give, with the noise from before{Part(worst.Count, noisy.Length)}", "SNR, dB", "0.0",
                noisy.Where(worst.Contains).Select(node => (node.Name, node.Values[0].Error.SnrDecibels)));
        }

        var costly = comparison.Nodes.Where(node => node.Cost is { Share: > 0 }).OrderByDescending(node => node.Cost!.Share).ToArray();
        if (costly.Length > 0)
        {
            yield return Bars(
                $"Layers by their share of the noise on the outputs{Part(MostBars, costly.Length)}", "share of noise, %", "0.0",
                costly.Take(MostBars).Select(node => (node.Name, 100 * node.Cost!.Share)));
        }

        var gates = costly.SelectMany(node => node.Cost!.Gates.Select(gate => (Name: $"{ComparisonTables.Name(node.Name, 40)}, gate {gate.Gate}", Share: 100 * gate.Share)))
            .Where(gate => gate.Share > 0).OrderByDescending(gate => gate.Share).ToArray();
        if (gates.Length > 0)
        {
            yield return Bars($"Gates by the noise of their weights on the outputs{Part(MostBars, gates.Length)}", "share of gates, %", "0.0", gates.Take(MostBars));
        }
    }

    private static (string Title, Plot Plot) ErrorOverTime(string title, IEnumerable<(string Name, ImmutableArray<ErrorWindow> Windows)> signals)
    {
        var plot = new Plot();
        var all = signals.ToArray();
        var shown = all.OrderByDescending(signal => signal.Windows.Max(window => window.RmsError)).Take(MostLines).ToArray();
        var hasPoints = false;
        foreach (var (name, windows) in shown)
        {
            var points = windows.Where(window => window.RmsError > 0 && double.IsFinite(window.RmsError))
                .Select(window => new Coordinates(window.FirstStep + ((window.Steps - 1) / 2.0), Math.Log10(window.RmsError))).ToArray();
            if (points.Length > 0)
            {
                var line = points.Length == 1 ? plot.Add.Scatter(points) : plot.Add.ScatterLine(points);
                line.LegendText = ComparisonTables.Name(name, 40);
                line.LineWidth = 1.5f;
                hasPoints = true;
            }
        }

        if (hasPoints)
        {
            plot.Axes.Left.TickGenerator = new NumericAutomatic
            {
                IntegerTicksOnly = true,
                MinorTickGenerator = new LogMinorTickGenerator(),
                LabelFormatter = exponent => $"1e{Text.Number(exponent, "0")}",
            };
            plot.ShowLegend(Edge.Right);
            plot.Axes.AutoScale();
            var limits = plot.Axes.GetLimits();
            plot.Axes.SetLimitsY(Math.Floor(limits.Bottom), Math.Ceiling(limits.Top));
        }
        else
        {
            plot.Add.Text("no error", 0, 0);
        }

        plot.XLabel("step");
        plot.YLabel("RMS error");
        return (title + Part(shown.Length, all.Length), plot);
    }

    private static (string Title, Plot Plot) Bars(string title, string unit, string format, IEnumerable<(string Name, double Value)> values)
    {
        var plot = new Plot();
        var all = values.ToArray();
        var bars = plot.Add.Bars(all.Select((value, index) => new Bar
        {
            Position = -index,
            Value = value.Value,
            Size = 0.7,
            FillColor = Colors.SteelBlue,
            LineWidth = 0,
            Label = Text.Number(value.Value, format),
        }).ToArray());
        bars.Horizontal = true;
        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. Enumerable.Range(0, all.Length).Select(index => (double)-index)], [.. all.Select(value => ComparisonTables.Name(value.Name, 48))]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.HideGrid();
        plot.XLabel(unit);
        plot.Axes.SetLimitsX(Math.Min(0, 1.12 * all.Min(value => value.Value)), Math.Max(0, 1.12 * all.Max(value => value.Value)));
        plot.Axes.SetLimitsY(0.6 - all.Length, 0.6);
        return (title, plot);
    }

    private static string Part(int shown, int count) => shown < count ? $" ({shown} of {count})" : "";
}
