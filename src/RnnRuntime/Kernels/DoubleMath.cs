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
        var series = 0.0;
        for (var k = 23; k >= 1; k -= 2)
        {
            series = (series * z) + (1.0 / k);
        }

        return (exponent * 0.6931471805599453) + (2 * s * series);
    }
}
