using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>Collects the operations of a <see cref="NativeProgram"/>; everything that they point to stays where it is written.</summary>
internal sealed unsafe class NativeProgramWriter(StepContext context) : IDisposable
{
    private const int BlockBytes = 4 * 1024;

    private readonly List<AlignedBlock> _blocks = [];
    private readonly List<NativeOperation> _operations = [];
    private nint _used;

    public int OperationCount => _operations.Count;

    public void Add<T>(NativeOperationKind kind, in T arguments)
        where T : unmanaged =>
        _operations.Add(new NativeOperation { Kind = kind, Arguments = Copy([arguments]) });

    public NativeOperation* Operations() => Copy<NativeOperation>([.. _operations]);

    /// <summary>Null gives a buffer without a start.</summary>
    public NativeBuffer Buffer(BufferInfo? buffer) => buffer is null
        ? default
        : new NativeBuffer { Start = context.Start(buffer), TimeStride = context.TimeStride(buffer), Stride = buffer.Stride };

    public float* Start(BufferInfo? buffer) => buffer is null ? null : context.Start(buffer);

    public ProductScratch Scratch(ScratchBuffers scratch) => scratch.Bind(context);

    public NativeRing Ring(RingBuffer? ring) => ring is null
        ? default
        : new NativeRing
        {
            Data = context.Start(ring.Data),
            Stride = ring.Data.Stride,
            Position = (int*)context.Start(ring.Position),
            Length = ring.Length,
            Width = ring.Width,
        };

    public T* Copy<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var copy = (T*)Allocate(checked((nint)values.Length * sizeof(T)));
        values.CopyTo(new Span<T>(copy, values.Length));
        return copy;
    }

    /// <summary>Zeroed memory of the program.</summary>
    public byte* Allocate(nint bytes)
    {
        bytes = checked(bytes + 7) & ~(nint)7;
        if (_blocks.Count == 0 || _blocks[^1].Length - _used < bytes)
        {
            _blocks.Add(new AlignedBlock(Math.Max(bytes, BlockBytes)));
            _used = 0;
        }

        var start = _blocks[^1].Pointer + _used;
        _used += bytes;
        return start;
    }

    public void Dispose() => _blocks.ForEach(block => block.Dispose());
}
