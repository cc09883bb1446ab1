using System.Collections.Immutable;

namespace RnnRuntime.Plan;

/// <summary>
/// Where each buffer lies in a session's arena, for a number of streams and a chunk length. State comes first and is never shared; the rest
/// shares memory where lifetimes do not overlap (first fit, largest first). Immutable.
/// </summary>
internal sealed class ArenaLayout
{
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
        var placed = new List<(nint Start, nint End, BufferInfo Buffer)>();
        var temporary = buffers.Where(buffer => buffer.Parent is null && !buffer.IsPersistent && buffer.Kind != BufferKind.Constant)
            .OrderByDescending(buffer => buffer.Bytes(streams, chunkLength)).ThenBy(buffer => buffer.Index);
        foreach (var buffer in temporary)
        {
            var bytes = buffer.Bytes(streams, chunkLength);
            var offset = persistent;
            foreach (var (start, stop, other) in placed.OrderBy(place => place.Start))
            {
                var lifetimesOverlap = buffer.FirstStep <= other.LastStep && other.FirstStep <= buffer.LastStep;
                if (lifetimesOverlap && offset < stop && start < offset + bytes)
                {
                    offset = stop;
                }
            }

            placed.Add((offset, checked(offset + bytes), buffer));
            offsets[buffer.Index] = offset;
            end = Math.Max(end, offset + bytes);
        }

        return new ArenaLayout(streams, chunkLength, persistent, end, [.. offsets]);
    }
}
