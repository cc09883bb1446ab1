using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>The readable reference: one lane, one chain.</summary>
internal readonly unsafe struct Fp32Scalar : IFp32Kernel
{
    public static bool IsSupported => true;

    public static int TileVectors => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* panels, int lanes, nint columns, float* x, float* init, float* y)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * columns;
            for (var lane = 0; lane < width; lane++)
            {
                var sum = init[start + lane];
                for (nint column = 0; column < columns; column++)
                {
                    sum = MathF.FusedMultiplyAdd(panel[column * width + lane], x[column], sum);
                }

                y[start + lane] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(
        float* panel, int width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        for (var i = 0; i < vectors; i++)
        {
            One(panel, width, columns, x + i * xStride, init + i * initStride, y + i * yStride);
        }
    }
}
