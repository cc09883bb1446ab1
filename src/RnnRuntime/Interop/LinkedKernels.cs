using System.Runtime.InteropServices;

namespace RnnRuntime.Interop;

/// <summary>The functions of C kernels that are linked into the same binary: <c>rnn_linked_kernels</c> of <c>native/runtime/managed.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LinkedKernels
{
    public delegate* unmanaged<uint> AbiVersion;
    public delegate* unmanaged<int> Count;
    public delegate* unmanaged<int, NativeTable*> TableAt;
    public delegate* unmanaged<int*, NativeLayout*> Layouts;
    public delegate* unmanaged<void*, void*, void*, int, void> Run;
}
