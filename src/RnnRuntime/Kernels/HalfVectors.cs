using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>
/// What a product of 16-bit weights needs of a vector register. A register of words widens to a pair of registers of lanes: "low" are the
/// lanes of the low halves, "high" those of the high halves, as <see cref="Panels"/> lays them.
/// </summary>
internal unsafe interface IHalfVector<TVector> : IHalfWords<TVector>
    where TVector : struct
{
    /// <summary>Lanes of a pair.</summary>
    static abstract int Lanes { get; }

    /// <summary>The low lanes of a pair's floats.</summary>
    static abstract TVector LoadLow(float* source);

    static abstract TVector LoadHigh(float* source);

    static abstract void StoreLow(float* destination, TVector value);

    static abstract void StoreHigh(float* destination, TVector value);

    /// <summary>A register of words, bits as they are.</summary>
    static abstract TVector Words(ushort* source);

    static abstract TVector Low<TFormat>(TVector words, TVector factor)
        where TFormat : struct, IHalfFormat;

    static abstract TVector High<TFormat>(TVector words, TVector factor)
        where TFormat : struct, IHalfFormat;

    /// <summary>An input for all lanes.</summary>
    static abstract TVector Input<TFormat>(float* source, TVector factor)
        where TFormat : struct, IHalfFormat;

    static abstract TVector Create(float value);

    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);
}

/// <summary>One block of 16 lanes: 0-7 and 8-15.</summary>
internal readonly unsafe struct HalfVector256 : IHalfVector<Vector256<float>>
{
    public static int Lanes => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadLow(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHigh(float* source) => Vector256.Load(source + 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLow(float* destination, Vector256<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHigh(float* destination, Vector256<float> value) => value.Store(destination + 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Words(ushort* source) => Vector256.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low<TFormat>(Vector256<float> words, Vector256<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Low<HalfVector256, Vector256<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High<TFormat>(Vector256<float> words, Vector256<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.High<HalfVector256, Vector256<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Input<TFormat>(float* source, Vector256<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Input<HalfVector256, Vector256<float>>(Vector256.Create(*source), factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BFloat16Low(Vector256<float> words) => (words.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BFloat16High(Vector256<float> words) => (words.AsUInt32() & Vector256.Create(0xffff0000)).AsSingle();

    /// <summary>Extends signs and shifts by 13 in one multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Float16Low(Vector256<float> words) =>
        (Avx2.MultiplyAddAdjacent(words.AsInt16(), Vector256.Create(1 << 13).AsInt16()) & Vector256.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Float16High(Vector256<float> words) => ((words.AsInt32() >> 3) & Vector256.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.MultiplyAdd(left, right, addend);
}

/// <summary>Two blocks of 16 lanes: 0-7 with 16-23, and 8-15 with 24-31.</summary>
internal readonly unsafe struct HalfVector512 : IHalfVector<Vector512<float>>
{
    public static int Lanes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadLow(float* source) => Vector512.Create(Vector256.Load(source), Vector256.Load(source + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHigh(float* source) => LoadLow(source + 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLow(float* destination, Vector512<float> value)
    {
        value.GetLower().Store(destination);
        value.GetUpper().Store(destination + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHigh(float* destination, Vector512<float> value) => StoreLow(destination + 8, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Words(ushort* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Low<TFormat>(Vector512<float> words, Vector512<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Low<HalfVector512, Vector512<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> High<TFormat>(Vector512<float> words, Vector512<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.High<HalfVector512, Vector512<float>>(words, factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Input<TFormat>(float* source, Vector512<float> factor)
        where TFormat : struct, IHalfFormat => TFormat.Input<HalfVector512, Vector512<float>>(Vector512.Create(*source), factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> BFloat16Low(Vector512<float> words) => (words.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> BFloat16High(Vector512<float> words) => (words.AsUInt32() & Vector512.Create(0xffff0000)).AsSingle();

    /// <summary>Extends signs and shifts by 13 in one multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Float16Low(Vector512<float> words) =>
        (Avx512BW.MultiplyAddAdjacent(words.AsInt16(), Vector512.Create(1 << 13).AsInt16()) & Vector512.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Float16High(Vector512<float> words) => ((words.AsInt32() >> 3) & Vector512.Create(Float16Bits.Mask)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Avx512F.FusedMultiplyAdd(left, right, addend);
}
