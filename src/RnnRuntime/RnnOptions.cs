using RnnRuntime.Plan;

namespace RnnRuntime;

/// <summary>How a model is bound to this machine. Immutable; safe to share.</summary>
public sealed record RnnOptions
{
    /// <summary>Name of the kernel variant (see <see cref="RnnKernels"/>); null takes <c>RNNRUNTIME_KERNEL</c> or the best available one.</summary>
    public string? Kernel { get; init; }

    /// <summary>
    /// Runs the golden input that the file holds and compares the outputs when the model is loaded. A file without one is an error.
    /// </summary>
    public bool VerifyGolden { get; init; }

    /// <summary>
    /// Threads that share the large cells and linear layers of a session: the one that calls, and workers of the model. 1 to the number of processors that this
    /// process may use; the outputs have the same bits with any number. With 1 a step takes no lock and makes no system call. With more, workers
    /// look for work for some 50 microseconds after a step and then wait in the kernel, and a call that finds them there makes a system call to wake
    /// each: a real-time thread should keep to 1, or call at shorter intervals. Where two sessions of a model run at the same time, one has
    /// the workers and the other runs alone.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>What <see cref="Threads"/> may be at most; tests take more threads than there are processors.</summary>
    internal int MostThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>From what size on steps are divided; tests divide small ones.</summary>
    internal long SmallestPart { get; init; } = SplitRule.MeasuredSmallestPart;

    /// <summary>Steps are run by managed code even where they could run natively; tests and benches force it.</summary>
    internal bool StaysManaged { get; init; }

    /// <summary>Which weights are stored without their zeros; tests and benches force it.</summary>
    internal SparseChoice Sparse { get; init; }
}
