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
                    var values = x + quad * 4;
                    sum += weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2] + weights[3] * values[3];
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
    public static void Quantize(float* x, int count, float factor, sbyte* result)
    {
        for (var i = 0; i < count; i++)
        {
            result[i] = (sbyte)MathF.Round(x[i] * factor);
        }
    }
}
