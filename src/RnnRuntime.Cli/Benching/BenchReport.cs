using RnnRuntime.Cli.Sources;
using RnnRuntime.Roofline;

namespace RnnRuntime.Cli.Benching;

/// <summary>What one kernel did.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Work">What a step has to do.</param>
/// <param name="Timing">How long it took.</param>
/// <param name="Error">How far its outputs are from the reference.</param>
internal sealed record BenchResult(RnnKernelInfo Kernel, BenchWork Work, BenchTiming Timing, BenchError Error)
{
    /// <summary>Bytes of weights over the least time, in 10^9 bytes a second.</summary>
    public double GigabytesPerSecond => Work.WeightBytes / Timing.Min;
}

/// <summary>Everything that a bench found.</summary>
/// <param name="Source">The model.</param>
/// <param name="TimeSteps">Time steps of a call.</param>
/// <param name="Streams">Streams that advance together.</param>
/// <param name="Threads">Threads that share large steps.</param>
/// <param name="Kernels">All kernels that were asked for, in the registry's order.</param>
/// <param name="Results">Of those that can run here, in the same order.</param>
/// <param name="ComparedSteps">Steps over which errors were found.</param>
/// <param name="Roof">What one core can do; null where that cannot be measured.</param>
internal sealed record BenchReport(
    ModelSource Source, int TimeSteps, int Streams, int Threads, IReadOnlyList<RnnKernelInfo> Kernels, IReadOnlyList<BenchResult> Results, int ComparedSteps, Roof? Roof)
{
    /// <summary>The kernel that others are held to.</summary>
    public const string Reference = "scalar";

    public BenchResult Winner => Results.MinBy(result => result.Timing.Min)!;

    /// <summary>The least time that a step could take, in ns; NaN where the roof is not known, 0 for a model without weights.</summary>
    public double RoofNanoseconds(BenchResult result) => Roof is null ? double.NaN : result.Work.RoofNanoseconds(Roof, TimeSteps);

    public double RoofShare(BenchResult result) => RoofNanoseconds(result) / result.Timing.Min;

    public BenchResult? ResultOf(RnnKernelInfo kernel) => Results.FirstOrDefault(result => result.Kernel.Name == kernel.Name);
}
