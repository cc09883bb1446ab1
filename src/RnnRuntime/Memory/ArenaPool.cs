namespace RnnRuntime.Memory;

/// <summary>
/// Keeps the arenas of disposed sessions for the next ones of the same size. Locks, so it is used when sessions are made and
/// disposed, never by a step. Thread-safe.
/// </summary>
internal sealed class ArenaPool(int capacity) : IDisposable
{
    private readonly Dictionary<nint, Stack<AlignedBlock>> _idle = [];
    private readonly Lock _lock = new();
    private int _count;
    private bool _disposed;

    /// <summary>A zeroed block of exactly this length.</summary>
    public AlignedBlock Rent(nint length)
    {
        AlignedBlock? block = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_idle.TryGetValue(length, out var blocks) && blocks.TryPop(out block))
            {
                _count--;
            }
        }

        if (block is null)
        {
            return new AlignedBlock(length);
        }

        block.Clear();
        return block;
    }

    public void Return(AlignedBlock block)
    {
        lock (_lock)
        {
            if (!_disposed && _count < capacity)
            {
                if (!_idle.TryGetValue(block.Length, out var blocks))
                {
                    _idle[block.Length] = blocks = new Stack<AlignedBlock>();
                }

                blocks.Push(block);
                _count++;
                return;
            }
        }

        block.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var block in _idle.Values.SelectMany(blocks => blocks))
            {
                block.Dispose();
            }

            _idle.Clear();
        }
    }
}
