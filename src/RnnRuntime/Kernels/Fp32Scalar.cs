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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBlocks(in SparseMatrix matrix, float* x, nint xStride, float* y, nint yStride, int vectors)
    {
        for (var vector = 0; vector < vectors; vector++, x += xStride, y += yStride)
        {
            var block = (float*)matrix.Blocks;
            var indices = matrix.Indices;
            for (var i = 0; i < matrix.SegmentCount; i++)
            {
                var segment = matrix.Segments[i];
                for (nint at = 0; at < segment.Blocks; at++, block += SparseMatrix.BlockElements)
                {
                    var sums = y + (indices[at % segment.Rows] * 8);
                    var quad = x + (indices[segment.Rows + at] * 4);
                    for (var lane = 0; lane < 8; lane++)
                    {
                        for (var column = 0; column < 4; column++)
                        {
                            sums[lane] = MathF.FusedMultiplyAdd(block[(column * 8) + lane], quad[column], sums[lane]);
                        }
                    }
                }

                indices += segment.Indices;
            }
        }
    }
}
