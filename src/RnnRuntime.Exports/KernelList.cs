using RnnRuntime.Interop;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Exports;

/// <summary>The kernels as C sees them.</summary>
internal static unsafe class KernelList
{
    // As long as the process: C keeps the pointers.
    private static readonly BlockAllocator Memory = new(BlockAllocator.DefaultBlockBytes);

    public static NativeKernelInfo* Describe(out int count)
    {
        var best = DefaultName();
        var kernels = RnnKernels.All;
        count = kernels.Length;
        return Memory.Copy<NativeKernelInfo>([.. kernels.Select(kernel => new NativeKernelInfo
        {
            StructSize = (uint)sizeof(NativeKernelInfo),
            IsAvailable = kernel.IsAvailable ? 1 : 0,
            Name = Memory.CopyText(kernel.Name),
            Description = Memory.CopyText(kernel.Description),
            UnavailableReason = kernel.UnavailableReason is { } reason ? Memory.CopyText(reason) : null,
            IsNative = KernelRegistry.IsNative(kernel.Name) ? 1 : 0,
            IsDefault = kernel.Name == best ? 1 : 0,
        })]);
    }

    /// <summary>
    /// The kernel with this name. Null takes what the environment variable names or else the best kernel in C, whose sessions never enter managed code, as long as it has
    /// vectors: not where C has but the scalar one.
    /// </summary>
    /// <exception cref="KernelException">The name is unknown or the kernel cannot run here.</exception>
    public static string Choose(string? name)
    {
        try
        {
            var isOpen = name is null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(KernelRegistry.EnvironmentVariable));
            var native = isOpen ? KernelRegistry.Available.FirstOrDefault(kernel => kernel is NativeVariant && kernel.Name != "c-scalar") : null;
            return (native ?? KernelRegistry.Choose(name)).Name;
        }
        catch (ArgumentException exception)
        {
            throw new KernelException(exception);
        }
    }

    /// <summary>Null where the environment variable names none that can run: loading a model says so.</summary>
    private static string? DefaultName()
    {
        try
        {
            return Choose(null);
        }
        catch (KernelException)
        {
            return null;
        }
    }
}
