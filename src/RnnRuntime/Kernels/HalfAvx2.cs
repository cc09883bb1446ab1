using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2 + FMA. One vector: 64 lanes are 8 accumulators, 96 lanes 12, with input, mask, words and weight all 16 registers; a format with a factor takes
/// them as two times 6. Several vectors: 16 lanes x 6, 4 or 3, or 32 x 2: 12, 8, 6 and 8 accumulators.
/// </summary>
internal readonly unsafe struct HalfAvx2 : IHalfKernel
{
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int TileVectors => 6;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One<TFormat>(ushort* panels, int lanes, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            OnePanel<TFormat>(panels + start * columns, width, columns, factor, x, init + start, y + start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        if (width == 8)
        {
            HalfNarrow<TFormat>.Many(panel, columns, factor, x, xStride, init, initStride, y, yStride, vectors);
            return;
        }

        for (int tile; vectors > 1; vectors -= tile, x += tile * xStride, init += tile * initStride, y += tile * yStride)
        {
            tile = vectors >= 6 ? 6 : Math.Min(vectors, 4);
            HalfTiles<HalfVector256, Vector256<float>>.Panel<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride, tile);
        }

        if (vectors == 1)
        {
            OnePanel<TFormat>(panel, width, columns, factor, x, init, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OnePanel<TFormat>(ushort* panel, int width, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        switch (width)
        {
            case 96 when !TFormat.HasFactor: HalfColumns<HalfVector256, Vector256<float>>.One6<TFormat>(panel, width, columns, factor, x, init, y); break;
            case 96:
                HalfColumns<HalfVector256, Vector256<float>>.One3<TFormat>(panel, width, columns, factor, x, init, y);
                HalfColumns<HalfVector256, Vector256<float>>.One3<TFormat>(panel + 48, width, columns, factor, x, init + 48, y + 48);
                break;
            case 64: HalfColumns<HalfVector256, Vector256<float>>.One4<TFormat>(panel, panel + 32, width, columns, factor, x, init, y); break;
            case 32: HalfColumns<HalfVector256, Vector256<float>>.One2<TFormat>(panel, width, columns, factor, x, init, y); break;
            case 16: HalfColumns<HalfVector256, Vector256<float>>.One1<TFormat>(panel, width, columns, factor, x, init, y); break;
            default: HalfNarrow<TFormat>.One(panel, columns, factor, x, init, y); break;
        }
    }
}
