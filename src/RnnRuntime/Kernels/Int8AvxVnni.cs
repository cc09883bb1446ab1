using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>Four products of adjacent bytes in each lane of 32 bits, added to it.</summary>
internal interface IDotProduct256
{
    /// <summary>Whether this processor can execute it.</summary>
    static abstract bool IsSupported { get; }

    static abstract Vector256<int> Add(Vector256<int> sums, Vector256<byte> magnitudes, Vector256<sbyte> weights);
}

/// <summary><c>vpdpbusd</c> in its VEX form.</summary>
internal readonly struct AvxVnniDotProduct : IDotProduct256
{
    public static bool IsSupported => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<byte> magnitudes, Vector256<sbyte> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sums, magnitudes, weights);
}

/// <summary>
/// AVX-VNNI. As <see cref="Int8Avx2"/>, but one <c>vpdpbusd</c>, exact in int32, takes the place of two multiplications and an addition. One vector: a panel's lanes are 12, 8, 4, 2 or 1
/// accumulators; with two broadcasts and a temporary 15 live registers at most. Several vectors: 16 lanes x 4 vectors, 8 accumulators, two registers of weights, two
/// broadcasts and a temporary (13 live registers).
/// </summary>
internal readonly unsafe struct Int8AvxVnni<TDot> : IInt8Kernel
    where TDot : struct, IDotProduct256
{
    public static bool IsSupported => TDot.IsSupported && Avx2.IsSupported;

    public static int TileVectors => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(sbyte* panels, int lanes, nint quads, sbyte* x, int* sums)
    {
        for (int start = 0, width; start < lanes; start += width)
        {
            width = Panels.Width(lanes - start);
            var panel = panels + start * quads * 4;
            switch (width)
            {
                case 96: One96(panel, quads, x, sums + start); break;
                case 64: One64(panel, quads, x, sums + start); break;
                case 32: One32(panel, quads, x, sums + start); break;
                case 16: One16(panel, quads, x, sums + start); break;
                default: One8(panel, quads, x, sums + start); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile(sbyte* panel, int width, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors)
    {
        if (vectors == 4 && width >= 16)
        {
            for (var lane = 0; lane < width; lane += 16)
            {
                Tile16x4(panel + lane * 4, width * 4, quads, x, xStride, sums + lane, sumStride);
            }

            return;
        }

        for (var i = 0; i < vectors; i++)
        {
            One(panel, width, quads, x + i * xStride, sums + i * sumStride);
        }
    }

    public static void AddBlocks(in SparseMatrix matrix, sbyte* x, nint xStride, int* sums, nint sumStride, int vectors) =>
        SparseInt8Avx2.AddBlocks(matrix, x, xStride, sums, sumStride, vectors);

    public static int LargestMagnitudeBits(float* x, int count) => Int8Avx2Quantizer.LargestMagnitudeBits(x, count);

    public static int Quantize(float* x, int count, float factor, sbyte* result) => Int8Avx2Quantizer.Quantize(x, count, factor, result);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One96(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector256.Create(*(int*)(x + quads * 8));
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        var s4 = s0;
        var s5 = s0;
        var s6 = s0;
        var s7 = s0;
        var s8 = s0;
        var s9 = s0;
        var s10 = s0;
        var s11 = s0;
        for (var end = x + quads * 8; x < end; x += 8, panel += 384)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 = TDot.Add(s0, magnitudes, Vector256.Load(panel) ^ masks);
            s1 = TDot.Add(s1, magnitudes, Vector256.Load(panel + 32) ^ masks);
            s2 = TDot.Add(s2, magnitudes, Vector256.Load(panel + 64) ^ masks);
            s3 = TDot.Add(s3, magnitudes, Vector256.Load(panel + 96) ^ masks);
            s4 = TDot.Add(s4, magnitudes, Vector256.Load(panel + 128) ^ masks);
            s5 = TDot.Add(s5, magnitudes, Vector256.Load(panel + 160) ^ masks);
            s6 = TDot.Add(s6, magnitudes, Vector256.Load(panel + 192) ^ masks);
            s7 = TDot.Add(s7, magnitudes, Vector256.Load(panel + 224) ^ masks);
            s8 = TDot.Add(s8, magnitudes, Vector256.Load(panel + 256) ^ masks);
            s9 = TDot.Add(s9, magnitudes, Vector256.Load(panel + 288) ^ masks);
            s10 = TDot.Add(s10, magnitudes, Vector256.Load(panel + 320) ^ masks);
            s11 = TDot.Add(s11, magnitudes, Vector256.Load(panel + 352) ^ masks);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
        s4.Store(sums + 32);
        s5.Store(sums + 40);
        s6.Store(sums + 48);
        s7.Store(sums + 56);
        s8.Store(sums + 64);
        s9.Store(sums + 72);
        s10.Store(sums + 80);
        s11.Store(sums + 88);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector256.Create(*(int*)(x + quads * 8));
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        var s4 = s0;
        var s5 = s0;
        var s6 = s0;
        var s7 = s0;
        for (var end = x + quads * 8; x < end; x += 8, panel += 256)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 = TDot.Add(s0, magnitudes, Vector256.Load(panel) ^ masks);
            s1 = TDot.Add(s1, magnitudes, Vector256.Load(panel + 32) ^ masks);
            s2 = TDot.Add(s2, magnitudes, Vector256.Load(panel + 64) ^ masks);
            s3 = TDot.Add(s3, magnitudes, Vector256.Load(panel + 96) ^ masks);
            s4 = TDot.Add(s4, magnitudes, Vector256.Load(panel + 128) ^ masks);
            s5 = TDot.Add(s5, magnitudes, Vector256.Load(panel + 160) ^ masks);
            s6 = TDot.Add(s6, magnitudes, Vector256.Load(panel + 192) ^ masks);
            s7 = TDot.Add(s7, magnitudes, Vector256.Load(panel + 224) ^ masks);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
        s4.Store(sums + 32);
        s5.Store(sums + 40);
        s6.Store(sums + 48);
        s7.Store(sums + 56);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One32(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector256.Create(*(int*)(x + quads * 8));
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        for (var end = x + quads * 8; x < end; x += 8, panel += 128)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 = TDot.Add(s0, magnitudes, Vector256.Load(panel) ^ masks);
            s1 = TDot.Add(s1, magnitudes, Vector256.Load(panel + 32) ^ masks);
            s2 = TDot.Add(s2, magnitudes, Vector256.Load(panel + 64) ^ masks);
            s3 = TDot.Add(s3, magnitudes, Vector256.Load(panel + 96) ^ masks);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One16(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector256.Create(*(int*)(x + quads * 8));
        var s1 = s0;
        for (var end = x + quads * 8; x < end; x += 8, panel += 64)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 = TDot.Add(s0, magnitudes, Vector256.Load(panel) ^ masks);
            s1 = TDot.Add(s1, magnitudes, Vector256.Load(panel + 32) ^ masks);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One8(sbyte* panel, nint quads, sbyte* x, int* sums)
    {
        var s0 = Vector256.Create(*(int*)(x + quads * 8));
        for (var end = x + quads * 8; x < end; x += 8, panel += 32)
        {
            var magnitudes = Vector256.Create(*(int*)x).AsByte();
            var masks = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0 = TDot.Add(s0, magnitudes, Vector256.Load(panel) ^ masks);
        }

        s0.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x4(sbyte* panel, nint stride, nint quads, sbyte* x, nint xStride, int* sums, nint sumStride)
    {
        var s0a = Vector256.Create(*(int*)(x + quads * 8));
        var s0b = s0a;
        var s1a = Vector256.Create(*(int*)(x + xStride + quads * 8));
        var s1b = s1a;
        var s2a = Vector256.Create(*(int*)(x + 2 * xStride + quads * 8));
        var s2b = s2a;
        var s3a = Vector256.Create(*(int*)(x + 3 * xStride + quads * 8));
        var s3b = s3a;
        for (var end = x + quads * 8; x < end; x += 8, panel += stride)
        {
            var a = Vector256.Load(panel);
            var b = Vector256.Load(panel + 32);
            var magnitudes0 = Vector256.Create(*(int*)x).AsByte();
            var masks0 = Vector256.Create(*(int*)(x + 4)).AsSByte();
            s0a = TDot.Add(s0a, magnitudes0, a ^ masks0);
            s0b = TDot.Add(s0b, magnitudes0, b ^ masks0);
            var magnitudes1 = Vector256.Create(*(int*)(x + xStride)).AsByte();
            var masks1 = Vector256.Create(*(int*)(x + xStride + 4)).AsSByte();
            s1a = TDot.Add(s1a, magnitudes1, a ^ masks1);
            s1b = TDot.Add(s1b, magnitudes1, b ^ masks1);
            var magnitudes2 = Vector256.Create(*(int*)(x + 2 * xStride)).AsByte();
            var masks2 = Vector256.Create(*(int*)(x + 2 * xStride + 4)).AsSByte();
            s2a = TDot.Add(s2a, magnitudes2, a ^ masks2);
            s2b = TDot.Add(s2b, magnitudes2, b ^ masks2);
            var magnitudes3 = Vector256.Create(*(int*)(x + 3 * xStride)).AsByte();
            var masks3 = Vector256.Create(*(int*)(x + 3 * xStride + 4)).AsSByte();
            s3a = TDot.Add(s3a, magnitudes3, a ^ masks3);
            s3b = TDot.Add(s3b, magnitudes3, b ^ masks3);
        }

        s0a.Store(sums);
        s0b.Store(sums + 8);
        s1a.Store(sums + sumStride);
        s1b.Store(sums + sumStride + 8);
        s2a.Store(sums + 2 * sumStride);
        s2b.Store(sums + 2 * sumStride + 8);
        s3a.Store(sums + 3 * sumStride);
        s3b.Store(sums + 3 * sumStride + 8);
    }
}
