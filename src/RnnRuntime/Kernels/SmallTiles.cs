using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>What a tile of products needs of a vector register.</summary>
internal unsafe interface ITileVector<TVector>
    where TVector : struct
{
    static abstract int Width { get; }

    static abstract TVector Load(float* source);

    static abstract TVector Broadcast(float* source);

    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    static abstract void Store(float* destination, TVector value);
}

internal readonly unsafe struct TileVector512 : ITileVector<Vector512<float>>
{
    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* source) => Vector512.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Avx512F.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector512<float> value) => value.Store(destination);
}

internal readonly unsafe struct TileVector256 : ITileVector<Vector256<float>>
{
    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector256<float> value) => value.Store(destination);
}

/// <summary>
/// Tiles of few accumulators, for panels of one register and for two or three vectors: one register x 8, 6, 4 or 2 vectors, two x 3 or 2, four x 2.
/// The panel is read once for all of them. The names tell registers of lanes, then vectors.
/// </summary>
internal static unsafe class SmallTiles<T, TVector>
    where T : struct, ITileVector<TVector>
    where TVector : struct
{
    /// <summary>A panel of one register's width for any number of vectors from 2; returns how many are done, all or all but one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Narrow(float* panel, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        var done = 0;
        for (; vectors - done >= 8; done += 8)
        {
            Tile1x8(panel, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride);
        }

        if (vectors - done >= 6)
        {
            Tile1x6(panel, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride);
            done += 6;
        }
        else if (vectors - done >= 4)
        {
            Tile1x4(panel, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride);
            done += 4;
        }

        if (vectors - done >= 2)
        {
            Tile1x2(panel, columns, x + done * xStride, xStride, init + done * initStride, initStride, y + done * yStride, yStride);
            done += 2;
        }

        return done;
    }

    /// <summary>A panel of two registers' width or a multiple of it, for 2 or 3 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Few(
        float* panel, int width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors)
    {
        for (int lane = 0, lanes; lane < width; lane += lanes)
        {
            lanes = 2 * T.Width;
            if (vectors == 3)
            {
                Tile2x3(panel + lane, width, columns, x, xStride, init + lane, initStride, y + lane, yStride);
            }
            else if (width - lane >= 4 * T.Width)
            {
                lanes = 4 * T.Width;
                Tile4x2(panel + lane, width, columns, x, xStride, init + lane, initStride, y + lane, yStride);
            }
            else
            {
                Tile2x2(panel + lane, width, columns, x, xStride, init + lane, initStride, y + lane, yStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x8(float* panel, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = T.Load(init);
        var s1 = T.Load(init + initStride);
        var s2 = T.Load(init + 2 * initStride);
        var s3 = T.Load(init + 3 * initStride);
        var s4 = T.Load(init + 4 * initStride);
        var s5 = T.Load(init + 5 * initStride);
        var s6 = T.Load(init + 6 * initStride);
        var s7 = T.Load(init + 7 * initStride);
        var xFar = x + 3 * xStride;
        var xFarther = x + 6 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, xFarther++, panel += T.Width)
        {
            var a = T.Load(panel);
            s0 = T.MultiplyAdd(a, T.Broadcast(x), s0);
            s1 = T.MultiplyAdd(a, T.Broadcast(x + xStride), s1);
            s2 = T.MultiplyAdd(a, T.Broadcast(x + 2 * xStride), s2);
            s3 = T.MultiplyAdd(a, T.Broadcast(xFar), s3);
            s4 = T.MultiplyAdd(a, T.Broadcast(xFar + xStride), s4);
            s5 = T.MultiplyAdd(a, T.Broadcast(xFar + 2 * xStride), s5);
            s6 = T.MultiplyAdd(a, T.Broadcast(xFarther), s6);
            s7 = T.MultiplyAdd(a, T.Broadcast(xFarther + xStride), s7);
        }

        T.Store(y, s0);
        T.Store(y + yStride, s1);
        T.Store(y + 2 * yStride, s2);
        T.Store(y + 3 * yStride, s3);
        T.Store(y + 4 * yStride, s4);
        T.Store(y + 5 * yStride, s5);
        T.Store(y + 6 * yStride, s6);
        T.Store(y + 7 * yStride, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x6(float* panel, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = T.Load(init);
        var s1 = T.Load(init + initStride);
        var s2 = T.Load(init + 2 * initStride);
        var s3 = T.Load(init + 3 * initStride);
        var s4 = T.Load(init + 4 * initStride);
        var s5 = T.Load(init + 5 * initStride);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += T.Width)
        {
            var a = T.Load(panel);
            s0 = T.MultiplyAdd(a, T.Broadcast(x), s0);
            s1 = T.MultiplyAdd(a, T.Broadcast(x + xStride), s1);
            s2 = T.MultiplyAdd(a, T.Broadcast(x + 2 * xStride), s2);
            s3 = T.MultiplyAdd(a, T.Broadcast(xFar), s3);
            s4 = T.MultiplyAdd(a, T.Broadcast(xFar + xStride), s4);
            s5 = T.MultiplyAdd(a, T.Broadcast(xFar + 2 * xStride), s5);
        }

        T.Store(y, s0);
        T.Store(y + yStride, s1);
        T.Store(y + 2 * yStride, s2);
        T.Store(y + 3 * yStride, s3);
        T.Store(y + 4 * yStride, s4);
        T.Store(y + 5 * yStride, s5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x4(float* panel, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = T.Load(init);
        var s1 = T.Load(init + initStride);
        var s2 = T.Load(init + 2 * initStride);
        var s3 = T.Load(init + 3 * initStride);
        var xFar = x + 3 * xStride;
        for (var end = x + columns; x < end; x++, xFar++, panel += T.Width)
        {
            var a = T.Load(panel);
            s0 = T.MultiplyAdd(a, T.Broadcast(x), s0);
            s1 = T.MultiplyAdd(a, T.Broadcast(x + xStride), s1);
            s2 = T.MultiplyAdd(a, T.Broadcast(x + 2 * xStride), s2);
            s3 = T.MultiplyAdd(a, T.Broadcast(xFar), s3);
        }

        T.Store(y, s0);
        T.Store(y + yStride, s1);
        T.Store(y + 2 * yStride, s2);
        T.Store(y + 3 * yStride, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2(float* panel, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0 = T.Load(init);
        var s1 = T.Load(init + initStride);
        for (var end = x + columns; x < end; x++, panel += T.Width)
        {
            var a = T.Load(panel);
            s0 = T.MultiplyAdd(a, T.Broadcast(x), s0);
            s1 = T.MultiplyAdd(a, T.Broadcast(x + xStride), s1);
        }

        T.Store(y, s0);
        T.Store(y + yStride, s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x3(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = T.Load(init);
        var s0b = T.Load(init + T.Width);
        var s1a = T.Load(init + initStride);
        var s1b = T.Load(init + initStride + T.Width);
        var s2a = T.Load(init + 2 * initStride);
        var s2b = T.Load(init + 2 * initStride + T.Width);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var a = T.Load(panel);
            var b = T.Load(panel + T.Width);
            var value0 = T.Broadcast(x);
            s0a = T.MultiplyAdd(a, value0, s0a);
            s0b = T.MultiplyAdd(b, value0, s0b);
            var value1 = T.Broadcast(x + xStride);
            s1a = T.MultiplyAdd(a, value1, s1a);
            s1b = T.MultiplyAdd(b, value1, s1b);
            var value2 = T.Broadcast(x + 2 * xStride);
            s2a = T.MultiplyAdd(a, value2, s2a);
            s2b = T.MultiplyAdd(b, value2, s2b);
        }

        T.Store(y, s0a);
        T.Store(y + T.Width, s0b);
        T.Store(y + yStride, s1a);
        T.Store(y + yStride + T.Width, s1b);
        T.Store(y + 2 * yStride, s2a);
        T.Store(y + 2 * yStride + T.Width, s2b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x2(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = T.Load(init);
        var s0b = T.Load(init + T.Width);
        var s1a = T.Load(init + initStride);
        var s1b = T.Load(init + initStride + T.Width);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var a = T.Load(panel);
            var b = T.Load(panel + T.Width);
            var value0 = T.Broadcast(x);
            s0a = T.MultiplyAdd(a, value0, s0a);
            s0b = T.MultiplyAdd(b, value0, s0b);
            var value1 = T.Broadcast(x + xStride);
            s1a = T.MultiplyAdd(a, value1, s1a);
            s1b = T.MultiplyAdd(b, value1, s1b);
        }

        T.Store(y, s0a);
        T.Store(y + T.Width, s0b);
        T.Store(y + yStride, s1a);
        T.Store(y + yStride + T.Width, s1b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2(
        float* panel, nint width, nint columns, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride)
    {
        var s0a = T.Load(init);
        var s0b = T.Load(init + T.Width);
        var s0c = T.Load(init + 2 * T.Width);
        var s0d = T.Load(init + 3 * T.Width);
        var s1a = T.Load(init + initStride);
        var s1b = T.Load(init + initStride + T.Width);
        var s1c = T.Load(init + initStride + 2 * T.Width);
        var s1d = T.Load(init + initStride + 3 * T.Width);
        for (var end = x + columns; x < end; x++, panel += width)
        {
            var value0 = T.Broadcast(x);
            var value1 = T.Broadcast(x + xStride);
            var a = T.Load(panel);
            s0a = T.MultiplyAdd(a, value0, s0a);
            s1a = T.MultiplyAdd(a, value1, s1a);
            var b = T.Load(panel + T.Width);
            s0b = T.MultiplyAdd(b, value0, s0b);
            s1b = T.MultiplyAdd(b, value1, s1b);
            var c = T.Load(panel + 2 * T.Width);
            s0c = T.MultiplyAdd(c, value0, s0c);
            s1c = T.MultiplyAdd(c, value1, s1c);
            var d = T.Load(panel + 3 * T.Width);
            s0d = T.MultiplyAdd(d, value0, s0d);
            s1d = T.MultiplyAdd(d, value1, s1d);
        }

        T.Store(y, s0a);
        T.Store(y + T.Width, s0b);
        T.Store(y + 2 * T.Width, s0c);
        T.Store(y + 3 * T.Width, s0d);
        T.Store(y + yStride, s1a);
        T.Store(y + yStride + T.Width, s1b);
        T.Store(y + yStride + 2 * T.Width, s1c);
        T.Store(y + yStride + 3 * T.Width, s1d);
    }
}
