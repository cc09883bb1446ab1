using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// A 16-bit format. Weights come two to a word of 32 bits; widening is a few integer operations. What it leaves out of the weight, the
/// input makes up for: the product of a widened weight with a scaled input is that of the weight with the input.
/// </summary>
internal interface IHalfFormat
{
    /// <summary>The weight with these bits, as <see cref="Low(Vector256{uint})"/> widens it.</summary>
    static abstract float Widen(ushort bits);

    /// <summary>The weights in the low halves of words.</summary>
    static abstract Vector256<float> Low(Vector256<uint> words);

    /// <summary>The weights in the high halves of words.</summary>
    static abstract Vector256<float> High(Vector256<uint> words);

    /// <inheritdoc cref="Low(Vector256{uint})"/>
    static abstract Vector512<float> Low(Vector512<uint> words);

    /// <inheritdoc cref="High(Vector256{uint})"/>
    static abstract Vector512<float> High(Vector512<uint> words);

    /// <summary>The input that widened weights are multiplied with; the factor is <see cref="PackedMatrix.Factor"/>.</summary>
    static abstract float Scale(float x, float factor);

    /// <inheritdoc cref="Scale(float, float)"/>
    static abstract Vector256<float> Scale(Vector256<float> x, Vector256<float> factor);

    /// <inheritdoc cref="Scale(float, float)"/>
    static abstract Vector512<float> Scale(Vector512<float> x, Vector512<float> factor);
}

/// <summary>The upper half of a float32: one operation a vector, every value and input as in float32.</summary>
internal readonly struct BFloat16Format : IHalfFormat
{
    private const uint HighMask = 0xffff0000;

    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words) => (words << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words) => (words & Vector256.Create(HighMask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words) => (words << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words) => (words & Vector512.Create(HighMask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(float x, float factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(Vector256<float> x, Vector256<float> factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> x, Vector512<float> factor) => x;
}

/// <summary>
/// IEEE binary16, finite values. Sign, exponent and mantissa are moved to their places in a float32; as the exponents' biases differ by 112, the
/// result is the weight times 2^-112. The packer multiplies a matrix by the 2^k that gives its largest magnitude the largest exponent (exact, as
/// the smallest magnitude only grows; k is from 0 to 39), and the kernel multiplies inputs by 2^(112-k). Both are powers of two: the product has
/// the bits of weight times input. With k from 10, that is with weights below 64, no widened weight is subnormal, which some processors
/// are slow with. An input of 2^(16+k) or more becomes infinite: one whose product with the largest weight is about 2^31.
/// </summary>
internal readonly struct Float16Format : IHalfFormat
{
    private const int MissingExponent = 112;
    private const int LargestExponent = 15;
    private const ushort Infinity = 0x7c00;
    private const int Mask = unchecked((int)0x8fffe000);

    /// <summary>The exponent k for weights with these bits.</summary>
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

    /// <summary>What the kernel multiplies inputs by.</summary>
    public static float Factor(int exponent) => MathF.ScaleB(1f, MissingExponent - exponent);

    public static float Widen(ushort bits) => BitConverter.Int32BitsToSingle(((bits << 16) >> 3) & Mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words) => (((words << 16).AsInt32() >> 3) & Vector256.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words) => ((words.AsInt32() >> 3) & Vector256.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words) => (((words << 16).AsInt32() >> 3) & Vector512.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words) => ((words.AsInt32() >> 3) & Vector512.Create(Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(float x, float factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(Vector256<float> x, Vector256<float> factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> x, Vector512<float> factor) => x * factor;
}
