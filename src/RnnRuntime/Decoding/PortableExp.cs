namespace RnnRuntime.Decoding;

/// <summary>The exponential function with the same bits on every machine: basic IEEE 754 operations and exact scaling only.</summary>
internal static class PortableExp
{
    private const double Log2E = 1.4426950408889634;

    // ln 2 in two parts: k * Ln2High is exact for |k| < 2^20 because its last 21 bits are zero.
    private const double Ln2High = 0.693147180369123816490;
    private const double Ln2Low = 1.90821492927058770002e-10;

    /// <summary><c>e^x</c> for <c>x &lt;= 0</c>; relative error below 1e-15. Below -708, where the result would be subnormal, 0. NaN gives NaN.</summary>
    public static double Exp(double x)
    {
        if (x < -708)
        {
            return 0;
        }

        if (double.IsNaN(x))
        {
            return x;
        }

        var k = Math.Floor((x * Log2E) + 0.5);
        var r = (x - (k * Ln2High)) - (k * Ln2Low);

        // Taylor series in Horner form; |r| <= 0.3466, so the first term left out is below 5e-18.
        var sum = 1.0;
        for (var n = 13; n >= 1; n--)
        {
            sum = 1.0 + (sum * r / n);
        }

        return sum * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }
}
