using System.Diagnostics;

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

    /// <summary>The bits of a float32 that a widened number has.</summary>
    public const int Mask = unchecked((int)0x8fffe000);

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
}
