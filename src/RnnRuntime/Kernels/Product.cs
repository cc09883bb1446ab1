using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>Where a quantised or sparse product keeps its activations and sums between its passes. Belongs to the session.</summary>
internal readonly unsafe struct ProductScratch(sbyte* quantized, float* scales, int* sums, nint stride, byte* sparse = null, float* multiplied = null)
{
    /// <summary>Quantised vectors (see <see cref="IInt8Kernel"/>), <see cref="Stride"/> bytes apart.</summary>
    public readonly sbyte* Quantized = quantized;

    /// <summary>One float a vector.</summary>
    public readonly float* Scales = scales;

    /// <summary>As many int32 as the widest matrix has lanes, and at least eight panels' worth.</summary>
    public readonly int* Sums = sums;

    /// <summary>Bytes from one quantised vector to the next.</summary>
    public readonly nint Stride = stride;

    /// <summary>What <see cref="SparseWork"/> divides among a sparse product's passes; 64-byte aligned.</summary>
    public readonly byte* Sparse = sparse;

    /// <summary>One vector multiplied by its columns' factors, for int8 matrices that have them.</summary>
    public readonly float* Multiplied = multiplied;
}

/// <summary>y = init + W.x for any number of vectors, whatever the precision of W.</summary>
internal static unsafe class Product<TFp32, THalf, TInt8, TLanes, TVector>
    where TFp32 : struct, IFp32Kernel
    where THalf : struct, IHalfKernel
    where TInt8 : struct, IInt8Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <param name="matrix">Packed weights.</param>
    /// <param name="x">Vectors of at least <c>matrix.Columns</c> floats, <paramref name="xStride"/> floats apart.</param>
    /// <param name="xStride">Floats between vectors.</param>
    /// <param name="init">What each lane's sum starts from; stride 0 repeats it. May be <paramref name="y"/>.</param>
    /// <param name="initStride">Floats between vectors of init.</param>
    /// <param name="y"><c>matrix.Lanes</c> floats a vector.</param>
    /// <param name="yStride">Floats between vectors of y.</param>
    /// <param name="vectors">Number of vectors.</param>
    /// <param name="scratch">Used by quantised and sparse matrices only.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch)
    {
        Debug.Assert(matrix.Lanes % 8 == 0 && matrix.Columns > 0 && vectors > 0, "the plan has checked sizes");
        Debug.Assert((nuint)matrix.Data % 64 == 0, "a matrix starts on a cache line");
        Debug.Assert(matrix.Factors == null || scratch.Multiplied != null, "scratch holds a multiplied vector");
        Debug.Assert(!matrix.IsSparse || scratch.Sparse != null, "scratch serves a sparse product");
        Debug.Assert(!matrix.IsInt8 || matrix.IsSparse || scratch.Stride >= PackedMatrix.QuantizedBytes(matrix.Columns), "scratch holds a quantised vector");
        if (matrix.IsSparse)
        {
            SparseProduct<TFp32, THalf, TInt8, TLanes, TVector>.Multiply(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);
            return;
        }

        switch (matrix.Format)
        {
            case WeightFormat.Int8:
                MultiplyInt8(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);
                break;
            case WeightFormat.BFloat16:
                MultiplyHalf<BFloat16Format>(matrix, x, xStride, init, initStride, y, yStride, vectors);
                break;
            case WeightFormat.Float16 when vectors == 1 && float.IsFinite(LargestMagnitude(x, matrix.Columns) * matrix.Factor):
                THalf.One<Float16ByInput>((ushort*)matrix.Data, matrix.Lanes, matrix.Columns, matrix.Factor, x, init, y);
                break;
            case WeightFormat.Float16:
                MultiplyHalf<Float16ByWeight>(matrix, x, xStride, init, initStride, y, yStride, vectors);
                break;
            case WeightFormat.Float32 when vectors == 1:
                TFp32.One((float*)matrix.Data, matrix.Lanes, matrix.Columns, x, init, y);
                break;
            default:
                MultiplyFp32((float*)matrix.Data, matrix.Lanes, matrix.Columns, x, xStride, init, initStride, y, yStride, vectors);
                break;
        }
    }

    /// <summary>
    /// y += W.x for one vector, with the panels in either order; see <see cref="CellArguments.Backwards"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddOne(in PackedMatrix matrix, float* x, float* y, bool backwards, in ProductScratch scratch)
    {
        var size = Panels.WalkLanes((nint)matrix.StoredColumns * matrix.ElementBytes);
        var blocks = Panels.Blocks(matrix.Lanes, size);
        if (!backwards || matrix.IsSparse || blocks < 2)
        {
            Multiply(matrix, x, 0, y, 0, y, 0, 1, scratch);
            return;
        }

        if (matrix.IsInt8)
        {
            var scale = Quantize(matrix, x, scratch.Multiplied, scratch.Quantized);
            for (var block = blocks; block >= 0; block--)
            {
                var (start, lanes) = Block(block, blocks, size, matrix.Lanes);
                if (lanes > 0)
                {
                    TInt8.One((sbyte*)matrix.DataAt(start), lanes, matrix.StoredColumns / 4, scratch.Quantized, scratch.Sums + start);
                }
            }

            Dequantize(scratch.Sums, matrix.RowScales, scale, y, y, matrix.Lanes);
            return;
        }

        for (var block = blocks; block >= 0; block--)
        {
            var (start, lanes) = Block(block, blocks, size, matrix.Lanes);
            if (lanes > 0)
            {
                Multiply(matrix.Part((int)start, (int)start + lanes), x, 0, y + start, 0, y + start, 0, 1, scratch);
            }
        }
    }

    /// <summary>
    /// y = init + W.x + U.h for one vector of each. Float32 matrices are walked side by side, block by block, so that both are read from the same end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyBoth(
        in PackedMatrix input, float* x, in PackedMatrix recurrent, float* hidden, float* init, float* y, bool backwards, in ProductScratch scratch)
    {
        var size = Panels.WalkLanes((nint)(input.Columns + recurrent.Columns) * sizeof(float));
        var blocks = Panels.Blocks(input.Lanes, size);
        if (blocks < 2 || input.IsSparse || recurrent.IsSparse || input.Format != WeightFormat.Float32 || recurrent.Format != WeightFormat.Float32)
        {
            Multiply(input, x, 0, init, 0, y, 0, 1, scratch);
            AddOne(recurrent, hidden, y, backwards, scratch);
            return;
        }

        for (var i = 0; i <= blocks; i++)
        {
            var (start, lanes) = Block(backwards ? blocks - i : i, blocks, size, input.Lanes);
            if (lanes > 0)
            {
                TFp32.One((float*)input.DataAt(start), lanes, input.Columns, x, init + start, y + start);
                TFp32.One((float*)recurrent.DataAt(start), lanes, recurrent.Columns, hidden, y + start, y + start);
            }
        }
    }

    /// <summary>First lane and number of lanes of a block; the one behind the last is what is left, which may be nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (nint Start, int Lanes) Block(int block, int blocks, int size, int lanes) =>
        (block * size, block < blocks ? size : lanes - (blocks * size));

    // Panels outside, vectors inside: a panel is read from memory once and stays in the first-level cache for all vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFp32(
        float* panels, int lanes, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            for (int done = 0, tile; done < vectors; done += tile)
            {
                tile = Math.Min(TFp32.TileVectors, vectors - done);
                TFp32.Tile(
                    panels + start * columns, width, columns, x + done * xStride, xStride,
                    init + start + done * initStride, initStride, y + start + done * yStride, yStride, tile);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalf<TFormat>(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        var panels = (ushort*)matrix.Data;
        nint columns = matrix.Columns;
        if (vectors == 1)
        {
            THalf.One<TFormat>(panels, matrix.Lanes, columns, matrix.Factor, x, init, y);
            return;
        }

        for (int start = 0, width; start < matrix.Lanes; start += width)
        {
            width = Panels.Width(matrix.Lanes - start);
            for (int done = 0, tile; done < vectors; done += tile)
            {
                tile = Math.Min(THalf.TileVectors, vectors - done);
                THalf.Tile<TFormat>(
                    panels + start * columns, width, columns, matrix.Factor, x + done * xStride, xStride,
                    init + start + done * initStride, initStride, y + start + done * yStride, yStride, tile);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt8(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch)
    {
        for (var i = 0; i < vectors; i++)
        {
            scratch.Scales[i] = Quantize(matrix, x + i * xStride, scratch.Multiplied, scratch.Quantized + i * scratch.Stride);
        }

        var quads = (nint)matrix.StoredColumns / 4;
        if (vectors == 1)
        {
            TInt8.One((sbyte*)matrix.Data, matrix.Lanes, quads, scratch.Quantized, scratch.Sums);
            Dequantize(scratch.Sums, matrix.RowScales, scratch.Scales[0], init, y, matrix.Lanes);
            return;
        }

        for (int start = 0, width; start < matrix.Lanes; start += width)
        {
            width = Panels.Width(matrix.Lanes - start);
            for (int done = 0, tile; done < vectors; done += tile)
            {
                tile = Math.Min(TInt8.TileVectors, vectors - done);
                TInt8.Tile(
                    (sbyte*)matrix.Data + start * quads * 4, width, quads, scratch.Quantized + done * scratch.Stride, scratch.Stride, scratch.Sums, width, tile);
                for (var i = 0; i < tile; i++)
                {
                    var at = done + i;
                    Dequantize(
                        scratch.Sums + i * width, matrix.RowScales + start, scratch.Scales[at],
                        init + start + at * initStride, y + start + at * yStride, width);
                }
            }
        }
    }

    private static float LargestMagnitude(float* x, int count) => BitConverter.Int32BitsToSingle(TInt8.LargestMagnitudeBits(x, count));

    /// <summary>
    /// Symmetric, after the columns' factors; returns the real value of one unit. The range becomes 127, or the largest magnitude where it is beyond the range. Without a
    /// range, vectors below 2^-100 count as zero. One that holds an infinity or NaN gets the scale NaN, which makes every output NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Quantize(in PackedMatrix matrix, float* x, float* multiplied, sbyte* result)
    {
        var count = matrix.Columns;
        var range = matrix.Range;
        if (matrix.Factors != null)
        {
            Elementwise<TLanes, TVector>.Binary(BinaryFunction.Multiply, x, false, matrix.Factors, false, multiplied, count);
            x = multiplied;
        }

        // Within the range, as a rule: then one pass does.
        if (range > 0 && TInt8.Quantize(x, count, 127f / range, result) <= BitConverter.SingleToInt32Bits(range))
        {
            return range / 127f;
        }

        const int Negligible = 27 << 23; // 2^-100
        const int Infinity = 255 << 23;
        var bits = TInt8.LargestMagnitudeBits(x, count);
        if (bits is < Negligible or >= Infinity)
        {
            new Span<sbyte>(result, PackedMatrix.QuantizedBytes(count)).Clear();
            return bits >= Infinity ? float.NaN : 0f;
        }

        var largest = BitConverter.Int32BitsToSingle(bits);
        TInt8.Quantize(x, count, 127f / largest, result);
        return largest / 127f;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(int* sums, float* rowScales, float scale, float* init, float* y, int lanes)
    {
        var factor = TLanes.Broadcast(scale);
        for (var lane = 0; lane < lanes; lane += TLanes.Width)
        {
            var value = TLanes.MultiplyAdd(
                TLanes.FromInt32(sums + lane), TLanes.Multiply(TLanes.Load(rowScales + lane), factor), TLanes.Load(init + lane));
            TLanes.Store(y + lane, value);
        }
    }
}
