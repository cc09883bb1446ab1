using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>When a matrix is stored without its zeros. It changes no bit of what is computed.</summary>
internal enum SparseChoice
{
    /// <summary>Where it was measured to pay.</summary>
    Measured,
    Never,

    /// <summary>Wherever it can be stored so.</summary>
    Always,
}

/// <summary>Decides by format, size and density.</summary>
internal static class SparseChoices
{
    public static bool Takes(this SparseChoice choice, WeightFormat format, BlockPattern pattern) => choice switch
    {
        SparseChoice.Never => false,
        _ when !pattern.FitsIndices => false,
        SparseChoice.Always => true,
        _ => pattern.Density <= DensestThatPays(format),
    };

    private static double DensestThatPays(WeightFormat format) => format == WeightFormat.Int8 ? 0.5 : 0.7;
}
