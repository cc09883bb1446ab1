using System.Runtime.InteropServices;

namespace RnnRuntime.Memory;

/// <summary>Native memory that starts at a multiple of 64 bytes, zeroed, freed once by Dispose or the finalizer.</summary>
internal sealed unsafe class AlignedBlock : IDisposable
{
    public const int Alignment = 64;

    /// <summary>Where the blocks made on a thread take their memory and what frees it, so that a test may put pages without access rights behind them.</summary>
    [ThreadStatic]
    internal static Func<nint, (nint Address, IDisposable Owner)>? Source;

    private readonly IDisposable? _owner;
    private byte* _pointer;

    public AlignedBlock(nint length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        if (Source is { } source)
        {
            (var address, _owner) = source(length);
            _pointer = (byte*)address;
        }
        else
        {
            _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, Alignment), (nuint)HugePages.Alignment(length));
            HugePages.Request(_pointer, length);
        }

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
            if (_owner is null)
            {
                NativeMemory.AlignedFree(_pointer);
            }
            else
            {
                _owner.Dispose();
            }

            _pointer = null;
            GC.RemoveMemoryPressure(Math.Max(Length, Alignment));
        }
    }
}
