namespace RnnRuntime.Tests.Kernels;

/// <summary>The rule by which activations become int8, written to be read.</summary>
internal static class ReferenceQuantizer
{
    /// <summary>The quantised vector and the real value of one unit.</summary>
    public static (int[] Quantized, float Unit) Quantize(ReadOnlySpan<float> x, float range = 0)
    {
        var largest = range;
        foreach (var value in x)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        var result = new int[x.Length];
        if (float.IsNaN(largest) || float.IsInfinity(largest))
        {
            return (result, float.NaN);
        }

        if (largest < MathF.ScaleB(1, -100))
        {
            return (result, 0);
        }

        var factor = 127 / largest;
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = (int)Math.Round((double)(x[i] * factor), MidpointRounding.ToEven);
        }

        return (result, largest / 127);
    }
}
