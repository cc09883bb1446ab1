namespace RnnRuntime.Interop;

/// <summary>
/// The struct rnn_kernels of <c>native/include/rnn_kernels.h</c>, field by field: one set of kernels. The calls leave the collector free to run:
/// one that another thread causes does not wait for a kernel, nor stop it.
/// </summary>
internal unsafe struct NativeTable
{
    public byte* Name;
    public byte* Description;
    public byte* Requirement;
    public int IsSupported;
    public int Reserved;
    public delegate* unmanaged<void*, float*, nint, float*, nint, float*, nint, int, void*, void> Multiply;
    public delegate* unmanaged<float*, nint, float*, nint, int, float*, float*, int, void> MultiplyAdd;
    public delegate* unmanaged<void*, void*, void> Lstm;
    public delegate* unmanaged<void*, void*, void> GruResetAfter;
    public delegate* unmanaged<void*, void*, void> GruResetBefore;
    public delegate* unmanaged<void*, int, void*, void> Rnn;
    public delegate* unmanaged<int, float, float, float*, float*, int, void> Unary;
    public delegate* unmanaged<int, float*, int, float*, int, float*, int, void> Binary;
    public delegate* unmanaged<float*, float*, float*, float*, int, void> Select;
    public delegate* unmanaged<float*, float*, int, int, void> Softmax;
    public delegate* unmanaged<int, float*, float*, int, int, void> Reduce;
    public delegate* unmanaged<float*, float*, int, int, float*, float*, float, void> LayerNorm;
}

/// <summary>The struct rnn_layout: where the C compiler puts a field, so that a test can hold the structs of both languages together.</summary>
internal unsafe struct NativeLayout
{
    public byte* Struct;
    public byte* Field;
    public int Offset;
    public int Size;
}
