using System.Runtime.InteropServices;

namespace RnnRuntime.Memory;

/// <summary>Native memory that starts at a multiple of 64 bytes, zeroed, freed once by Dispose or the finalizer.</summary>
internal sealed unsafe class AlignedBlock : IDisposable
{
    public const int Alignment = 64;
    private byte* _pointer;

    public AlignedBlock(nint length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, Alignment), Alignment);
        Clear();
        GC.AddMemoryPressure(Math.Max(length, Alignment));
    }

    ~AlignedBlock() => Free();

    /// <summary>Length in bytes.</summary>
    public nint Length { get; }

    public byte* Pointer => _pointer != null ? _pointer : throw new ObjectDisposedException(nameof(AlignedBlock));

    public void Clear() => NativeMemory.Clear(Pointer, (nuint)Length);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer != null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            GC.RemoveMemoryPressure(Math.Max(Length, Alignment));
        }
    }
}
