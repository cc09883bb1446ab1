using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// AVX2 + FMA. One vector: a panel's lanes are 12, 8, 4, 2 or 1 accumulators; each column costs one broadcast and as many fused
/// multiply-adds that read the weights from memory (14 live registers at most). Several vectors: 16 lanes x 6 or 4 vectors, 12 or 8
/// accumulators, two loads and a broadcast a vector (15 live registers); <see cref="SmallTiles{T,TVector}"/> where there are 2 or 3 or the panel has 8 lanes. Loops hold nothing but the products: an epilogue in the same method
/// would make the compiler spill accumulators.
/// </summary>
internal readonly unsafe struct Fp32Avx2 : IFp32Kernel
{
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int TileVectors => 6;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* panels, int lanes, nint columns, float* x, float* init, float* y)
    {
        for (int start = 0, width; start < lanes; start += width)
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
        if (width >= 16)
        {
            for (; vectors - done >= 4; done += vectors - done >= 6 ? 6 : 4)
            {
                for (var lane = 0; lane < width; lane += 16)
                {
                    if (vectors - done >= 6)
                    {
                        Tile16x6(panel + lane, width, columns, x + done * xStride, xStride, init + lane + done * initStride, initStride, y + lane + done * yStride, yStride);
                    }
                    else
                    {
                        Tile16x4(panel + lane, width, columns, x + done * xStride, xStride, init + lane + done * initStride, initStride, y + lane + done * yStride, yStride);
                    }
                }
            }

            if (vectors - done >= 2)
            {
                SmallTiles<TileVector256, Vector256<float>>.Few(
                    panel, width, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride, vectors - done);
                return;
            }
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
    private static void One96(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + 8);
        var s2 = Vector256.Load(init + 16);
        var s3 = Vector256.Load(init + 24);
        var s4 = Vector256.Load(init + 32);
        var s5 = Vector256.Load(init + 40);
        var s6 = Vector256.Load(init + 48);
        var s7 = Vector256.Load(init + 56);
        var s8 = Vector256.Load(init + 64);
        var s9 = Vector256.Load(init + 72);
        var s10 = Vector256.Load(init + 80);
        var s11 = Vector256.Load(init + 88);
        for (var end = x + columns; x < end; x++, panel += 96)
        {
            var value = Vector256.Create(*x);
            s0 = Fma.MultiplyAdd(value, Vector256.Load(panel), s0);
            s1 = Fma.MultiplyAdd(value, Vector256.Load(panel + 8), s1);
            s2 = Fma.MultiplyAdd(value, Vector256.Load(panel + 16), s2);
            s3 = Fma.MultiplyAdd(value, Vector256.Load(panel + 24), s3);
            s4 = Fma.MultiplyAdd(value, Vector256.Load(panel + 32), s4);
            s5 = Fma.MultiplyAdd(value, Vector256.Load(panel + 40), s5);
            s6 = Fma.MultiplyAdd(value, Vector256.Load(panel + 48), s6);
            s7 = Fma.MultiplyAdd(value, Vector256.Load(panel + 56), s7);
            s8 = Fma.MultiplyAdd(value, Vector256.Load(panel + 64), s8);
            s9 = Fma.MultiplyAdd(value, Vector256.Load(panel + 72), s9);
            s10 = Fma.MultiplyAdd(value, Vector256.Load(panel + 80), s10);
            s11 = Fma.MultiplyAdd(value, Vector256.Load(panel + 88), s11);
        }

        s0.Store(y);
        s1.Store(y + 8);
        s2.Store(y + 16);
        s3.Store(y + 24);
        s4.Store(y + 32);
        s5.Store(y + 40);
        s6.Store(y + 48);
        s7.Store(y + 56);
        s8.Store(y + 64);
        s9.Store(y + 72);
        s10.Store(y + 80);
        s11.Store(y + 88);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + 8);
        var s2 = Vector256.Load(init + 16);
        var s3 = Vector256.Load(init + 24);
        var s4 = Vector256.Load(init + 32);
        var s5 = Vector256.Load(init + 40);
        var s6 = Vector256.Load(init + 48);
        var s7 = Vector256.Load(init + 56);
        for (var end = x + columns; x < end; x++, panel += 64)
        {
            var value = Vector256.Create(*x);
            s0 = Fma.MultiplyAdd(value, Vector256.Load(panel), s0);
            s1 = Fma.MultiplyAdd(value, Vector256.Load(panel + 8), s1);
            s2 = Fma.MultiplyAdd(value, Vector256.Load(panel + 16), s2);
            s3 = Fma.MultiplyAdd(value, Vector256.Load(panel + 24), s3);
            s4 = Fma.MultiplyAdd(value, Vector256.Load(panel + 32), s4);
            s5 = Fma.MultiplyAdd(value, Vector256.Load(panel + 40), s5);
            s6 = Fma.MultiplyAdd(value, Vector256.Load(panel + 48), s6);
            s7 = Fma.MultiplyAdd(value, Vector256.Load(panel + 56), s7);
        }

        s0.Store(y);
        s1.Store(y + 8);
        s2.Store(y + 16);
        s3.Store(y + 24);
        s4.Store(y + 32);
        s5.Store(y + 40);
        s6.Store(y + 48);
        s7.Store(y + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + 8);
        var s2 = Vector256.Load(init + 16);
        var s3 = Vector256.Load(init + 24);
        for (var end = x + columns; x < end; x++, panel += 32)
        {
            var value = Vector256.Create(*x);
            s0 = Fma.MultiplyAdd(value, Vector256.Load(panel), s0);
            s1 = Fma.MultiplyAdd(value, Vector256.Load(panel + 8), s1);
            s2 = Fma.MultiplyAdd(value, Vector256.Load(panel + 16), s2);
            s3 = Fma.MultiplyAdd(value, Vector256.Load(panel + 24), s3);
        }

        s0.Store(y);
        s1.Store(y + 8);
        s2.Store(y + 16);
        s3.Store(y + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        var s1 = Vector256.Load(init + 8);
        for (var end = x + columns; x < end; x++, panel += 16)
        {
            var value = Vector256.Create(*x);
            s0 = Fma.MultiplyAdd(value, Vector256.Load(panel), s0);
            s1 = Fma.MultiplyAdd(value, Vector256.Load(panel + 8), s1);
        }

        s0.Store(y);
        s1.Store(y + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(float* panel, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector256.Load(init);
        for (var end = x + columns; x < end; x++, panel += 8)
        {
            var value = Vector256.Create(*x);
            s0 = Fma.MultiplyAdd(value, Vector256.Load(panel), s0);
        }

        s0.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x6(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector256.Load(init);
        var s0b = Vector256.Load(init + 8);
        var s1a = Vector256.Load(init + initStride);
        var s1b = Vector256.Load(init + initStride + 8);
        var s2a = Vector256.Load(init + 2 * initStride);
        var s2b = Vector256.Load(init + 2 * initStride + 8);
        var s3a = Vector256.Load(init + 3 * initStride);
        var s3b = Vector256.Load(init + 3 * initStride + 8);
        var s4a = Vector256.Load(init + 4 * initStride);
        var s4b = Vector256.Load(init + 4 * initStride + 8);
        var s5a = Vector256.Load(init + 5 * initStride);
        var s5b = Vector256.Load(init + 5 * initStride + 8);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var a = Vector256.Load(panel);
            var b = Vector256.Load(panel + 8);
            var value0 = Vector256.Create(*x);
            s0a = Fma.MultiplyAdd(a, value0, s0a);
            s0b = Fma.MultiplyAdd(b, value0, s0b);
            var value1 = Vector256.Create(x[xStride]);
            s1a = Fma.MultiplyAdd(a, value1, s1a);
            s1b = Fma.MultiplyAdd(b, value1, s1b);
            var value2 = Vector256.Create(x[2 * xStride]);
            s2a = Fma.MultiplyAdd(a, value2, s2a);
            s2b = Fma.MultiplyAdd(b, value2, s2b);
            var value3 = Vector256.Create(*xFar);
            s3a = Fma.MultiplyAdd(a, value3, s3a);
            s3b = Fma.MultiplyAdd(b, value3, s3b);
            var value4 = Vector256.Create(xFar[xStride]);
            s4a = Fma.MultiplyAdd(a, value4, s4a);
            s4b = Fma.MultiplyAdd(b, value4, s4b);
            var value5 = Vector256.Create(xFar[2 * xStride]);
            s5a = Fma.MultiplyAdd(a, value5, s5a);
            s5b = Fma.MultiplyAdd(b, value5, s5b);
        }

        s0a.Store(y);
        s0b.Store(y + 8);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 8);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 8);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 8);
        s4a.Store(y + 4 * yStride);
        s4b.Store(y + 4 * yStride + 8);
        s5a.Store(y + 5 * yStride);
        s5b.Store(y + 5 * yStride + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x4(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector256.Load(init);
        var s0b = Vector256.Load(init + 8);
        var s1a = Vector256.Load(init + initStride);
        var s1b = Vector256.Load(init + initStride + 8);
        var s2a = Vector256.Load(init + 2 * initStride);
        var s2b = Vector256.Load(init + 2 * initStride + 8);
        var s3a = Vector256.Load(init + 3 * initStride);
        var s3b = Vector256.Load(init + 3 * initStride + 8);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var a = Vector256.Load(panel);
            var b = Vector256.Load(panel + 8);
            var value0 = Vector256.Create(*x);
            s0a = Fma.MultiplyAdd(a, value0, s0a);
            s0b = Fma.MultiplyAdd(b, value0, s0b);
            var value1 = Vector256.Create(x[xStride]);
            s1a = Fma.MultiplyAdd(a, value1, s1a);
            s1b = Fma.MultiplyAdd(b, value1, s1b);
            var value2 = Vector256.Create(x[2 * xStride]);
            s2a = Fma.MultiplyAdd(a, value2, s2a);
            s2b = Fma.MultiplyAdd(b, value2, s2b);
            var value3 = Vector256.Create(*xFar);
            s3a = Fma.MultiplyAdd(a, value3, s3a);
            s3b = Fma.MultiplyAdd(b, value3, s3b);
        }

        s0a.Store(y);
        s0b.Store(y + 8);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 8);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 8);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 8);
    }
}
