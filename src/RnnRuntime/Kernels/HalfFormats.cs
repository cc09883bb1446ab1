using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>
/// A 16-bit format. Weights come two to a word of 32 bits. What widening leaves out, a factor makes up for (<see cref="PackedMatrix.Factor"/>), on
/// the side of the weights or of the inputs: the product of the two is that of weight and input.
/// </summary>
internal interface IHalfFormat
{
    /// <summary>Whether there is a factor, which takes a register.</summary>
    static abstract bool HasFactor { get; }

    /// <summary>The weight with these bits.</summary>
    static abstract float Weight(ushort bits, float factor);

    /// <summary>The weights in the low halves of words.</summary>
    static abstract Vector256<float> Low(Vector256<uint> words, Vector256<float> factor);

    /// <summary>The weights in the high halves of words.</summary>
    static abstract Vector256<float> High(Vector256<uint> words, Vector256<float> factor);

    /// <inheritdoc cref="Low(Vector256{uint}, Vector256{float})"/>
    static abstract Vector512<float> Low(Vector512<uint> words, Vector512<float> factor);

    /// <inheritdoc cref="High(Vector256{uint}, Vector256{float})"/>
    static abstract Vector512<float> High(Vector512<uint> words, Vector512<float> factor);

    /// <summary>What weights are multiplied with.</summary>
    static abstract float Input(float x, float factor);

    /// <inheritdoc cref="Input(float, float)"/>
    static abstract Vector256<float> Input(Vector256<float> x, Vector256<float> factor);

    /// <inheritdoc cref="Input(float, float)"/>
    static abstract Vector512<float> Input(Vector512<float> x, Vector512<float> factor);
}

/// <summary>The upper half of a float32: one operation a vector, no factor.</summary>
internal readonly struct BFloat16Format : IHalfFormat
{
    private const uint HighMask = 0xffff0000;

    public static bool HasFactor => false;

    public static float Weight(ushort bits, float factor) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words, Vector256<float> factor) => (words << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words, Vector256<float> factor) => (words & Vector256.Create(HighMask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words, Vector512<float> factor) => (words << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words, Vector512<float> factor) => (words & Vector512.Create(HighMask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Input(float x, float factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Input(Vector256<float> x, Vector256<float> factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Input(Vector512<float> x, Vector512<float> factor) => x;
}

/// <summary>
/// Float16 (see <see cref="Float16Bits"/>) whose factor goes to the inputs: one multiplication for all lanes. For inputs whose product with the factor
/// is finite.
/// </summary>
internal readonly struct Float16ByInput : IHalfFormat
{
    public static bool HasFactor => true;

    public static float Weight(ushort bits, float factor) => Float16Bits.Widen(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words, Vector256<float> factor) => Float16Bits.Low(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words, Vector256<float> factor) => Float16Bits.High(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words, Vector512<float> factor) => Float16Bits.Low(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words, Vector512<float> factor) => Float16Bits.High(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Input(float x, float factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Input(Vector256<float> x, Vector256<float> factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Input(Vector512<float> x, Vector512<float> factor) => x * factor;
}

/// <summary>
/// Float16 (see <see cref="Float16Bits"/>) whose factor goes to the weights, which become what they stand for: one multiplication for all vectors that
/// share them, and any input.
/// </summary>
internal readonly struct Float16ByWeight : IHalfFormat
{
    public static bool HasFactor => true;

    public static float Weight(ushort bits, float factor) => Float16Bits.Widen(bits) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low(Vector256<uint> words, Vector256<float> factor) => Float16Bits.Low(words) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High(Vector256<uint> words, Vector256<float> factor) => Float16Bits.High(words) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low(Vector512<uint> words, Vector512<float> factor) => Float16Bits.Low(words) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High(Vector512<uint> words, Vector512<float> factor) => Float16Bits.High(words) * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Input(float x, float factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Input(Vector256<float> x, Vector256<float> factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Input(Vector512<float> x, Vector512<float> factor) => x;
}
