using System.Globalization;
using System.Runtime.InteropServices;
using RnnRuntime.Bench.Interop;
using RnnRuntime.Bench.Peers;

namespace RnnRuntime.Bench.Lab;

/// <summary>The roof, with what C# cannot measure: the peak of <c>vpdpbusd</c> on 256-bit and 512-bit registers, or NaN.</summary>
internal sealed unsafe record MachineRoof(Roof Roof, double Vnni256, double Vnni512)
{
    private const int Chains = 12;
    private const double RunSeconds = 0.0007;
    private const int Repeats = 80;

    private static readonly Lazy<MachineRoof> Measured = new(Measure);

    /// <summary>Measured at the first use in a process.</summary>
    internal static MachineRoof Current => Measured.Value;

    internal IEnumerable<(string Name, double Value)> Peaks =>
        new[] { ("float32", Roof.FloatPeak.Best), ("maddubs", Roof.Int8Peak.Best), ("vpdpbusd", BestVnni) }.Where(peak => !double.IsNaN(peak.Item2));

    /// <summary>What bounds int8 products: the best way that this processor has.</summary>
    private double Int8Peak => double.IsNaN(BestVnni) ? Roof.Int8Peak.Best : Math.Max(BestVnni, Roof.Int8Peak.Best);

    private double BestVnni => double.IsNaN(Vnni512) ? Vnni256 : Math.Max(Vnni256, Vnni512);

    /// <summary>
    /// The least time in ns in which <paramref name="readBytes"/> of weights that have <paramref name="weightBytes"/> can be read and <paramref name="multiplyAdds"/> be done:
    /// max(bytes / bandwidth of the level they fit in, multiply-adds / peak). Activations are not counted; 16-bit weights are widened, so their arithmetic is that of float32.
    /// </summary>
    internal double Nanoseconds(long weightBytes, double readBytes, long multiplyAdds, WeightType weights)
    {
        double read = readBytes / Roof.LevelFor(weightBytes).GigabytesPerSecond.Best;
        return Math.Max(read, multiplyAdds / (weights == WeightType.Int8 ? Int8Peak : Roof.FloatPeak.Best));
    }

    internal double Nanoseconds(CellShape shape, WeightType weights) =>
        Nanoseconds(shape.WeightBytes(weights), shape.BytesPerStep(weights), shape.MultiplyAdds, weights);

    internal string ToMarkdown()
    {
        string rows = Roof.ToMarkdown().ReplaceLineEndings("\n");
        string vnni = string.Create(CultureInfo.InvariantCulture, $"| int8 `vpdpbusd`, GMAC/s | | {Cell(Vnni256)} | {Cell(Vnni512)} | {Cell(BestVnni)} |\n");
        int end = rows.LastIndexOf("|\n", StringComparison.Ordinal) + 2;
        return rows[..end] + vnni + rows[end..];
    }

    private static string Cell(double value) => double.IsNaN(value) ? "n/a" : value.ToString("F1", CultureInfo.InvariantCulture);

    private static MachineRoof Measure()
    {
        if (!BenchNative.HasVnni)
        {
            return new MachineRoof(Roof.Current, double.NaN, double.NaN);
        }

        const int Bytes = 2 * Chains * 64;
        sbyte* weights = (sbyte*)NativeMemory.AlignedAlloc(Bytes, 64);
        try
        {
            new Span<sbyte>(weights, Bytes).Fill(1);
            return new MachineRoof(Roof.Current, Peak(256, weights), Peak(512, weights));
        }
        finally
        {
            NativeMemory.AlignedFree(weights);
        }
    }

    /// <summary>Multiply-adds a ns, the best of many short runs.</summary>
    private static double Peak(int bits, sbyte* weights)
    {
        long turns = 1;
        while (Seconds(bits, turns, weights) < RunSeconds)
        {
            turns *= 2;
        }

        double best = Enumerable.Range(0, Repeats).Min(_ => Seconds(bits, turns, weights));
        return Chains * (bits / 8) * (double)turns / best / 1e9;
    }

    private static double Seconds(int bits, long turns, sbyte* weights)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        _ = BenchNative.Vnni(bits, turns, weights);
        return System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
