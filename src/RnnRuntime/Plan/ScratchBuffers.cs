using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>The buffers of a quantised product, or none where no matrix of the step is quantised.</summary>
/// <param name="Quantized">Int8 vectors, several a frame where a frame holds several rows.</param>
/// <param name="Scales">One float a vector.</param>
/// <param name="Sums">Int32 sums.</param>
/// <param name="VectorBytes">Bytes from one quantised vector to the next.</param>
internal sealed unsafe record ScratchBuffers(BufferInfo? Quantized, BufferInfo? Scales, BufferInfo? Sums, nint VectorBytes)
{
    public static ScratchBuffers None { get; } = new(null, null, null, 0);

    public IEnumerable<BufferInfo> All => new[] { Quantized, Scales, Sums }.OfType<BufferInfo>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ProductScratch Bind(StepContext context) =>
        Quantized is null || Scales is null || Sums is null
            ? default
            : new ProductScratch((sbyte*)context.Start(Quantized), context.Start(Scales), (int*)context.Start(Sums), VectorBytes);
}
