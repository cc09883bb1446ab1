using System.Buffers;

namespace RnnRuntime.Exports;

/// <summary>Bytes that the caller of a function lends until it returns: asking for them after Dispose throws.</summary>
internal sealed unsafe class BorrowedBytes(byte* data, int length) : MemoryManager<byte>
{
    private bool _returned;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_returned, this);
        return new Span<byte>(data, length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_returned, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length);
        return new MemoryHandle(data + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _returned = true;
}
