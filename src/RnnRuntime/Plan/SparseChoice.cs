using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>When a float32 or int8 matrix is stored without its zeros. It changes no bit of what is computed.</summary>
internal enum SparseChoice
{
    /// <summary>Where it was measured to pay.</summary>
    Measured,
    Never,

    /// <summary>Wherever it can be stored so.</summary>
    Always,
}

/// <summary>Decides by format, size and density.</summary>
internal static class SparseRule
{
    public static bool Takes(this SparseChoice choice, WeightFormat format, BlockPattern pattern) => choice switch
    {
        SparseChoice.Never => false,
        _ when format is not (WeightFormat.Float32 or WeightFormat.Int8) || !pattern.FitsIndices => false,
        SparseChoice.Always => true,
        _ => pattern.Density <= DensestThatPays(format, pattern.Columns),
    };

    /// <summary>
    /// Below the crossovers of one step of one stream (<c>density.md</c> in bench/results), far below them for float32: its tiles for many vectors gain from the
    /// zeros being there, and the plan does not know how many vectors it will multiply. At the limit one stream gains a half at least, and 16 streams lose
    /// 15 % at most (<c>density-batch.md</c>). A product with few columns is over before leaving zeros out has saved what it costs; below 64 columns the
    /// limits are estimates.
    /// </summary>
    private static double DensestThatPays(WeightFormat format, int columns) => (format, columns) switch
    {
        (WeightFormat.Float32, < 32) => 0,
        (WeightFormat.Float32, < 64) => 0.4,
        (WeightFormat.Float32, _) => 0.5,
        (WeightFormat.Int8, < 64) => 0,
        (WeightFormat.Int8, < 256) => 0.3,
        (WeightFormat.Int8, _) => 0.4,
        _ => 0,
    };
}
