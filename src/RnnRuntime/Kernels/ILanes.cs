namespace RnnRuntime.Kernels;

/// <summary>
/// The vocabulary in which elementwise code is written once: every operation is one correctly rounded IEEE operation on each lane,
/// so that any width gives the same bits. A vector holds <see cref="Width"/> floats; 8 is a multiple of it.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    static abstract int Width { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(float* destination, TVector value);

    static abstract TVector Broadcast(float value);

    static abstract TVector FromInt32(int* source);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

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

    /// <summary>The float whose exponent field is the low 8 bits of the lane's bit pattern and whose fraction is zero.</summary>
    static abstract TVector PowerFromLowBits(TVector bits);
}
