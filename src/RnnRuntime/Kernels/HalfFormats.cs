using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>What the 16-bit formats need of a vector register of words, whatever its width. A word of 32 bits holds two weights.</summary>
internal interface IHalfWords<TVector>
    where TVector : struct
{
    /// <summary>The low halves moved to the upper halves of float32.</summary>
    static abstract TVector BFloat16Low(TVector words);

    /// <summary>The high halves as the upper halves of float32.</summary>
    static abstract TVector BFloat16High(TVector words);

    /// <summary><see cref="Float16Bits.Widen"/> of the low halves.</summary>
    static abstract TVector Float16Low(TVector words);

    /// <summary><see cref="Float16Bits.Widen"/> of the high halves.</summary>
    static abstract TVector Float16High(TVector words);

    static abstract TVector Multiply(TVector left, TVector right);
}

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

    /// <summary>What weights are multiplied with.</summary>
    static abstract float Input(float x, float factor);

    /// <summary>The weights in the low halves of words.</summary>
    static abstract TVector Low<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct;

    /// <summary>The weights in the high halves of words.</summary>
    static abstract TVector High<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct;

    /// <inheritdoc cref="Input(float, float)"/>
    static abstract TVector Input<T, TVector>(TVector x, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct;
}

/// <summary>The upper half of a float32: one operation a vector, no factor.</summary>
internal readonly struct BFloat16Format : IHalfFormat
{
    public static bool HasFactor => false;

    public static float Weight(ushort bits, float factor) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Input(float x, float factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Low<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.BFloat16Low(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector High<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.BFloat16High(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Input<T, TVector>(TVector x, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => x;
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
    public static float Input(float x, float factor) => x * factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Low<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.Float16Low(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector High<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.Float16High(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Input<T, TVector>(TVector x, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.Multiply(x, factor);
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
    public static float Input(float x, float factor) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Low<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.Multiply(T.Float16Low(words), factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector High<T, TVector>(TVector words, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => T.Multiply(T.Float16High(words), factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Input<T, TVector>(TVector x, TVector factor)
        where T : struct, IHalfWords<TVector>
        where TVector : struct => x;
}
