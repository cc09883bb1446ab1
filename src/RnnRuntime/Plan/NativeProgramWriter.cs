using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>Collects the operations of a <see cref="NativeProgram"/>; everything that they point to stays where it is written.</summary>
/// <param name="context">The memory that operations work on.</param>
/// <param name="blockBytes">See <see cref="BlockAllocator"/>.</param>
internal sealed unsafe class NativeProgramWriter(StepContext context, nint blockBytes = BlockAllocator.DefaultBlockBytes) : BlockAllocator(blockBytes)
{
    private readonly List<NativeOperation> _operations = [];

    public int OperationCount => _operations.Count;

    public void Add<T>(NativeOperationKind kind, in T arguments)
        where T : unmanaged =>
        Add(kind, Copy([arguments]));

    /// <summary>With arguments that lie in this memory.</summary>
    public void Add(NativeOperationKind kind, void* arguments) => _operations.Add(new NativeOperation { Kind = kind, Arguments = arguments });

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
}
