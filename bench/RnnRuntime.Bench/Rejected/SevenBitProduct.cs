using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using RnnRuntime.Kernels;

namespace RnnRuntime.Bench.Rejected;

/// <summary>
/// What the library does without: int8 products that need weights of 7 bits. Activations are bytes x + 128, so that <c>vpmaddubsw</c> takes them as they
/// are; a pair of products lies within 2 * 255 * [-64, 63], which fits 16 bits only because a weight has 7. Each row starts from -128 times the sum of
/// its weights. It is the fastest such loop: a load, two multiplications and an addition for 32 products, nothing for signs. Panels and groups are
/// those of the library, a vector is 4 bytes a group.
/// </summary>
internal static unsafe class SevenBitProduct
{
    /// <summary>Whole panels of 64 lanes only; <paramref name="starts"/> and <paramref name="sums"/> hold <paramref name="lanes"/> int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Avx2One(sbyte* panels, int lanes, nint quads, byte* x, int* starts, int* sums)
    {
        for (var lane = 0; lane < lanes; lane += 64)
        {
            One64(panels + (lane * quads * 4), quads, x, starts + lane, sums + lane);
        }
    }

    /// <summary>Whole pairs of panels of 64 lanes only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Avx512One(sbyte* panels, int lanes, nint quads, byte* x, int* starts, int* sums)
    {
        for (var lane = 0; lane < lanes; lane += 128)
        {
            One128(panels + (lane * quads * 4), panels + ((lane + 64) * quads * 4), quads, x, starts + lane, sums + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<byte> x, sbyte* weights, Vector256<short> ones) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x, Vector256.Load(weights)), ones);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<byte> x, sbyte* weights, Vector512<short> ones) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x, Vector512.Load(weights)), ones);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One64(sbyte* panel, nint quads, byte* x, int* starts, int* sums)
    {
        var ones = Vector256.Create((short)1);
        var s0 = Vector256.Load(starts);
        var s1 = Vector256.Load(starts + 8);
        var s2 = Vector256.Load(starts + 16);
        var s3 = Vector256.Load(starts + 24);
        var s4 = Vector256.Load(starts + 32);
        var s5 = Vector256.Load(starts + 40);
        var s6 = Vector256.Load(starts + 48);
        var s7 = Vector256.Load(starts + 56);
        for (var end = x + (quads * 4); x < end; x += 4, panel += 256)
        {
            var values = Vector256.Create(*(int*)x).AsByte();
            s0 += Products(values, panel, ones);
            s1 += Products(values, panel + 32, ones);
            s2 += Products(values, panel + 64, ones);
            s3 += Products(values, panel + 96, ones);
            s4 += Products(values, panel + 128, ones);
            s5 += Products(values, panel + 160, ones);
            s6 += Products(values, panel + 192, ones);
            s7 += Products(values, panel + 224, ones);
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
    private static void One128(sbyte* panel, sbyte* next, nint quads, byte* x, int* starts, int* sums)
    {
        var ones = Vector512.Create((short)1);
        var s0 = Vector512.Load(starts);
        var s1 = Vector512.Load(starts + 16);
        var s2 = Vector512.Load(starts + 32);
        var s3 = Vector512.Load(starts + 48);
        var s4 = Vector512.Load(starts + 64);
        var s5 = Vector512.Load(starts + 80);
        var s6 = Vector512.Load(starts + 96);
        var s7 = Vector512.Load(starts + 112);
        for (var end = x + (quads * 4); x < end; x += 4, panel += 256, next += 256)
        {
            var values = Vector512.Create(*(int*)x).AsByte();
            s0 += Products(values, panel, ones);
            s1 += Products(values, panel + 64, ones);
            s2 += Products(values, panel + 128, ones);
            s3 += Products(values, panel + 192, ones);
            s4 += Products(values, next, ones);
            s5 += Products(values, next + 64, ones);
            s6 += Products(values, next + 128, ones);
            s7 += Products(values, next + 192, ones);
        }

        s0.Store(sums);
        s1.Store(sums + 16);
        s2.Store(sums + 32);
        s3.Store(sums + 48);
        s4.Store(sums + 64);
        s5.Store(sums + 80);
        s6.Store(sums + 96);
        s7.Store(sums + 112);
    }
}
