using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Powers in every variant against those of C, and that an exponent has the same effect as a scalar and as an array.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class PowerTests
{
    private const double RelativeError = 1.3e-7;
    private const float SmallestNormal = 1.17549435e-38f;

    private static readonly float[] s_special =
    [
        0f, -0f, 1f, -1f, 2f, -2f, 0.5f, -0.5f, 3f, -3f, 4f, 1.5f, -2.5f, 1e-3f, -7f, 10f, 16777215f, 16777216f, -16777215f, 3e38f, -3e38f, 1e-38f, 1e-45f,
        -1e-45f, 0.99999994f, 1.0000001f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    public static TheoryData<string> Names => Variants.Data;

    [Theory]
    [MemberData(nameof(Names))]
    public void PowersAreThoseOfC(string kernel)
    {
        foreach (var exponent in s_special)
        {
            Check(kernel, s_special, exponent);
        }

        var random = new Random(23);
        for (var i = 0; i < 40; i++)
        {
            float[] x = [.. Enumerable.Range(0, 19).Select(_ => MathF.ScaleB(1 + random.NextSingle(), random.Next(-20, 20)))];
            Check(kernel, x, ((random.NextSingle() * 2) - 1) * 9);
            Check(kernel, [.. x.Select(value => -value)], random.Next(-9, 10));
        }
    }

    /// <summary>These have at most the error of the roundings that they are made of, and whole results are exact.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void CommonExponentsAreBasicOperations(string kernel)
    {
        float[] x = [0.1f, 0.3f, 1.1f, 2f, 3f, 5f, 7.7f, 1e10f, 1e-10f, -3f, -0.7f];
        Assert.All(x.Zip(Powers(kernel, x, 2f)), pair => Assert.Equal(pair.First * pair.First, pair.Second));
        Assert.All(x.Zip(Powers(kernel, x, 1f)), pair => Assert.Equal(pair.First, pair.Second));
        Assert.All(x.Zip(Powers(kernel, x, -1f)), pair => Assert.Equal(1f / pair.First, pair.Second));
        Assert.All(x[..9].Zip(Powers(kernel, x[..9], 0.5f)), pair => Assert.Equal(MathF.Sqrt(pair.First), pair.Second));
        Assert.All(Powers(kernel, x, 0f), y => Assert.Equal(1f, y));
        Assert.Equal([1024f, 59049f, 9765625f], Powers(kernel, [2f, 3f, 5f], 10f));
        Assert.Equal([-243f, 243f, -32f], Powers(kernel, [-3f, 3f, -2f], 5f));
    }

    private static void Check(string kernel, float[] x, float exponent)
    {
        var y = Powers(kernel, x, exponent);
        for (var i = 0; i < x.Length; i++)
        {
            var expected = Math.Pow(x[i], exponent);
            var single = (float)expected;
            if (float.IsNaN(single) ? float.IsNaN(y[i]) : single == y[i] && float.IsNegative(single) == float.IsNegative(y[i]))
            {
                continue;
            }

            // Results below the smallest normal number may be zero of the right sign.
            var tiny = Math.Abs(expected) < SmallestNormal * 1.0000001;
            var right = tiny
                ? Math.Abs(y[i]) <= SmallestNormal && float.IsNegative(y[i]) == float.IsNegative(single)
                : Math.Abs(y[i] - expected) <= Math.Abs(expected) * RelativeError;
            Assert.True(right, $"{x[i]:R} to the power {exponent:R}: expected {expected:R}, found {y[i]:R}.");
        }
    }

    /// <summary>The exponent as a scalar; fails where an array of it, a scalar base or the scalar variant gives other bits.</summary>
    private static float[] Powers(string kernel, float[] x, float exponent)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        float[] exponents = [.. Enumerable.Repeat(exponent, x.Length)];
        var left = memory.Place("x", x);
        var right = memory.Place("right", exponents);
        var y = memory.Place<float>("y", x.Length);
        var scalar = Run(variant, left, false, right, true, x.Length);
        Compare(scalar, Run(variant, left, false, right, false, x.Length), "array");
        Compare(scalar, Run(Variants.Scalar, left, false, right, true, x.Length), "scalar variant");
        for (var i = 0; i < x.Length; i++)
        {
            Compare([.. Enumerable.Repeat(scalar[i], x.Length)], Run(variant, left + i, true, right, false, x.Length), "scalar base");
        }

        return scalar;

        float[] Run(KernelVariant chosen, float* l, bool leftIsScalar, float* r, bool rightIsScalar, int count)
        {
            chosen.Binary(BinaryFunction.Power, l, leftIsScalar, r, rightIsScalar, y, count);
            return new ReadOnlySpan<float>(y, count).ToArray();
        }

        // One pattern for all NaN, of which only that they are NaN is the same everywhere.
        void Compare(float[] expected, float[] actual, string what) =>
            Variants.AssertSameBits(
                [.. expected.Select(value => float.IsNaN(value) ? float.NaN : value)], [.. actual.Select(value => float.IsNaN(value) ? float.NaN : value)],
                $"exponent {exponent:R}, {what}");
    }
}
