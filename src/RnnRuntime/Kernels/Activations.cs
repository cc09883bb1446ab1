using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// The transcendental functions, built on one exponential. They are monotone by construction: the exponential ends in roundings that
/// cannot reverse an order, and sigmoid and tanh are chains of correctly rounded monotone operations on it. NaN gives NaN. Error bounds are absolute unless said otherwise.
/// </summary>
internal static class Activations<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts; the first has 9 significant bits, so that its product with |n| <= 128 is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // Adding 1.5 * 2^23 + 127 rounds to an integer n and leaves n + 127, the exponent field of 2^n, in the low bits.
    private const float Magic = 12582912f + 127f;

    // e^r = 1 + r + r^2 q(r) for |r| <= ln 2 / 2, minimax fit of q, relative error 3.1e-9 before rounding.
    private const float E2 = 0.49999994f, E3 = 0.1666652f, E4 = 0.0416684f, E5 = 0.008368852f, E6 = 0.001381432f;

    // tanh a = a + a^3 p(a^2) for 0 <= a < 0.625, minimax fit of p, absolute error 4.2e-9 before rounding.
    private const float SmallTanh = 0.625f;
    private const float T0 = -0.33333284f, T1 = 0.13331491f, T2 = -0.053743497f, T3 = 0.020650584f, T4 = -0.0057170424f;

    // Smaller states become +0: their products with any weight above 2^-46 stay normal numbers.
    private const float SmallestState = 8.271806e-25f; // 2^-80

    /// <summary>1 / (1 + e^-x): error below 9e-8, in (0, 1], sigmoid(x) + sigmoid(-x) = 1 within 1.2e-7. -inf gives 1.6e-38, +inf 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid(TVector x)
    {
        var one = TLanes.Broadcast(1f);
        var y = TLanes.Minimum(TLanes.Broadcast(87f), TLanes.Maximum(TLanes.Broadcast(-87f), TLanes.Subtract(TLanes.Broadcast(0f), x)));
        return TLanes.Divide(one, TLanes.Add(one, ExpWithin87(y)));
    }

    /// <summary>Error below 1.2e-7, in [-1, 1], odd to the bit. Infinities give -1 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        var one = TLanes.Broadcast(1f);
        var a = TLanes.Abs(x);
        var e = ExpWithin87(TLanes.Minimum(TLanes.Broadcast(20f), TLanes.Add(a, a)));
        var large = TLanes.Subtract(one, TLanes.Divide(TLanes.Broadcast(2f), TLanes.Add(e, one)));

        var z = Square(a);
        var p = TLanes.MultiplyAdd(TLanes.Broadcast(T4), z, TLanes.Broadcast(T3));
        p = TLanes.MultiplyAdd(p, z, TLanes.Broadcast(T2));
        p = TLanes.MultiplyAdd(p, z, TLanes.Broadcast(T1));
        p = TLanes.MultiplyAdd(p, z, TLanes.Broadcast(T0));
        var small = TLanes.MultiplyAdd(TLanes.Multiply(p, z), a, a);

        return TLanes.CopySign(TLanes.SelectLess(a, TLanes.Broadcast(SmallTanh), small, large), x);
    }

    /// <summary>
    /// e^x: relative error below 1.2e-7. Above 88.72 +infinity; below -87.33, where the result would be subnormal, +0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        // Halving the argument's power of two keeps both factors normal up to the overflow threshold.
        var y = TLanes.Minimum(TLanes.Broadcast(89f), TLanes.Maximum(TLanes.Broadcast(-88f), x));
        var t = TLanes.MultiplyAdd(y, TLanes.Broadcast(Log2E), TLanes.Broadcast(Magic));
        var n = TLanes.Subtract(t, TLanes.Broadcast(Magic));
        var p = Polynomial(Reduce(y, n));
        var half = TLanes.MultiplyAdd(n, TLanes.Broadcast(0.5f), TLanes.Broadcast(Magic));
        var rest = TLanes.Add(TLanes.Subtract(n, TLanes.Subtract(half, TLanes.Broadcast(Magic))), TLanes.Broadcast(Magic));
        var result = TLanes.Multiply(TLanes.Multiply(p, TLanes.PowerFromLowBits(half)), TLanes.PowerFromLowBits(rest));
        return TLanes.SelectLess(x, TLanes.Broadcast(-87.33654f), TLanes.Broadcast(0f), result);
    }

    /// <summary>max(x, 0), with +0 for a negative zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Relu(TVector x) => TLanes.SelectLess(x, TLanes.Broadcast(0f), TLanes.Broadcast(0f), TLanes.Add(x, TLanes.Broadcast(0f)));

    /// <summary>Replaces magnitudes below 2^-80 by +0, so that a decaying state never holds a subnormal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Flush(TVector x) =>
        TLanes.SelectLess(TLanes.Abs(x), TLanes.Broadcast(SmallestState), TLanes.Broadcast(0f), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ExpWithin87(TVector y)
    {
        var t = TLanes.MultiplyAdd(y, TLanes.Broadcast(Log2E), TLanes.Broadcast(Magic));
        var n = TLanes.Subtract(t, TLanes.Broadcast(Magic));
        return TLanes.Multiply(Polynomial(Reduce(y, n)), TLanes.PowerFromLowBits(t));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Reduce(TVector y, TVector n) =>
        TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2Low), TLanes.MultiplyAdd(n, TLanes.Broadcast(-Ln2High), y));

    // 1 + (r + r^2 q): the sum in parentheses is rounded once from a term that is small beside r, so that neither it nor the last addition
    // reverses an order. Horner's scheme to the end would, by one unit in the last place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Polynomial(TVector r)
    {
        var q = TLanes.MultiplyAdd(TLanes.Broadcast(E6), r, TLanes.Broadcast(E5));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E4));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E3));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E2));
        return TLanes.Add(TLanes.Broadcast(1f), TLanes.MultiplyAdd(Square(r), q, r));
    }

    // x^2 + 2^-100: without the addend the square of a small number is subnormal, which slows an activation up to four times. It changes
    // a result by less than its rounding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Square(TVector x) => TLanes.MultiplyAdd(x, x, TLanes.Broadcast(7.8886091e-31f));
}
