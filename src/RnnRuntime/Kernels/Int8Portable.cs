using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// 128-bit vectors of any processor. Four columns, with their signs, are broadcast and split into the even and the odd ones, widened to 16 bits; so are the weights. Products
/// and the sum of a pair fit 16 bits (2 * 127 * 127 = 32258); then the two pairs of a lane are widened and added to its sum. 8, 4 or 2 accumulators, two registers of
/// columns, three temporaries (13 live registers).
/// </summary>
internal readonly unsafe struct Int8Portable : IInt8Kernel
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int TileVectors => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * quads * 4;
            switch (width)
            {
                case >= 32:
                    for (var lane = 0; lane < width; lane += 32)
                    {
                        One32(panel + lane * 4, width * 4, quads, x, sums + start + lane);
                    }

                    break;
                case 16: One16(panel, width * 4, quads, x, sums + start); break;
                default: One8(panel, width * 4, quads, x, sums + start); break;
            }
        }
    }

    public static void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        for (var i = 0; i < vectors; i++)
        {
            One(panel, width, quads, x + i * xStride, sums + i * sumStride);
        }
    }

    public static void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors) =>
        SparseInt8Portable.AddBlocks(matrix, x, xStride, sums, sumStride, vectors);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int LargestMagnitudeBits(float* x, int count)
    {
        var magnitude = Vector128.Create(0x7fffffff);
        var largest = Vector128<int>.Zero;
        var i = 0;
        for (; i <= count - 4; i += 4)
        {
            largest = Vector128.Max(largest, Vector128.Load((int*)(x + i)) & magnitude);
        }

        return Math.Max(Largest(largest), Int8Scalar.LargestMagnitudeBits(x + i, count - i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Quantize(float* x, int count, float factor, sbyte* result)
    {
        var scale = Vector128.Create(factor);
        var magnitude = Vector128.Create(0x7fffffff);
        var largest = Vector128<int>.Zero;
        var negatives = Vector128<int>.Zero;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var first = Vector128.Load(x + i);
            var second = Vector128.Load(x + i + 4);
            largest = Vector128.Max(largest, Vector128.Max(first.AsInt32() & magnitude, second.AsInt32() & magnitude));
            var low = Vector128.ConvertToInt32Native(Vector128.Round(first * scale));
            var high = Vector128.ConvertToInt32Native(Vector128.Round(second * scale));
            negatives -= Vector128.Min(low, Vector128<int>.Zero) + Vector128.Min(high, Vector128<int>.Zero);
            var words = Vector128.Narrow(low, high);
            var magnitudes = Vector128.Abs(words).AsUInt16();
            var masks = Vector128.LessThan(words, Vector128<short>.Zero).AsUInt16();

            // A group of 4 columns is 8 bytes: 4 magnitudes, 4 masks.
            var bytes = Vector128.Narrow(magnitudes, masks).AsUInt32();
            ((uint*)(result + i * 2))[0] = bytes[0];
            ((uint*)(result + i * 2))[1] = bytes[2];
            ((uint*)(result + i * 2))[2] = bytes[1];
            ((uint*)(result + i * 2))[3] = bytes[3];
        }

        Int8Scalar.QuantizeFrom(i, x, count, factor, result, Vector128.Sum(negatives));
        return Math.Max(Largest(largest), Int8Scalar.LargestMagnitudeBits(x + i, count - i));
    }

    /// <summary>The four columns of a group as 16-bit numbers, the even ones and the odd ones, for every lane. What tells a sign is -1 where it is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<short> Even, Vector128<short> Odd) Columns(sbyte* quad)
    {
        var magnitudes = Vector128.Create(*(int*)quad).AsSByte();
        var masks = Vector128.LessThan(Vector128.Create(*(int*)(quad + 4)).AsSByte(), Vector128<sbyte>.Zero);
        var columns = ((magnitudes ^ masks) - masks).AsInt16();
        return ((columns << 8) >> 8, columns >> 8);
    }

    /// <summary>The products of 4 lanes of weights, 4 columns each, in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Products(sbyte* weights, Vector128<short> even, Vector128<short> odd)
    {
        var words = Vector128.Load((short*)weights);
        var pairs = ((((words << 8) >> 8) * even) + ((words >> 8) * odd)).AsInt32();
        return ((pairs << 16) >> 16) + (pairs >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector128<int>.Zero;
        var s1 = Vector128<int>.Zero;
        var s2 = Vector128<int>.Zero;
        var s3 = Vector128<int>.Zero;
        var s4 = Vector128<int>.Zero;
        var s5 = Vector128<int>.Zero;
        var s6 = Vector128<int>.Zero;
        var s7 = Vector128<int>.Zero;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var (even, odd) = Columns(x);
            s0 += Products(panel, even, odd);
            s1 += Products(panel + 16, even, odd);
            s2 += Products(panel + 32, even, odd);
            s3 += Products(panel + 48, even, odd);
            s4 += Products(panel + 64, even, odd);
            s5 += Products(panel + 80, even, odd);
            s6 += Products(panel + 96, even, odd);
            s7 += Products(panel + 112, even, odd);
        }

        s0.Store(sums);
        s1.Store(sums + 4);
        s2.Store(sums + 8);
        s3.Store(sums + 12);
        s4.Store(sums + 16);
        s5.Store(sums + 20);
        s6.Store(sums + 24);
        s7.Store(sums + 28);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector128<int>.Zero;
        var s1 = Vector128<int>.Zero;
        var s2 = Vector128<int>.Zero;
        var s3 = Vector128<int>.Zero;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var (even, odd) = Columns(x);
            s0 += Products(panel, even, odd);
            s1 += Products(panel + 16, even, odd);
            s2 += Products(panel + 32, even, odd);
            s3 += Products(panel + 48, even, odd);
        }

        s0.Store(sums);
        s1.Store(sums + 4);
        s2.Store(sums + 8);
        s3.Store(sums + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(sbyte* panel, nint stride, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector128<int>.Zero;
        var s1 = Vector128<int>.Zero;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var (even, odd) = Columns(x);
            s0 += Products(panel, even, odd);
            s1 += Products(panel + 16, even, odd);
        }

        s0.Store(sums);
        s1.Store(sums + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector128<int> values) => Math.Max(Math.Max(values[0], values[1]), Math.Max(values[2], values[3]));
}
