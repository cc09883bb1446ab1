using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>The buffers of quantised and sparse products, or none where no matrix of the step is either.</summary>
/// <param name="Quantized">Int8 vectors, several a frame where a frame holds several rows.</param>
/// <param name="Scales">One float a vector.</param>
/// <param name="Sums">Int32 sums.</param>
/// <param name="VectorBytes">Bytes from one quantised vector to the next.</param>
/// <param name="Sparse">What <see cref="SparseWork"/> divides, for the largest of the sparse matrices.</param>
/// <param name="Multiplied">One vector of floats, where a matrix has factors of its columns.</param>
internal sealed unsafe record ScratchBuffers(
    BufferInfo? Quantized, BufferInfo? Scales, BufferInfo? Sums, nint VectorBytes, BufferInfo? Sparse, BufferInfo? Multiplied)
{
    public IEnumerable<BufferInfo> All => new[] { Quantized, Scales, Sums, Sparse, Multiplied }.OfType<BufferInfo>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ProductScratch Bind(StepContext context)
    {
        var sparse = Sparse is null ? null : (byte*)context.Start(Sparse);
        var multiplied = Multiplied is null ? null : context.Start(Multiplied);
        return Quantized is null || Scales is null || Sums is null
            ? new ProductScratch(null, null, null, 0, sparse, multiplied)
            : new ProductScratch((sbyte*)context.Start(Quantized), context.Start(Scales), (int*)context.Start(Sums), VectorBytes, sparse, multiplied);
    }
}
