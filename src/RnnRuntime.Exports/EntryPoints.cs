using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RnnRuntime.Interop;
using RnnRuntime.Plan;

namespace RnnRuntime.Exports;

/// <summary>What the C front end calls; the functions of <c>native/runtime/managed.h</c>, where they are documented.</summary>
internal static unsafe class EntryPoints
{
    private const string BinaryName = "librnnruntime";

    [UnmanagedCallersOnly(EntryPoint = "rnnx_start", CallConvs = [typeof(CallConvCdecl)])]
    public static int Start(LinkedKernels* linked, NativeKernelInfo** kernels, int* kernelCount, byte* text, int textBytes)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            NativeKernels.UseLinked(BinaryName, *linked);
            if (NativeKernels.Default.Obstacle is { } obstacle)
            {
                throw new InvalidOperationException(obstacle);
            }

            // The thread of finalizers starts beside this one; it is ready before memory can end.
            GC.WaitForPendingFinalizers();
            *kernels = KernelList.Describe(out var count);
            *kernelCount = count;
            return (int)Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, text, textBytes);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_model_load", CallConvs = [typeof(CallConvCdecl)])]
    public static int LoadModel(void* data, ulong size, NativeModelOptions* options, nint* model, NativeModelDescription** description, byte* text, int textBytes)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            var loaded = HostedModel.Load((byte*)data, size, *options);
            *description = loaded.Description;
            *model = GCHandle.ToIntPtr(GCHandle.Alloc(loaded));
            return (int)Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, text, textBytes);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_model_free", CallConvs = [typeof(CallConvCdecl)])]
    public static void FreeModel(nint model)
    {
        try
        {
            var handle = GCHandle.FromIntPtr(model);
            ((HostedModel)handle.Target!).Dispose();
            handle.Free();
        }
        catch (Exception)
        {
            // There is no one to tell, and what is left is freed by finalizers.
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_model_blueprint", CallConvs = [typeof(CallConvCdecl)])]
    public static int Blueprint(nint model, int streams, int chunkLength, NativeBlueprint** blueprint, byte* text, int textBytes)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            *blueprint = ModelOf(model).Blueprint(streams, chunkLength);
            return (int)Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, text, textBytes);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_model_describe", CallConvs = [typeof(CallConvCdecl)])]
    public static int Describe(nint model, int streams, int chunkLength, NativeBlueprint* blueprint, byte* text, int textBytes)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            *blueprint = ModelOf(model).Describe(streams, chunkLength);
            return (int)Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, text, textBytes);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_host_open", CallConvs = [typeof(CallConvCdecl)])]
    public static int OpenHost(nint model, NativeBlueprint* blueprint, void* arena, NativeHostCall* host, byte* text, int textBytes)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            var hosted = ModelOf(model).Host(blueprint->Streams, blueprint->ChunkLength, (nint)arena);
            host->Execute = &Execute;
            host->Host = GCHandle.ToIntPtr(GCHandle.Alloc(hosted));
            return (int)Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, text, textBytes);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_host_close", CallConvs = [typeof(CallConvCdecl)])]
    public static void CloseHost(nint host)
    {
        try
        {
            GCHandle.FromIntPtr(host).Free();
        }
        catch (Exception)
        {
            // As for a model.
        }
    }

    [UnmanagedCallersOnly]
    private static int Execute(nint host, int timeSteps)
    {
        try
        {
            ((HostedSession)GCHandle.FromIntPtr(host).Target!).Execute(timeSteps);
            return 0;
        }
        catch (Exception exception)
        {
            return (int)Failure.StatusOf(exception);
        }
    }

    private static HostedModel ModelOf(nint model) => (HostedModel)GCHandle.FromIntPtr(model).Target!;
}
