namespace RnnRuntime.Interop;

/// <summary>rnn_kernel_info of <c>native/include/rnn_runtime.h</c>.</summary>
internal unsafe struct NativeKernelInfo
{
    public uint StructSize;
    public int IsAvailable;
    public byte* Name;
    public byte* Description;
    public byte* UnavailableReason;
    public int IsNative;
    public int IsDefault;
}

/// <summary>rnn_model_options of <c>native/include/rnn_runtime.h</c>.</summary>
internal unsafe struct NativeModelOptions
{
    public uint StructSize;
    public int Threads;
    public byte* Kernel;
    public int VerifyGolden;
    public int Reserved;
}
