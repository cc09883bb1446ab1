using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// 512-bit. One vector: two panels of 64 lanes together are 8 accumulators; the last panels are walked alone. Several vectors: 32 lanes x 8, 4 or 3, or
/// 64 x 2: 16, 8, 6 and 8 accumulators of the 32 registers. Panels of 16 and 8 lanes are <see cref="HalfAvx2"/>'s.
/// </summary>
internal readonly unsafe struct HalfAvx512 : IHalfKernel
{
    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported && HalfAvx2.IsSupported;

    public static int TileVectors => 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One<TFormat>(ushort* panels, int lanes, nint columns, float factor, float* x, float* init, float* y)
        where TFormat : struct, IHalfFormat
    {
        var start = 0;
        for (; Panels.Width(lanes - start) == 64 && Panels.Width(lanes - start - 64) == 64; start += 128)
        {
            HalfColumns<HalfVector512, Vector512<float>>.One4<TFormat>(
                panels + start * columns, panels + (start + 64) * columns, 64, columns, factor, x, init + start, y + start);
        }

        for (int width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * columns;
            switch (width)
            {
                case 96: HalfColumns<HalfVector512, Vector512<float>>.One3<TFormat>(panel, width, columns, factor, x, init + start, y + start); break;
                case 64: HalfColumns<HalfVector512, Vector512<float>>.One2<TFormat>(panel, width, columns, factor, x, init + start, y + start); break;
                case 32: HalfColumns<HalfVector512, Vector512<float>>.One1<TFormat>(panel, width, columns, factor, x, init + start, y + start); break;
                default: HalfAvx2.One<TFormat>(panel, width, columns, factor, x, init + start, y + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile<TFormat>(
        ushort* panel, int width, nint columns, float factor, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
        where TFormat : struct, IHalfFormat
    {
        if (width < 32)
        {
            HalfAvx2.Tile<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride, vectors);
            return;
        }

        for (int tile; vectors > 1; vectors -= tile, x += tile * xStride, init += tile * initStride, y += tile * yStride)
        {
            tile = vectors >= 8 ? 8 : Math.Min(vectors, 4);
            HalfTiles<HalfVector512, Vector512<float>>.Panel<TFormat>(panel, width, columns, factor, x, xStride, init, initStride, y, yStride, tile);
        }

        if (vectors == 1)
        {
            One<TFormat>(panel, width, columns, factor, x, init, y);
        }
    }
}
