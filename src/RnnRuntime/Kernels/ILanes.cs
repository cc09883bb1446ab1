namespace RnnRuntime.Kernels;

/// <summary>
/// The vocabulary in which elementwise code is written once: every operation is one correctly rounded IEEE operation on each lane,
/// so that any width gives the same bits (of a NaN only that it is one: its sign and payload differ between processors). A vector holds <see cref="Width"/> floats; 8 is a multiple of it, but for lanes that serve
/// <see cref="CellUnits{TLanes,TVector}"/> alone, which may hold 16.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Whether this processor can execute it.</summary>
    static abstract bool IsSupported { get; }

    static abstract int Width { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(float* destination, TVector value);

    /// <summary><see cref="Load"/>; 16 lanes are 8 from each of two places <paramref name="next"/> floats apart.</summary>
    static abstract TVector LoadUnits(float* source, nint next);

    /// <summary><see cref="Store"/>; 16 lanes are 8 for each of two places <paramref name="next"/> floats apart.</summary>
    static abstract void StoreUnits(float* destination, nint next, TVector value);

    static abstract TVector Broadcast(float value);

    static abstract TVector FromInt32(int* source);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    static abstract TVector Sqrt(TVector value);

    /// <summary>left * right + addend, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>left &lt; right ? left : right; the right one where either is NaN.</summary>
    static abstract TVector Minimum(TVector left, TVector right);

    /// <summary>left &gt; right ? left : right; the right one where either is NaN.</summary>
    static abstract TVector Maximum(TVector left, TVector right);

    static abstract TVector Abs(TVector value);

    static abstract TVector CopySign(TVector magnitude, TVector sign);

    /// <summary>left &lt; right ? chosen : otherwise; otherwise where either is NaN.</summary>
    static abstract TVector SelectLess(TVector left, TVector right, TVector chosen, TVector otherwise);

    /// <summary>left == right ? chosen : otherwise; otherwise where either is NaN.</summary>
    static abstract TVector SelectEqual(TVector left, TVector right, TVector chosen, TVector otherwise);

    /// <summary>The exponent e of a positive normal number m * 2^e with 1 &lt;= m &lt; 2; some number for all others.</summary>
    static abstract TVector Exponent(TVector value);

    /// <summary>The significand m of a normal number +-m * 2^e with 1 &lt;= m &lt; 2; some number in that range for all others.</summary>
    static abstract TVector Significand(TVector value);

    /// <summary>The lane's bit pattern shifted left by 23: a power of two where the low 8 bits are its exponent field and bit 8 is clear.</summary>
    static abstract TVector PowerFromLowBits(TVector bits);
}
