using System.Collections.Immutable;

namespace RnnRuntime.Plan;

/// <summary>
/// Where each buffer lies in a session's arena, for a number of streams and a chunk length. State comes first and is never shared; the rest
/// shares memory where lifetimes do not overlap (first fit, largest first). Immutable.
/// </summary>
internal sealed class ArenaLayout
{
    /// <summary>First fit compares every two buffers; of more than these only buffers of one size share memory.</summary>
    private const int MostFitted = 4096;

    internal ArenaLayout(int streams, int chunkLength, nint persistentBytes, nint totalBytes, ImmutableArray<nint> offsets)
    {
        Streams = streams;
        ChunkLength = chunkLength;
        PersistentBytes = persistentBytes;
        TotalBytes = totalBytes;
        Offsets = offsets;
    }

    public int Streams { get; }

    public int ChunkLength { get; }

    /// <summary>Bytes at the start that outlive a call.</summary>
    public nint PersistentBytes { get; }

    public nint TotalBytes { get; }

    /// <summary>Byte offset of each buffer; -1 for constants and views.</summary>
    public ImmutableArray<nint> Offsets { get; }

    public static ArenaLayout Create(ImmutableArray<BufferInfo> buffers, int streams, int chunkLength)
    {
        var offsets = new nint[buffers.Length];
        Array.Fill(offsets, -1);
        nint end = 0;
        foreach (var buffer in buffers.Where(buffer => buffer.IsPersistent))
        {
            offsets[buffer.Index] = end;
            end = checked(end + buffer.Bytes(streams, chunkLength));
        }

        var persistent = end;
        (BufferInfo Buffer, nint Bytes)[] temporary =
            [.. buffers.Where(buffer => buffer.Parent is null && !buffer.IsPersistent && buffer.Kind != BufferKind.Constant).Select(buffer => (buffer, buffer.Bytes(streams, chunkLength)))];
        end = temporary.Length <= MostFitted ? Fit(temporary, offsets, persistent) : Reuse(temporary, offsets, persistent);
        return new ArenaLayout(streams, chunkLength, persistent, end, [.. offsets]);
    }

    /// <summary>The lowest place for each that is free during its lifetime; gives the end.</summary>
    private static nint Fit((BufferInfo Buffer, nint Bytes)[] temporary, nint[] offsets, nint persistent)
    {
        var end = persistent;
        var placed = new List<(nint Start, nint End, BufferInfo Buffer)>();
        foreach (var (buffer, bytes) in temporary.OrderByDescending(each => each.Bytes).ThenBy(each => each.Buffer.Index))
        {
            var offset = persistent;
            foreach (var (start, stop, other) in placed)
            {
                var lifetimesOverlap = buffer.FirstStep <= other.LastStep && other.FirstStep <= buffer.LastStep;
                if (lifetimesOverlap && offset < stop && start < offset + bytes)
                {
                    offset = stop;
                }
            }

            var after = placed.FindIndex(place => place.Start > offset);
            placed.Insert(after < 0 ? placed.Count : after, (offset, checked(offset + bytes), buffer));
            offsets[buffer.Index] = offset;
            end = Math.Max(end, offset + bytes);
        }

        return end;
    }

    /// <summary>A place that a buffer of the same size has left, or a new one; gives the end.</summary>
    private static nint Reuse((BufferInfo Buffer, nint Bytes)[] temporary, nint[] offsets, nint persistent)
    {
        var end = persistent;
        var inUse = new PriorityQueue<(BufferInfo Buffer, nint Bytes), int>();
        var left = new Dictionary<nint, Stack<nint>>();
        foreach (var (buffer, bytes) in temporary.OrderBy(each => each.Buffer.FirstStep).ThenBy(each => each.Buffer.Index))
        {
            while (inUse.TryPeek(out var first, out var lastStep) && lastStep < buffer.FirstStep)
            {
                inUse.Dequeue();
                if (!left.TryGetValue(first.Bytes, out var places))
                {
                    left.Add(first.Bytes, places = new Stack<nint>());
                }

                places.Push(offsets[first.Buffer.Index]);
            }

            if (!left.TryGetValue(bytes, out var free) || !free.TryPop(out var offset))
            {
                (offset, end) = (end, checked(end + bytes));
            }

            offsets[buffer.Index] = offset;
            inUse.Enqueue((buffer, bytes), buffer.LastStep);
        }

        return end;
    }
}
