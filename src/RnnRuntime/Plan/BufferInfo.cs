namespace RnnRuntime.Plan;

/// <summary>How a buffer's size follows from the number of streams and of time steps in a chunk.</summary>
internal enum BufferKind
{
    /// <summary>One vector a time step and stream: [time][stream][stride].</summary>
    Frames,

    /// <summary>One vector a stream, kept between calls: [stream][stride].</summary>
    State,

    /// <summary>A fixed number of elements, kept between calls.</summary>
    Counter,

    /// <summary>A fixed number of elements, used within one plan step.</summary>
    Scratch,

    /// <summary>Lies in the plan's own memory; the same for every time step and stream.</summary>
    Constant,
}

/// <summary>A piece of memory that plan steps name by its index.</summary>
/// <param name="Index">Index in the plan's list.</param>
/// <param name="Name">What it holds.</param>
/// <param name="Kind">How its size is found.</param>
/// <param name="Stride">Elements of 4 bytes from one vector to the next; 0 for a constant.</param>
/// <param name="Elements">Elements in use of each vector; for scratch and counters the whole length.</param>
internal sealed record BufferInfo(int Index, string Name, BufferKind Kind, int Stride, int Elements)
{
    public const int ElementSize = 4;

    /// <summary>Address in the plan's memory; constants only.</summary>
    public nint ConstantAddress { get; init; }

    /// <summary>The buffer whose memory this one is a part of, for a view; itself otherwise.</summary>
    public BufferInfo Root => Parent is null ? this : Parent.Root;

    /// <summary>Set for a view: its elements start <see cref="ParentOffset"/> elements into each vector of the parent.</summary>
    public BufferInfo? Parent { get; init; }

    public int ParentOffset { get; init; }

    /// <summary>First and last plan step that touch it; set once all steps are known.</summary>
    public int FirstStep { get; set; } = int.MaxValue;

    public int LastStep { get; set; } = -1;

    public bool IsPersistent => Parent is null && Kind is BufferKind.State or BufferKind.Counter;

    /// <summary>Bytes in an arena for this many streams and time steps, a multiple of 64.</summary>
    public nint Bytes(int streams, int chunkLength)
    {
        var elements = Kind switch
        {
            _ when Parent is not null => 0,
            BufferKind.Frames => checked((nint)Stride * streams * chunkLength),
            BufferKind.State => checked((nint)Stride * streams),
            BufferKind.Constant => 0,
            _ => Elements,
        };
        return checked(((elements * ElementSize) + 63) & ~(nint)63);
    }

    /// <summary>
    /// A stride that keeps every vector on a cache line of its own, and off multiples of 4096 bytes: vectors that far apart share one
    /// cache set, where a tile of many evicts itself.
    /// </summary>
    public static int PaddedStride(int elements)
    {
        var stride = checked(elements + 15) & ~15;
        return stride * ElementSize % 4096 == 0 ? checked(stride + 16) : stride;
    }
}
