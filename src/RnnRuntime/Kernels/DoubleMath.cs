namespace RnnRuntime.Kernels;

/// <summary>Functions in double precision made of basic operations only, so that they give the same bits on every machine.</summary>
internal static class DoubleMath
{
    /// <summary>Natural logarithm of a positive, normal number; relative error below 1e-15. Infinity and NaN give themselves, zero -infinity.</summary>
    public static double Log(double x)
    {
        if (!(x > 0) || double.IsInfinity(x))
        {
            return x == 0 ? double.NegativeInfinity : double.IsPositiveInfinity(x) ? x : double.NaN;
        }

        // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 atanh((m - 1) / (m + 1)), |argument| <= 0.1716.
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52));
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        var s = (m - 1) / (m + 1);
        var z = s * s;
        var series = 1.0 / 23;
        series = (series * z) + (1.0 / 21);
        series = (series * z) + (1.0 / 19);
        series = (series * z) + (1.0 / 17);
        series = (series * z) + (1.0 / 15);
        series = (series * z) + (1.0 / 13);
        series = (series * z) + (1.0 / 11);
        series = (series * z) + (1.0 / 9);
        series = (series * z) + (1.0 / 7);
        series = (series * z) + (1.0 / 5);
        series = (series * z) + (1.0 / 3);
        series = (series * z) + 1.0;
        return (exponent * 0.6931471805599453) + (2 * s * series);
    }

    /// <summary>e^x: relative error below 1e-15. Above 709 infinity, below -708 zero; NaN gives NaN.</summary>
    public static double Exp(double x)
    {
        if (!(x >= -708 && x <= 709))
        {
            return x > 709 ? double.PositiveInfinity : x < -708 ? 0 : double.NaN;
        }

        // ln 2 in two parts; the first has 21 significant bits, so that its product with n is exact.
        const double Ln2High = 0.69314670562744141, Ln2Low = 4.7493250390316726e-7;
        var n = Math.Floor((x * 1.4426950408889634) + 0.5);
        var r = (x - (n * Ln2High)) - (n * Ln2Low);

        // Taylor series for |r| <= ln 2 / 2: the first term left out is 4e-18.
        var series = 1.0 / 6227020800;
        series = (series * r) + (1.0 / 479001600);
        series = (series * r) + (1.0 / 39916800);
        series = (series * r) + (1.0 / 3628800);
        series = (series * r) + (1.0 / 362880);
        series = (series * r) + (1.0 / 40320);
        series = (series * r) + (1.0 / 5040);
        series = (series * r) + (1.0 / 720);
        series = (series * r) + (1.0 / 120);
        series = (series * r) + (1.0 / 24);
        series = (series * r) + (1.0 / 6);
        series = (series * r) + 0.5;
        series = (series * r) + 1.0;
        series = (series * r) + 1.0;
        return series * BitConverter.Int64BitsToDouble(((long)n + 1023) << 52);
    }

    /// <summary>
    /// x to the power y with the special cases of C's pow (a zero exponent gives 1, also for NaN; a negative number to a power that is not an
    /// integer NaN), correct to the last place or nearly so. Magnitudes below the smallest normal float become zero.
    /// </summary>
    public static float Power(float x, float y)
    {
        if (y == 0 || x == 1)
        {
            return 1;
        }

        if (float.IsNaN(x) || float.IsNaN(y))
        {
            return float.NaN;
        }

        var magnitude = MathF.Abs(x);
        var power = magnitude == 1 ? 1 : Exp(y * Log(magnitude));
        var result = power < 1.1754943508222875e-38 ? 0f : (float)power;
        if (!float.IsNegative(x))
        {
            return result;
        }

        if (MathF.Floor(y) != y)
        {
            return x == 0 || float.IsInfinity(x) ? result : float.NaN;
        }

        // Floats from 2^24 up are even, and the infinities count as even.
        var odd = MathF.Abs(y) < 16777216f && ((int)y & 1) != 0;
        return odd ? -result : result;
    }
}
