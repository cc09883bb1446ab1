using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>The readable reference: plain integer sums.</summary>
internal readonly unsafe struct Int8Scalar : IInt8Kernel
{
    public static bool IsSupported => true;

    public static int TileVectors => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * quads * 4;
            for (var lane = 0; lane < width; lane++)
            {
                var sum = 0;
                for (nint quad = 0; quad < quads; quad++)
                {
                    var weights = panel + (quad * width + lane) * 4;
                    var values = x + quad * 8;
                    for (var i = 0; i < 4; i++)
                    {
                        sum += weights[i] * (values[4 + i] < 0 ? -values[i] : values[i]);
                    }
                }

                sums[start + lane] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        for (var i = 0; i < vectors; i++)
        {
            One(panel, width, quads, x + i * xStride, sums + i * sumStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        for (var vector = 0; vector < vectors; vector++, x += xStride, sums += sumStride)
        {
            var block = (sbyte*)matrix.Blocks;
            var indices = matrix.Indices;
            for (var i = 0; i < matrix.SegmentCount; i++)
            {
                var segment = matrix.Segments[i];
                for (nint at = 0; at < segment.Blocks; at++, block += SparseMatrix.BlockElements)
                {
                    var lanes = sums + (indices[at % segment.Rows] * 8);
                    var quad = x + (indices[segment.Rows + at] * 8);
                    for (var element = 0; element < SparseMatrix.BlockElements; element++)
                    {
                        lanes[element / 4] += block[element] * quad[element % 4] * quad[4 + (element % 4)];
                    }
                }

                indices += segment.Indices;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int LargestMagnitudeBits(float* x, int count)
    {
        var largest = 0;
        for (var i = 0; i < count; i++)
        {
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[i]) & 0x7fffffff);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Quantize(float* x, int count, float factor, sbyte* result)
    {
        QuantizeFrom(0, x, count, factor, result, 0);
        return LargestMagnitudeBits(x, count);
    }

    /// <summary>Quantises the elements from <paramref name="start"/> (a multiple of 4) on, given the sum of those before it.</summary>
    public static void QuantizeFrom(int start, float* x, int count, float factor, sbyte* result, int negatives)
    {
        var stored = (count + 3) & ~3;
        for (var i = start; i < stored; i++)
        {
            var value = i < count ? (int)Math.Clamp(MathF.Round(x[i] * factor), -127f, 127f) : 0;
            var quad = result + (i / 4 * 8);
            quad[i % 4] = (sbyte)Math.Abs(value);
            quad[4 + (i % 4)] = (sbyte)(value >> 31);
            negatives += value < 0 ? -value : 0;
        }

        *(int*)(result + (stored * 2)) = negatives;
    }
}
