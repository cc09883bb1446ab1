using RnnRuntime.Interop;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>
/// Writes what sessions of a plan are made of where no managed code makes them (<c>native/include/rnn_image.h</c>): a program, inputs, outputs and states as one
/// piece of memory that can be copied. Which of its words are addresses is found by writing it twice, at different places for different arenas: a word that
/// moved by the distance of the arenas leads into the arena, one that moved with the image into the image, and all others are equal.
/// </summary>
internal static unsafe class NativeImageWriter
{
    // Nothing reads an arena while an image is written.
    private static readonly nint FirstArena = unchecked((nint)(1L << 40));
    private static readonly nint ArenaDistance = unchecked((nint)(1L << 41));

    /// <summary>The blueprint, in memory of the allocator.</summary>
    /// <exception cref="OverflowException">The image is larger than can be addressed.</exception>
    public static NativeBlueprint* Write(ExecutionPlan plan, ArenaLayout layout, BlockAllocator memory)
    {
        var blueprint = Describe(plan, layout, out var obstacle);
        var (bytes, words) = ((nint)blueprint.ImageBytes, checked((int)(blueprint.ImageBytes / sizeof(ulong))));
        using var first = new NativeProgramWriter(new StepContext(plan, layout, FirstArena), bytes);
        using var second = new NativeProgramWriter(new StepContext(plan, layout, FirstArena + ArenaDistance), bytes);
        var image = WriteImage(plan, layout, first, obstacle);
        var (arenaWords, imageWords) = Compare(image, WriteImage(plan, layout, second, obstacle), words);
        blueprint.Image = memory.Copy(new ReadOnlySpan<ulong>(image, words));
        blueprint.ArenaWords = memory.Copy<int>([.. arenaWords]);
        blueprint.ImageWords = memory.Copy<int>([.. imageWords]);
        blueprint.ArenaWordCount = arenaWords.Count;
        blueprint.ImageWordCount = imageWords.Count;
        blueprint.ManagedReason = obstacle is null ? null : memory.CopyText(obstacle);
        return memory.Copy<NativeBlueprint>([blueprint]);
    }

    /// <summary>The blueprint without its image.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">Where buffers lie in an arena.</param>
    /// <param name="obstacle">Why such sessions run in managed code, or null.</param>
    public static NativeBlueprint Describe(ExecutionPlan plan, ArenaLayout layout, out string? obstacle)
    {
        obstacle = NativeProgram.ObstacleOf(plan, layout);
        using var measured = new NativeProgramWriter(new StepContext(plan, layout, FirstArena));
        WriteImage(plan, layout, measured, obstacle);
        return new NativeBlueprint
        {
            ImageBytes = checked(measured.TotalBytes + 63) & ~(nint)63,
            ArenaBytes = layout.TotalBytes,
            PersistentBytes = layout.PersistentBytes,
            StateBytes = RnnSession.SavedStateBytes(plan, layout.Streams),
            Streams = layout.Streams,
            ChunkLength = layout.ChunkLength,
        };
    }

    /// <summary>Makes words that are addresses offsets, and lists them.</summary>
    private static (List<int> Arena, List<int> Image) Compare(ulong* image, ulong* moved, int count)
    {
        var imageDistance = (nint)moved - (nint)image;
        var (arenaWords, imageWords) = (new List<int>(), new List<int>());
        for (var i = 0; i < count; i++)
        {
            var distance = (nint)(moved[i] - image[i]);
            if (distance == 0)
            {
                continue;
            }

            if ((distance != ArenaDistance && distance != imageDistance) || ArenaDistance == imageDistance)
            {
                throw new InvalidOperationException($"Word {i} of a session's image is 0x{image[i]:X} and 0x{moved[i]:X}: neither a number nor an address of the arena or the image.");
            }

            var isArena = distance == ArenaDistance;
            (isArena ? arenaWords : imageWords).Add(i);
            image[i] -= (ulong)(isArena ? FirstArena : (nint)image);
        }

        return (arenaWords, imageWords);
    }

    private static ulong* WriteImage(ExecutionPlan plan, ArenaLayout layout, NativeProgramWriter writer, string? obstacle)
    {
        // First of all, so that the image starts with it.
        var header = (NativeImageHeader*)writer.Allocate(sizeof(NativeImageHeader));
        NativeHostCall* host = null;
        if (obstacle is null)
        {
            NativeProgram.Write(plan, layout, writer);
        }
        else
        {
            host = (NativeHostCall*)writer.Allocate(sizeof(NativeHostCall));
            writer.Add(NativeOperationKind.Host, host);
        }

        // What managed code executes walks through the time steps by itself, and has copies and states handled by the plainest kernels, whose bits are those of all.
        var table = plan.Variant is NativeVariant native ? native.Table : NativeKernels.Default.Find("c-scalar");
        if (table == null)
        {
            throw new InvalidOperationException($"There are no C kernels, which every image needs: {NativeKernels.Default.Obstacle}.");
        }

        header->Program = NativeProgram.HeaderOf(plan, layout, writer, table);
        if (obstacle is not null)
        {
            header->Program.HasFeedback = 0;
        }

        header->Inputs = writer.Copy<NativeIo>([.. plan.Inputs.Select(IoOf)]);
        header->Outputs = writer.Copy<NativeIo>([.. plan.Outputs.Select(IoOf)]);
        header->States = writer.Copy<NativeState>([.. plan.States.Select(StateOf)]);
        header->Host = host;
        header->InputCount = plan.Inputs.Length;
        header->OutputCount = plan.Outputs.Length;
        header->StateCount = plan.States.Length;
        header->StateHash = plan.StateHash;
        return (ulong*)header;

        NativeIo IoOf(Port port) => new()
        {
            Buffer = writer.Buffer(port.Buffer),
            Elements = port.Buffer.Elements,
            IsInt32 = port.Value.Type == TensorType.Int32 ? 1 : 0,
        };

        NativeState StateOf(StateSlot slot) => new()
        {
            Buffer = writer.Buffer(slot.Buffer),
            Ring = writer.Ring(slot.Ring),
            Initial = (float*)slot.Initial,
            Elements = slot.Buffer.Elements,
        };
    }
}
