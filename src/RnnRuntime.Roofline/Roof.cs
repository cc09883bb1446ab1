using System.Globalization;

namespace RnnRuntime.Roofline;

/// <summary>What one figure of the probe reached with each vector width; a width that this machine lacks is <see cref="double.NaN"/>.</summary>
internal readonly record struct Reading(double Width256, double Width512)
{
    internal double Best => double.IsNaN(Width512) ? Width256 : double.IsNaN(Width256) ? Width512 : Math.Max(Width256, Width512);
}

/// <summary>Read bandwidth in GB/s (10^9 bytes) of a level, measured over a working set that lies well within it.</summary>
internal sealed record LevelBandwidth(CacheLevel Level, long WorkingSet, Reading GigabytesPerSecond);

/// <summary>What one core of this machine can do at most: the denominators of every ratio that the benches print.</summary>
/// <param name="Bandwidths">Nearest level first, DRAM last.</param>
/// <param name="FloatPeak">Fused multiply-adds, 10^9 a second.</param>
/// <param name="Int8Peak">Multiply-adds of <c>maddubs</c>, <c>madd</c>, add, 10^9 a second.</param>
/// <param name="SizesAssumed">True where the operating system does not tell the cache sizes.</param>
internal sealed record Roof(IReadOnlyList<LevelBandwidth> Bandwidths, Reading FloatPeak, Reading Int8Peak, bool SizesAssumed)
{
    private static readonly Lazy<Roof> Measured = new(RoofProbe.Measure);

    /// <summary>Multiply-adds of <c>vpdpbusd</c>, 10^9 a second, where the program has a loop of it (<see cref="RoofProbe.Vnni"/>); otherwise null.</summary>
    internal Reading? VnniPeak { get; init; }

    /// <summary>What bounds int8 products: the best way that was measured.</summary>
    internal double BestInt8Peak => VnniPeak is { } vnni ? Math.Max(vnni.Best, Int8Peak.Best) : Int8Peak.Best;

    /// <summary>This machine's roof, measured at the first use in a process.</summary>
    internal static Roof Current => Measured.Value;

    /// <summary>The nearest level whose capacity holds <paramref name="bytes"/>.</summary>
    internal LevelBandwidth LevelFor(long bytes) => Bandwidths.First(bandwidth => bytes <= bandwidth.Level.Bytes);

    /// <summary>
    /// The least time in ns in which the weights can be read <paramref name="passes"/> times and <paramref name="multiplyAdds"/> be done:
    /// max(bytes / bandwidth of the level they fit in, multiply-adds / peak). Activations are not counted.
    /// </summary>
    internal double Nanoseconds(long weightBytes, long multiplyAdds, bool int8, double passes = 1)
    {
        double read = passes * weightBytes / LevelFor(weightBytes).GigabytesPerSecond.Best;
        double compute = multiplyAdds / (int8 ? BestInt8Peak : FloatPeak.Best);
        return Math.Max(read, compute);
    }

    internal string ToMarkdown()
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture);
        writer.WriteLine("| one core's roof | working set | 256-bit | 512-bit | best |");
        writer.WriteLine("|---|---:|---:|---:|---:|");
        foreach (LevelBandwidth bandwidth in Bandwidths)
        {
            writer.WriteLine($"| {bandwidth.Level.Name} read, GB/s | {bandwidth.WorkingSet / 1024:N0} KB | {Cells(bandwidth.GigabytesPerSecond)} |");
        }

        writer.WriteLine($"| float32 multiply-add, GMAC/s | | {Cells(FloatPeak)} |");
        writer.WriteLine($"| int8 `maddubs`+`madd`+add, GMAC/s | | {Cells(Int8Peak)} |");
        if (VnniPeak is { } vnni)
        {
            writer.WriteLine($"| int8 `vpdpbusd`, GMAC/s | | {Cells(vnni)} |");
        }

        if (SizesAssumed)
        {
            writer.WriteLine();
            writer.WriteLine("The operating system does not tell the cache sizes: typical ones are assumed.");
        }

        return writer.ToString();
    }

    private static string Cells(Reading reading) =>
        string.Create(CultureInfo.InvariantCulture, $"{Cell(reading.Width256)} | {Cell(reading.Width512)} | {Cell(reading.Best)}");

    private static string Cell(double value) => double.IsNaN(value) ? "n/a" : value.ToString("F1", CultureInfo.InvariantCulture);
}
