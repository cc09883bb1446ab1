using System.Text;

namespace RnnRuntime.Memory;

/// <summary>
/// Zeroed native memory in pieces that stay where they are until all are freed at once. As long as the first block has room, the pieces lie one after the
/// other in it. Not thread-safe.
/// </summary>
/// <param name="blockBytes">Length of a block; a piece that is longer has a block of its own.</param>
internal unsafe class BlockAllocator(nint blockBytes) : IDisposable
{
    public const nint DefaultBlockBytes = 4 * 1024;

    private readonly List<AlignedBlock> _blocks = [];
    private nint _used;

    /// <summary>Bytes of all pieces.</summary>
    public nint TotalBytes { get; private set; }

    public T* Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var copy = (T*)Allocate(checked((nint)values.Length * sizeof(T)));
        values.CopyTo(new Span<T>(copy, values.Length));
        return copy;
    }

    /// <summary>UTF-8 that ends with a zero.</summary>
    public byte* CopyText(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        var copy = Allocate(bytes + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, bytes));
        return copy;
    }

    /// <summary>A piece that starts at a multiple of 8 bytes.</summary>
    public byte* Allocate(nint bytes)
    {
        bytes = checked(bytes + 7) & ~(nint)7;
        if (_blocks.Count == 0 || _blocks[^1].Length - _used < bytes)
        {
            _blocks.Add(new AlignedBlock(Math.Max(bytes, blockBytes)));
            _used = 0;
        }

        var start = _blocks[^1].Pointer + _used;
        _used += bytes;
        TotalBytes += bytes;
        return start;
    }

    public void Dispose() => _blocks.ForEach(block => block.Dispose());
}
