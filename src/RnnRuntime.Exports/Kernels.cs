using RnnRuntime.Interop;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Exports;

/// <summary>The kernels as C sees them.</summary>
internal static unsafe class Kernels
{
    // As long as the process: C keeps the pointers.
    private static readonly BlockAllocator Memory = new(BlockAllocator.DefaultBlockBytes);

    public static KernelDescription* Describe(out int count)
    {
        var best = DefaultName();
        var kernels = RnnKernels.All;
        count = kernels.Length;
        return Memory.Copy<KernelDescription>([.. kernels.Select(kernel => new KernelDescription
        {
            StructSize = (uint)sizeof(KernelDescription),
            IsAvailable = kernel.IsAvailable ? 1 : 0,
            Name = Memory.CopyText(kernel.Name),
            Description = Memory.CopyText(kernel.Description),
            UnavailableReason = kernel.UnavailableReason is { } reason ? Memory.CopyText(reason) : null,
            IsNative = KernelRegistry.IsNative(kernel.Name) ? 1 : 0,
            IsDefault = kernel.Name == best ? 1 : 0,
        })]);
    }

    /// <summary>Null where the environment variable names none that can run: loading a model says so.</summary>
    private static string? DefaultName()
    {
        try
        {
            return RnnKernels.Default;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
