using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>The readable reference: one lane, one chain.</summary>
internal readonly unsafe struct HalfScalar : IHalfKernel
{
    public static bool IsSupported => true;

    public static int TileVectors => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One<TFormat>(ushort* panels, int lanes, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * columns;
            for (var lane = 0; lane < width; lane++)
            {
                var weights = panel + Panels.HalfPlace(lane, width);
                var sum = init[start + lane];
                for (nint column = 0; column < columns; column++)
                {
                    sum = MathF.FusedMultiplyAdd(TFormat.Weight(weights[column * width], factor), TFormat.Input(x[column], factor), sum);
                }

                y[start + lane] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        for (var i = 0; i < vectors; i++)
        {
            One<TFormat>(panel, width, columns, factor, x + i * xStride, init + i * initStride, y + i * yStride);
        }
    }
}
