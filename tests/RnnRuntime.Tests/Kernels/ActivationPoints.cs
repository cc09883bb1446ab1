namespace RnnRuntime.Tests.Kernels;

/// <summary>Where functions are tried.</summary>
internal static class ActivationPoints
{
    private const double Ln2 = 0.69314718055994531;

    /// <summary>
    /// Ascending and distinct: every exponent, a fine grid, and consecutive floats about each place where an implementation changes its way:
    /// the seams of tanh, logarithm and softplus, the ends of the clamps, the limits of flushing, where the exponential takes its next power of two, and
    /// halves that are rounded.
    /// </summary>
    public static float[] Sweep()
    {
        var points = new SortedSet<float> { 0 };
        for (var exponent = 0; exponent < 255; exponent++)
        {
            for (var i = 0; i < 8; i++)
            {
                Add(BitConverter.Int32BitsToSingle((exponent << 23) | ((i * 0x10_0000) + (i * 1237))));
            }
        }

        for (var i = 0; i <= 5_000; i++)
        {
            Add(i * 0.02f);
            Add(i * 0.002f);
        }

        foreach (var seam in Seams())
        {
            var bits = BitConverter.SingleToInt32Bits(seam);
            for (var i = -12; i <= 12; i++)
            {
                Add(BitConverter.Int32BitsToSingle(bits + i));
            }
        }

        return [.. points];

        void Add(float magnitude)
        {
            points.Add(magnitude);
            if (magnitude != 0)
            {
                points.Add(-magnitude);
            }
        }
    }

    /// <summary>Every so many floats, all of one sign.</summary>
    public static IEnumerable<float> Between(float first, float last, int stride)
    {
        var end = BitConverter.SingleToInt32Bits(last);
        for (var bits = BitConverter.SingleToInt32Bits(first); bits < end; bits += stride)
        {
            yield return BitConverter.Int32BitsToSingle(bits);
        }
    }

    private static IEnumerable<float> Seams()
    {
        float[] named =
        [
            0.625f, 9.010913f, 10f, 20f, 87f, 87.33654f, 88f, 88.72284f, 89f, 8.271806e-25f, 1.17549435e-38f, 1f, 2f,
            1.41421354f, 0.70710677f, 0.881373563f, 85.95f, 0.3f, 0.5f, 1.5f, 2.5f, 4194304f, 8388608f, 16777216f,
        ];
        var powers = Enumerable.Range(0, 128).Select(i => (float)((i + 0.5) * Ln2));
        var halves = Enumerable.Range(0, 30).Select(i => (float)((i + 0.5) * Ln2 / 2));
        return named.Concat(powers).Concat(halves);
    }
}
