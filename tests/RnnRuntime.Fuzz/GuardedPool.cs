using RnnRuntime.Memory;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Fuzz;

/// <summary>Memory that ends at a page without access rights, used again from mutant to mutant. Blocks may be given back on any thread.</summary>
internal sealed unsafe class GuardedPool : IDisposable
{
    private const int KeptBytes = 1 << 16;
    private const int KeptBuffers = 1024;

    private readonly Stack<GuardedBuffer> _idle = new();
    private readonly Lock _lock = new();

    /// <summary>The contents are all ones.</summary>
    public (nint Address, IDisposable Owner) Allocate(nint bytes)
    {
        GuardedBuffer? buffer = null;
        if (bytes <= KeptBytes)
        {
            lock (_lock)
            {
                _idle.TryPop(out buffer);
            }
        }

        buffer ??= new GuardedBuffer(GuardSide.End);
        return ((nint)buffer.Place<byte>(bytes, AlignedBlock.Alignment), new Block(this, buffer, bytes <= KeptBytes));
    }

    public void Dispose()
    {
        foreach (var buffer in _idle)
        {
            buffer.Dispose();
        }

        _idle.Clear();
    }

    private sealed class Block(GuardedPool pool, GuardedBuffer buffer, bool isKept) : IDisposable
    {
        public void Dispose()
        {
            buffer.CheckBorders("memory beside a guard page");
            lock (pool._lock)
            {
                if (isKept && pool._idle.Count < KeptBuffers)
                {
                    pool._idle.Push(buffer);
                    return;
                }
            }

            buffer.Dispose();
        }
    }
}
