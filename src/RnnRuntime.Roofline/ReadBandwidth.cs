using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Roofline;

/// <summary>
/// Reads a block front to back, sixteen or eight loads a turn, each folded by XOR into an accumulator of its own so that only the loads
/// can be the limit. The returned fold keeps the loads alive.
/// </summary>
internal static unsafe class ReadBandwidth
{
    /// <summary>Bytes that one turn of either loop reads; a block is a whole number of them.</summary>
    internal const int TurnBytes = 512;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static ulong Read256(byte* block, long bytes, int passes)
    {
        Vector256<ulong> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int pass = 0; pass < passes; pass++)
        {
            for (ulong* p = (ulong*)block, end = (ulong*)(block + bytes); p < end; p += TurnBytes / sizeof(ulong))
            {
                a0 ^= Vector256.Load(p);
                a1 ^= Vector256.Load(p + 4);
                a2 ^= Vector256.Load(p + 8);
                a3 ^= Vector256.Load(p + 12);
                a4 ^= Vector256.Load(p + 16);
                a5 ^= Vector256.Load(p + 20);
                a6 ^= Vector256.Load(p + 24);
                a7 ^= Vector256.Load(p + 28);
                a0 ^= Vector256.Load(p + 32);
                a1 ^= Vector256.Load(p + 36);
                a2 ^= Vector256.Load(p + 40);
                a3 ^= Vector256.Load(p + 44);
                a4 ^= Vector256.Load(p + 48);
                a5 ^= Vector256.Load(p + 52);
                a6 ^= Vector256.Load(p + 56);
                a7 ^= Vector256.Load(p + 60);
            }
        }

        return Vector256.Sum(a0 ^ a1 ^ a2 ^ a3 ^ a4 ^ a5 ^ a6 ^ a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static ulong Read512(byte* block, long bytes, int passes)
    {
        Vector512<ulong> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int pass = 0; pass < passes; pass++)
        {
            for (ulong* p = (ulong*)block, end = (ulong*)(block + bytes); p < end; p += TurnBytes / sizeof(ulong))
            {
                a0 ^= Vector512.Load(p);
                a1 ^= Vector512.Load(p + 8);
                a2 ^= Vector512.Load(p + 16);
                a3 ^= Vector512.Load(p + 24);
                a4 ^= Vector512.Load(p + 32);
                a5 ^= Vector512.Load(p + 40);
                a6 ^= Vector512.Load(p + 48);
                a7 ^= Vector512.Load(p + 56);
            }
        }

        return Vector512.Sum(a0 ^ a1 ^ a2 ^ a3 ^ a4 ^ a5 ^ a6 ^ a7);
    }
}
