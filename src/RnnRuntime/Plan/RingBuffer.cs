using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// The last inputs of each stream: [stream][length][width] with one position for all. Every step costs the same, whatever the length,
/// which a window that slides by moving memory would not.
/// </summary>
/// <param name="Data">State buffer; a vector a stream.</param>
/// <param name="Position">Counter: the index of the oldest entry, which the next one replaces.</param>
/// <param name="Length">Entries a stream.</param>
/// <param name="Width">Floats an entry.</param>
internal sealed unsafe record RingBuffer(BufferInfo Data, BufferInfo Position, int Length, int Width)
{
    /// <summary>The entry of <paramref name="age"/> steps ago, 1 to Length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* Entry(StepContext context, int stream, int age)
    {
        var index = (nint)(*(int*)context.Start(Position)) + Length - age;
        return Oldest(context, stream) + ((index >= Length ? index - Length : index) * Width);
    }

    /// <summary>
    /// Replaces the oldest entry of a stream, tiny magnitudes as zeros; <see cref="Advance"/> follows when all streams are done.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Push(StepContext context, KernelVariant variant, int stream, float* entry) =>
        variant.Unary(UnaryFunction.Flush, entry, Entry(context, stream, Length), Width);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Advance(StepContext context)
    {
        var position = (int*)context.Start(Position);
        *position = *position + 1 == Length ? 0 : *position + 1;
    }

    /// <summary>Replaces a stream's entries; oldest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyIn(StepContext context, int stream, ReadOnlySpan<float> entries)
    {
        for (var i = 0; i < Length; i++)
        {
            entries.Slice(i * Width, Width).CopyTo(new Span<float>(Entry(context, stream, Length - i), Width));
        }
    }

    /// <summary>Reads a stream's entries; oldest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyOut(StepContext context, int stream, Span<float> entries)
    {
        for (var i = 0; i < Length; i++)
        {
            new ReadOnlySpan<float>(Entry(context, stream, Length - i), Width).CopyTo(entries.Slice(i * Width, Width));
        }
    }

    private float* Oldest(StepContext context, int stream) => context.Start(Data) + ((nint)stream * Data.Stride);
}
