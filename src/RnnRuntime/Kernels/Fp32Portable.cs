using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// 128-bit vectors of any processor, for the 16 registers that x86 has. One vector: 48, 32, 16 or 8 lanes are 12, 8, 4 or 2 accumulators; each column costs one
/// broadcast and as many fused multiply-adds (13 live registers at most, and one for a load where an instruction cannot read memory). Several vectors: 8 lanes x 6 or 4 vectors, 12 or
/// 8 accumulators, two loads and a broadcast (15 live registers); <see cref="SmallTiles{T,TVector}"/> where there are 2 or 3.
/// </summary>
internal readonly unsafe struct Fp32Portable : IFp32Kernel
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

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
                case 96:
                    One48(panel, width, columns, x, init + start, y + start);
                    One48(panel + 48, width, columns, x, init + start + 48, y + start + 48);
                    break;
                case 64:
                    One32(panel, width, columns, x, init + start, y + start);
                    One32(panel + 32, width, columns, x, init + start + 32, y + start + 32);
                    break;
                case 32: One32(panel, width, columns, x, init + start, y + start); break;
                case 16: One16(panel, width, columns, x, init + start, y + start); break;
                default: One8(panel, width, columns, x, init + start, y + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(
        float* panel, int width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        int done;
        switch (vectors)
        {
            case 6:
                for (var lane = 0; lane < width; lane += 8)
                {
                    Tile8x6(panel + lane, width, columns, x, xStride, init + lane, initStride, y + lane, yStride);
                }

                done = 6;
                break;
            case >= 4:
                for (var lane = 0; lane < width; lane += 8)
                {
                    Tile8x4(panel + lane, width, columns, x, xStride, init + lane, initStride, y + lane, yStride);
                }

                done = 4;
                break;
            case >= 2:
                SmallTiles<TileVector128, Vector128<float>>.Few(panel, width, columns, x, xStride, init, initStride, y, yStride, vectors);
                done = vectors;
                break;
            default:
                done = 0;
                break;
        }

        for (; done < vectors; done++)
        {
            One(panel, width, columns, x + done * xStride, init + done * initStride, y + done * yStride);
        }
    }

    public static void AddBlocks(in SparseMatrix matrix, float* x, nint xStride, float* y, nint yStride, int vectors) =>
        SparseFp32Portable.AddBlocks(matrix, x, xStride, y, yStride, vectors);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One48(float* panel, nint width, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector128.Load(init);
        var s1 = Vector128.Load(init + 4);
        var s2 = Vector128.Load(init + 8);
        var s3 = Vector128.Load(init + 12);
        var s4 = Vector128.Load(init + 16);
        var s5 = Vector128.Load(init + 20);
        var s6 = Vector128.Load(init + 24);
        var s7 = Vector128.Load(init + 28);
        var s8 = Vector128.Load(init + 32);
        var s9 = Vector128.Load(init + 36);
        var s10 = Vector128.Load(init + 40);
        var s11 = Vector128.Load(init + 44);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = Vector128.Create(*x);
            s0 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel), s0);
            s1 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 4), s1);
            s2 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 8), s2);
            s3 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 12), s3);
            s4 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 16), s4);
            s5 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 20), s5);
            s6 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 24), s6);
            s7 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 28), s7);
            s8 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 32), s8);
            s9 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 36), s9);
            s10 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 40), s10);
            s11 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 44), s11);
        }

        s0.Store(y);
        s1.Store(y + 4);
        s2.Store(y + 8);
        s3.Store(y + 12);
        s4.Store(y + 16);
        s5.Store(y + 20);
        s6.Store(y + 24);
        s7.Store(y + 28);
        s8.Store(y + 32);
        s9.Store(y + 36);
        s10.Store(y + 40);
        s11.Store(y + 44);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(float* panel, nint width, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector128.Load(init);
        var s1 = Vector128.Load(init + 4);
        var s2 = Vector128.Load(init + 8);
        var s3 = Vector128.Load(init + 12);
        var s4 = Vector128.Load(init + 16);
        var s5 = Vector128.Load(init + 20);
        var s6 = Vector128.Load(init + 24);
        var s7 = Vector128.Load(init + 28);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = Vector128.Create(*x);
            s0 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel), s0);
            s1 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 4), s1);
            s2 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 8), s2);
            s3 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 12), s3);
            s4 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 16), s4);
            s5 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 20), s5);
            s6 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 24), s6);
            s7 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 28), s7);
        }

        s0.Store(y);
        s1.Store(y + 4);
        s2.Store(y + 8);
        s3.Store(y + 12);
        s4.Store(y + 16);
        s5.Store(y + 20);
        s6.Store(y + 24);
        s7.Store(y + 28);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(float* panel, nint width, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector128.Load(init);
        var s1 = Vector128.Load(init + 4);
        var s2 = Vector128.Load(init + 8);
        var s3 = Vector128.Load(init + 12);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = Vector128.Create(*x);
            s0 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel), s0);
            s1 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 4), s1);
            s2 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 8), s2);
            s3 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 12), s3);
        }

        s0.Store(y);
        s1.Store(y + 4);
        s2.Store(y + 8);
        s3.Store(y + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(float* panel, nint width, nint columns, float* x, float* init, float* y)
    {
        var s0 = Vector128.Load(init);
        var s1 = Vector128.Load(init + 4);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value = Vector128.Create(*x);
            s0 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel), s0);
            s1 = Vector128.FusedMultiplyAdd(value, Vector128.Load(panel + 4), s1);
        }

        s0.Store(y);
        s1.Store(y + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x6(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector128.Load(init);
        var s0b = Vector128.Load(init + 4);
        var s1a = Vector128.Load(init + initStride);
        var s1b = Vector128.Load(init + initStride + 4);
        var s2a = Vector128.Load(init + 2 * initStride);
        var s2b = Vector128.Load(init + 2 * initStride + 4);
        var s3a = Vector128.Load(init + 3 * initStride);
        var s3b = Vector128.Load(init + 3 * initStride + 4);
        var s4a = Vector128.Load(init + 4 * initStride);
        var s4b = Vector128.Load(init + 4 * initStride + 4);
        var s5a = Vector128.Load(init + 5 * initStride);
        var s5b = Vector128.Load(init + 5 * initStride + 4);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var a = Vector128.Load(panel);
            var b = Vector128.Load(panel + 4);
            var value0 = Vector128.Create(*x);
            s0a = Vector128.FusedMultiplyAdd(a, value0, s0a);
            s0b = Vector128.FusedMultiplyAdd(b, value0, s0b);
            var value1 = Vector128.Create(x[xStride]);
            s1a = Vector128.FusedMultiplyAdd(a, value1, s1a);
            s1b = Vector128.FusedMultiplyAdd(b, value1, s1b);
            var value2 = Vector128.Create(x[2 * xStride]);
            s2a = Vector128.FusedMultiplyAdd(a, value2, s2a);
            s2b = Vector128.FusedMultiplyAdd(b, value2, s2b);
            var value3 = Vector128.Create(*xFar);
            s3a = Vector128.FusedMultiplyAdd(a, value3, s3a);
            s3b = Vector128.FusedMultiplyAdd(b, value3, s3b);
            var value4 = Vector128.Create(xFar[xStride]);
            s4a = Vector128.FusedMultiplyAdd(a, value4, s4a);
            s4b = Vector128.FusedMultiplyAdd(b, value4, s4b);
            var value5 = Vector128.Create(xFar[2 * xStride]);
            s5a = Vector128.FusedMultiplyAdd(a, value5, s5a);
            s5b = Vector128.FusedMultiplyAdd(b, value5, s5b);
        }

        s0a.Store(y);
        s0b.Store(y + 4);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 4);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 4);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 4);
        s4a.Store(y + 4 * yStride);
        s4b.Store(y + 4 * yStride + 4);
        s5a.Store(y + 5 * yStride);
        s5b.Store(y + 5 * yStride + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x4(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = Vector128.Load(init);
        var s0b = Vector128.Load(init + 4);
        var s1a = Vector128.Load(init + initStride);
        var s1b = Vector128.Load(init + initStride + 4);
        var s2a = Vector128.Load(init + 2 * initStride);
        var s2b = Vector128.Load(init + 2 * initStride + 4);
        var s3a = Vector128.Load(init + 3 * initStride);
        var s3b = Vector128.Load(init + 3 * initStride + 4);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += width)
        {
            var a = Vector128.Load(panel);
            var b = Vector128.Load(panel + 4);
            var value0 = Vector128.Create(*x);
            s0a = Vector128.FusedMultiplyAdd(a, value0, s0a);
            s0b = Vector128.FusedMultiplyAdd(b, value0, s0b);
            var value1 = Vector128.Create(x[xStride]);
            s1a = Vector128.FusedMultiplyAdd(a, value1, s1a);
            s1b = Vector128.FusedMultiplyAdd(b, value1, s1b);
            var value2 = Vector128.Create(x[2 * xStride]);
            s2a = Vector128.FusedMultiplyAdd(a, value2, s2a);
            s2b = Vector128.FusedMultiplyAdd(b, value2, s2b);
            var value3 = Vector128.Create(*xFar);
            s3a = Vector128.FusedMultiplyAdd(a, value3, s3a);
            s3b = Vector128.FusedMultiplyAdd(b, value3, s3b);
        }

        s0a.Store(y);
        s0b.Store(y + 4);
        s1a.Store(y + yStride);
        s1b.Store(y + yStride + 4);
        s2a.Store(y + 2 * yStride);
        s2b.Store(y + 2 * yStride + 4);
        s3a.Store(y + 3 * yStride);
        s3b.Store(y + 3 * yStride + 4);
    }
}

internal readonly unsafe struct TileVector128 : ITileVector<Vector128<float>>
{
    public static int Width => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* source) => Vector128.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector128<float> value) => value.Store(destination);
}
