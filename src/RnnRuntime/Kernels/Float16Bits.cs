using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// Finite IEEE binary16 widened by integer operations: sign, exponent and mantissa move to their places in a float32. The exponents' offsets differ by
/// 112, so that the result is the weight times 2^-112. The packer multiplies a matrix by the 2^k that gives its largest magnitude the largest
/// exponent (exact, as magnitudes only grow; k is from 0 to 39), and the kernel by the factor 2^(112-k). With k from 10 on, that is with weights below
/// 64, no widened weight is subnormal, which some processors are slow with.
/// </summary>
internal static class Float16Bits
{
    private const int MissingExponent = 112;
    private const int LargestExponent = 15;
    private const ushort Infinity = 0x7c00;
    private const int Mask = unchecked((int)0x8fffe000);

    /// <summary>The exponent k for a matrix of weights with these bits.</summary>
    public static int ChooseExponent(ReadOnlySpan<ushort> weights)
    {
        var largest = 0;
        foreach (var bits in weights)
        {
            largest = Math.Max(largest, bits & 0x7fff);
        }

        Debug.Assert(largest < Infinity, "a graph's weights are finite");
        return largest == 0 ? 0 : LargestExponent - MathF.ILogB((float)BitConverter.UInt16BitsToHalf((ushort)largest));
    }

    /// <summary>The bits of a weight times 2^k.</summary>
    public static ushort Multiply(ushort bits, int exponent) =>
        BitConverter.HalfToUInt16Bits((Half)MathF.ScaleB((float)BitConverter.UInt16BitsToHalf(bits), exponent));

    public static float Factor(int exponent) => MathF.ScaleB(1f, MissingExponent - exponent);

    public static float Widen(ushort bits) => BitConverter.Int32BitsToSingle(((bits << 16) >> 3) & Mask);

    /// <summary>The low halves: extends their signs and shifts by 13 in one multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words) =>
        (Avx2.MultiplyAddAdjacent(words.AsInt16(), Vector256.Create(1 << 13).AsInt16()) & Vector256.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words) => ((words.AsInt32() >> 3) & Vector256.Create(Mask)).AsSingle();

    /// <inheritdoc cref="Low(Vector256{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words) =>
        (Avx512BW.MultiplyAddAdjacent(words.AsInt16(), Vector512.Create(1 << 13).AsInt16()) & Vector512.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words) => ((words.AsInt32() >> 3) & Vector512.Create(Mask)).AsSingle();
}
