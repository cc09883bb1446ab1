using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using RnnRuntime.Interop;

namespace RnnRuntime.Exports;

/// <summary>What the C front end calls; the functions of <c>native/runtime/managed.h</c>, where they are documented.</summary>
internal static unsafe class Exports
{
    private const string BinaryName = "librnnruntime";

    private static readonly Lock Gate = new();
    private static bool _isInitialized;

    [UnmanagedCallersOnly(EntryPoint = "rnnx_initialize", CallConvs = [typeof(CallConvCdecl)])]
    public static int Initialize(LinkedKernels* kernels, byte* text, int capacity)
    {
        try
        {
            lock (Gate)
            {
                if (!_isInitialized)
                {
                    NativeKernels.UseLinked(BinaryName, *kernels);
                    _isInitialized = true;
                }
            }

            return NativeKernels.Default.Obstacle is { } obstacle ? -Write(obstacle, text, capacity) : 0;
        }
        catch (Exception exception)
        {
            return -Write(exception.Message, text, capacity);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "rnnx_default_kernel", CallConvs = [typeof(CallConvCdecl)])]
    public static int DefaultKernel(byte* text, int capacity)
    {
        try
        {
            return Write(RnnKernels.Default, text, capacity);
        }
        catch (Exception exception)
        {
            return -Write(exception.Message, text, capacity);
        }
    }

    /// <summary>The whole text's length in UTF-8; what fits is written, with a zero at its end.</summary>
    private static int Write(string value, byte* text, int capacity)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        if (capacity > 0)
        {
            var room = new Span<byte>(text, capacity);
            var length = Math.Min(bytes.Length, capacity - 1);
            bytes.AsSpan(0, length).CopyTo(room);
            room[length] = 0;
        }

        return bytes.Length;
    }
}
