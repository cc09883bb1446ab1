using RnnRuntime.Plan;

namespace RnnRuntime;

/// <summary>How a model is bound to this machine.</summary>
public sealed record RnnOptions
{
    /// <summary>Name of the kernel variant (see <see cref="RnnKernels"/>); null takes <c>RNNRUNTIME_KERNEL</c> or the best available one.</summary>
    public string? Kernel { get; init; }

    /// <summary>
    /// Runs the golden input that the file holds and compares the outputs when the model is loaded. A file without one is an error.
    /// </summary>
    public bool VerifyGolden { get; init; }

    /// <summary>Steps are run by managed code even where they could run natively; tests and benches force it.</summary>
    internal bool StaysManaged { get; init; }

    /// <summary>Which weights are stored without their zeros; tests and benches force it.</summary>
    internal SparseChoice Sparse { get; init; }
}
