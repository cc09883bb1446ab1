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

    // ln(1 + f) = f + f^2 l(f) for sqrt(1/2) - 1 <= f <= sqrt(2) - 1, minimax fit of l, relative error 5.9e-9 before rounding.
    private const float L0 = -0.5f, L1 = 0.333333313f, L2 = -0.250008196f, L3 = 0.200012416f, L4 = -0.166234091f;
    private const float L5 = 0.142015815f, L6 = -0.131596133f, L7 = 0.127621993f, L8 = -0.0763639957f;

    private const float SmallestNormal = 1.17549435e-38f;

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

    /// <summary>e^x - 1 for x &lt;= 0; 0 for larger ones. Relative error below 1.2e-7; below -20 it is -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ExpMinusOne(TVector x)
    {
        var y = TLanes.Minimum(TLanes.Broadcast(0f), TLanes.Maximum(TLanes.Broadcast(-20f), x));
        var t = TLanes.MultiplyAdd(y, TLanes.Broadcast(Log2E), TLanes.Broadcast(Magic));
        var n = TLanes.Subtract(t, TLanes.Broadcast(Magic));
        var r = Reduce(y, n);

        // r + r (r q), not r + r^2 q: the square of a small number is subnormal. 2^n - 1 is exact or -1 within its rounding.
        var p = TLanes.MultiplyAdd(TLanes.Multiply(r, Quotient(r)), r, r);
        var scale = TLanes.PowerFromLowBits(t);
        return TLanes.MultiplyAdd(p, scale, TLanes.Subtract(scale, TLanes.Broadcast(1f)));
    }

    /// <summary>Natural logarithm: relative error below 1e-7, also of subnormal numbers. Zeros give -infinity, negative numbers NaN, +infinity itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log(TVector x)
    {
        var smallest = TLanes.Broadcast(SmallestNormal);
        var zero = TLanes.Broadcast(0f);
        var normal = TLanes.SelectLess(x, smallest, TLanes.Multiply(x, TLanes.Broadcast(4294967296f)), x);
        var m = TLanes.Significand(normal);
        var e = TLanes.Add(TLanes.Exponent(normal), TLanes.SelectLess(x, smallest, TLanes.Broadcast(-32f), zero));

        // m in [sqrt(1/2), sqrt(2)]: no cancellation between the two terms below, and none at all about 1, where e is 0.
        var middle = TLanes.Broadcast(1.41421354f);
        e = TLanes.Add(e, TLanes.SelectLess(middle, m, TLanes.Broadcast(1f), zero));
        m = TLanes.SelectLess(middle, m, TLanes.Multiply(m, TLanes.Broadcast(0.5f)), m);
        var f = TLanes.Subtract(m, TLanes.Broadcast(1f));
        var low = TLanes.MultiplyAdd(TLanes.Multiply(f, LogQuotient(f)), f, TLanes.Multiply(e, TLanes.Broadcast(Ln2Low)));
        var result = TLanes.MultiplyAdd(e, TLanes.Broadcast(Ln2High), TLanes.Add(f, low));

        var otherwise = TLanes.SelectEqual(x, zero, TLanes.Broadcast(float.NegativeInfinity), TLanes.Broadcast(float.NaN));
        result = TLanes.SelectLess(zero, x, result, otherwise);
        return TLanes.SelectEqual(x, TLanes.Broadcast(float.PositiveInfinity), x, result);
    }

    /// <summary>ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|): relative error below 2e-7; below -85.9, near the subnormal numbers, +0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Softplus(TVector x)
    {
        var one = TLanes.Broadcast(1f);
        var zero = TLanes.Broadcast(0f);
        var t = ExpWithin87(TLanes.Maximum(TLanes.Broadcast(-87f), TLanes.Subtract(zero, TLanes.Abs(x))));

        // Half of t is a normal number or zero from here on.
        t = TLanes.SelectLess(t, TLanes.Broadcast(4f * SmallestNormal), zero, t);

        // 1 + t = 2 (1 + (t - 1) / 2) where t is beyond the polynomial's range.
        var middle = TLanes.Broadcast(0.41421354f);
        var large = TLanes.Multiply(TLanes.Subtract(t, one), TLanes.Broadcast(0.5f));
        var f = TLanes.SelectLess(t, middle, t, large);
        var start = TLanes.SelectLess(t, middle, zero, TLanes.Broadcast(0.693147181f));
        var logarithm = TLanes.Add(start, TLanes.MultiplyAdd(TLanes.Multiply(f, LogQuotient(f)), f, f));
        return TLanes.Add(TLanes.Maximum(zero, x), logarithm);
    }

    /// <summary>x / (1 + |x|); infinities give -1 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Softsign(TVector x)
    {
        var y = TLanes.Minimum(TLanes.Broadcast(float.MaxValue), TLanes.Maximum(TLanes.Broadcast(float.MinValue), x));
        return TLanes.Divide(y, TLanes.Add(TLanes.Broadcast(1f), TLanes.Abs(y)));
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
    private static TVector Polynomial(TVector r) =>
        TLanes.Add(TLanes.Broadcast(1f), TLanes.MultiplyAdd(Square(r), Quotient(r), r));

    /// <summary>q(r) = (e^r - 1 - r) / r^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Quotient(TVector r)
    {
        var q = TLanes.MultiplyAdd(TLanes.Broadcast(E6), r, TLanes.Broadcast(E5));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E4));
        q = TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E3));
        return TLanes.MultiplyAdd(q, r, TLanes.Broadcast(E2));
    }

    /// <summary>l(f) = (ln(1 + f) - f) / f^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LogQuotient(TVector f)
    {
        var l = TLanes.MultiplyAdd(TLanes.Broadcast(L8), f, TLanes.Broadcast(L7));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L6));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L5));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L4));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L3));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L2));
        l = TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L1));
        return TLanes.MultiplyAdd(l, f, TLanes.Broadcast(L0));
    }

    // x^2 + 2^-100: without the addend the square of a small number is subnormal, which slows an activation up to four times. It changes
    // a result by less than its rounding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Square(TVector x) => TLanes.MultiplyAdd(x, x, TLanes.Broadcast(7.8886091e-31f));
}
