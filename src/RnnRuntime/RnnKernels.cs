using System.Collections.Immutable;
using RnnRuntime.Kernels;

namespace RnnRuntime;

/// <summary>What is known of a kernel variant on this machine. Immutable; safe to share.</summary>
/// <param name="Name">The name that <see cref="RnnOptions.Kernel"/> and the variable <c>RNNRUNTIME_KERNEL</c> take.</param>
/// <param name="Description">What it is.</param>
/// <param name="IsAvailable">Whether it can run here: the processor has what it needs, and for C kernels the library is there.</param>
/// <param name="UnavailableReason">Why not, or null.</param>
public sealed record RnnKernelInfo(string Name, string Description, bool IsAvailable, string? UnavailableReason);

/// <summary>The kernel variants. Thread-safe.</summary>
public static class RnnKernels
{
    /// <summary>Every variant, best first by measurement.</summary>
    public static ImmutableArray<RnnKernelInfo> All { get; } =
        [.. KernelRegistry.All.Select(variant => new RnnKernelInfo(
            variant.Name, variant.Description, variant.IsSupported, variant.UnavailableReason))];

    /// <summary>The variant that a model takes when none is named: the value of <c>RNNRUNTIME_KERNEL</c>, or the best available one.</summary>
    /// <exception cref="ArgumentException">The variable names an unknown or unavailable variant.</exception>
    public static string Default => KernelRegistry.Choose(null).Name;
}
