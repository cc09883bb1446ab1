namespace RnnRuntime.Cli.Benching;

/// <summary>How far outputs are from those of the reference.</summary>
/// <param name="Largest">The largest difference.</param>
/// <param name="IsSameBits">Whether all bits are equal, signs of zero and NaN included.</param>
internal readonly record struct BenchError(double Largest, bool IsSameBits)
{
    /// <summary>NaN stays.</summary>
    public BenchError And(double difference) => new(Math.Max(Largest, difference), false);
}
