using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// 512-bit. One vector: two panels of 64 lanes together are 8 accumulators, enough for two pipes of latency 4; the last panels are walked
/// alone. Several vectors: 32 lanes x 8 vectors, 16 accumulators of the 32 registers; <see cref="SmallTiles{T,TVector}"/> where there are 2 or 3 or the panel is
/// narrower. A panel of 8 lanes is one half-width accumulator.
/// </summary>
internal readonly unsafe struct Fp32Avx512 : IFp32Kernel
{
    public static bool IsSupported => Avx512F.IsSupported && Fma.IsSupported;

    public static int TileVectors => 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* panels, int lanes, nint columns, float* x, float* init, float* y)
    {
        var start = 0;
        for (; Panels.Width(lanes - start) == 64 && Panels.Width(lanes - start - 64) == 64; start += 128)
        {
            One128(panels + start * columns, panels + (start + 64) * columns, columns, x, init + start, y + start);
        }

        for (int width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * columns;
            switch (width)
            {
                case 96: One96(panel, columns, x, init + start, y + start); break;
                case 64: One64(panel, columns, x, init + start, y + start); break;
                case 32: One32(panel, columns, x, init + start, y + start); break;
                case 16: One16(panel, columns, x, init + start, y + start); break;
                default: One8(panel, columns, x, init + start, y + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(
        float* panel, int width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        var done = 0;
        if (width >= 32)
        {
            for (; vectors - done >= 4; done += vectors - done >= 8 ? 8 : 4)
            {
                for (var lane = 0; lane < width; lane += 32)
                {
                    if (vectors - done >= 8)
                    {
                        Tile32x8(panel + lane, width, columns, x + done * xStride, xStride, init + lane + done * initStride, initStride, y + lane + done * yStride, yStride);
                    }
                    else
                    {
                        Tile32x4(panel + lane, width, columns, x + done * xStride, xStride, init + lane + done * initStride, initStride, y + lane + done * yStride, yStride);
                    }
                }
            }

            if (vectors - done >= 2)
            {
                SmallTiles<TileVector512, Vector512<float>>.Few(
                    panel, width, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride, vectors - done);
                return;
            }
        }
        else if (width == 16)
        {
            done = SmallTiles<TileVector512, Vector512<float>>.Narrow(panel, columns, x, xStride, init, initStride, y, yStride, vectors);
        }
        else
        {
            done = SmallTiles<TileVector256, Vector256<float>>.Narrow(panel, columns, x, xStride, init, initStride, y, yStride, vectors);
        }

        for (; done < vectors; done++)
        {
            One(panel, width, columns, x + done * xStride, init + done * initStride, y + done * yStride);
        }
    }

    public static void AddBlocks(in SparseMatrix matrix, float* x, nint xStride, float* y, nint yStride, int vectors) =>
        SparseFp32Avx2.AddBlocks(matrix, x, xStride, y, yStride, vectors);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One128(float* panel, float* next, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector512.Load(init);
        var s1 = Vector512.Load(init + 16);
        var s2 = Vector512.Load(init + 32);
        var s3 = Vector512.Load(init + 48);
        var s4 = Vector512.Load(init + 64);
        var s5 = Vector512.Load(init + 80);
        var s6 = Vector512.Load(init + 96);
        var s7 = Vector512.Load(init + 112);
        for (var end = x + columns; x < end; x++, panel += 64, next += 64)
        {
            var value = Vector512.Create(*x);
            s0 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel), s0);
            s1 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 16), s1);
            s2 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 32), s2);
            s3 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 48), s3);
            s4 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(next), s4);
            s5 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(next + 16), s5);
            s6 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(next + 32), s6);
            s7 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(next + 48), s7);
        }

        s0.Store(y);
        s1.Store(y + 16);
        s2.Store(y + 32);
        s3.Store(y + 48);
        s4.Store(y + 64);
        s5.Store(y + 80);
        s6.Store(y + 96);
        s7.Store(y + 112);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One96(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector512.Load(init);
        var s1 = Vector512.Load(init + 16);
        var s2 = Vector512.Load(init + 32);
        var s3 = Vector512.Load(init + 48);
        var s4 = Vector512.Load(init + 64);
        var s5 = Vector512.Load(init + 80);
        for (var end = x + columns; x < end; x++, panel += 96)
        {
            var value = Vector512.Create(*x);
            s0 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel), s0);
            s1 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 16), s1);
            s2 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 32), s2);
            s3 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 48), s3);
            s4 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 64), s4);
            s5 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 80), s5);
        }

        s0.Store(y);
        s1.Store(y + 16);
        s2.Store(y + 32);
        s3.Store(y + 48);
        s4.Store(y + 64);
        s5.Store(y + 80);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector512.Load(init);
        var s1 = Vector512.Load(init + 16);
        var s2 = Vector512.Load(init + 32);
        var s3 = Vector512.Load(init + 48);
        for (var end = x + columns; x < end; x++, panel += 64)
        {
            var value = Vector512.Create(*x);
            s0 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel), s0);
            s1 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 16), s1);
            s2 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 32), s2);
            s3 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 48), s3);
        }

        s0.Store(y);
        s1.Store(y + 16);
        s2.Store(y + 32);
        s3.Store(y + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector512.Load(init);
        var s1 = Vector512.Load(init + 16);
        for (var end = x + columns; x < end; x++, panel += 32)
        {
            var value = Vector512.Create(*x);
            s0 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel), s0);
            s1 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel + 16), s1);
        }

        s0.Store(y);
        s1.Store(y + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector512.Load(init);
        for (var end = x + columns; x < end; x++, panel += 16)
        {
            var value = Vector512.Create(*x);
            s0 = Avx512F.FusedMultiplyAdd(value, Vector512.Load(panel), s0);
        }

        s0.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            s0 = Fma.MultiplyAdd(Vector256.Create(*x), Vector256.Load(panel), s0);
        }

        s0.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile32x8(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector512.Load(init);
        var s0b = Vector512.Load(init + 16);
        var s1a = Vector512.Load(init + initStride);
        var s1b = Vector512.Load(init + initStride + 16);
        var s2a = Vector512.Load(init + 2 * initStride);
        var s2b = Vector512.Load(init + 2 * initStride + 16);
        var s3a = Vector512.Load(init + 3 * initStride);
        var s3b = Vector512.Load(init + 3 * initStride + 16);
        var s4a = Vector512.Load(init + 4 * initStride);
        var s4b = Vector512.Load(init + 4 * initStride + 16);
        var s5a = Vector512.Load(init + 5 * initStride);
        var s5b = Vector512.Load(init + 5 * initStride + 16);
        var s6a = Vector512.Load(init + 6 * initStride);
        var s6b = Vector512.Load(init + 6 * initStride + 16);
        var s7a = Vector512.Load(init + 7 * initStride);
        var s7b = Vector512.Load(init + 7 * initStride + 16);
        var xFar = x + 3 * xStride;
        var xFarther = x + 6 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, xFarther++, panel += width)
        {
            var a = Vector512.Load(panel);
            var b = Vector512.Load(panel + 16);
            var value0 = Vector512.Create(*x);
            s0a = Avx512F.FusedMultiplyAdd(a, value0, s0a);
            s0b = Avx512F.FusedMultiplyAdd(b, value0, s0b);
            var value1 = Vector512.Create(x[xStride]);
            s1a = Avx512F.FusedMultiplyAdd(a, value1, s1a);
            s1b = Avx512F.FusedMultiplyAdd(b, value1, s1b);
            var value2 = Vector512.Create(x[2 * xStride]);
            s2a = Avx512F.FusedMultiplyAdd(a, value2, s2a);
            s2b = Avx512F.FusedMultiplyAdd(b, value2, s2b);
            var value3 = Vector512.Create(*xFar);
            s3a = Avx512F.FusedMultiplyAdd(a, value3, s3a);
            s3b = Avx512F.FusedMultiplyAdd(b, value3, s3b);
            var value4 = Vector512.Create(xFar[xStride]);
            s4a = Avx512F.FusedMultiplyAdd(a, value4, s4a);
            s4b = Avx512F.FusedMultiplyAdd(b, value4, s4b);
            var value5 = Vector512.Create(xFar[2 * xStride]);
            s5a = Avx512F.FusedMultiplyAdd(a, value5, s5a);
            s5b = Avx512F.FusedMultiplyAdd(b, value5, s5b);
            var value6 = Vector512.Create(*xFarther);
            s6a = Avx512F.FusedMultiplyAdd(a, value6, s6a);
            s6b = Avx512F.FusedMultiplyAdd(b, value6, s6b);
            var value7 = Vector512.Create(xFarther[xStride]);
            s7a = Avx512F.FusedMultiplyAdd(a, value7, s7a);
            s7b = Avx512F.FusedMultiplyAdd(b, value7, s7b);
        }

        s0a.Store(y);
        s0b.Store(y + 16);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 16);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 16);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 16);
        s4a.Store(y + 4 * yStride);
        s4b.Store(y + 4 * yStride + 16);
        s5a.Store(y + 5 * yStride);
        s5b.Store(y + 5 * yStride + 16);
        s6a.Store(y + 6 * yStride);
        s6b.Store(y + 6 * yStride + 16);
        s7a.Store(y + 7 * yStride);
        s7b.Store(y + 7 * yStride + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile32x4(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector512.Load(init);
        var s0b = Vector512.Load(init + 16);
        var s1a = Vector512.Load(init + initStride);
        var s1b = Vector512.Load(init + initStride + 16);
        var s2a = Vector512.Load(init + 2 * initStride);
        var s2b = Vector512.Load(init + 2 * initStride + 16);
        var s3a = Vector512.Load(init + 3 * initStride);
        var s3b = Vector512.Load(init + 3 * initStride + 16);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var a = Vector512.Load(panel);
            var b = Vector512.Load(panel + 16);
            var value0 = Vector512.Create(*x);
            s0a = Avx512F.FusedMultiplyAdd(a, value0, s0a);
            s0b = Avx512F.FusedMultiplyAdd(b, value0, s0b);
            var value1 = Vector512.Create(x[xStride]);
            s1a = Avx512F.FusedMultiplyAdd(a, value1, s1a);
            s1b = Avx512F.FusedMultiplyAdd(b, value1, s1b);
            var value2 = Vector512.Create(x[2 * xStride]);
            s2a = Avx512F.FusedMultiplyAdd(a, value2, s2a);
            s2b = Avx512F.FusedMultiplyAdd(b, value2, s2b);
            var value3 = Vector512.Create(*xFar);
            s3a = Avx512F.FusedMultiplyAdd(a, value3, s3a);
            s3b = Avx512F.FusedMultiplyAdd(b, value3, s3b);
        }

        s0a.Store(y);
        s0b.Store(y + 16);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 16);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 16);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 16);
    }
}
