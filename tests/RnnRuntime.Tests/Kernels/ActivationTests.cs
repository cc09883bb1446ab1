using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// The functions of <see cref="Activations{TLanes,TVector}"/> in every variant's width: their documented error, range, symmetry, order and
/// special values.
/// </summary>
[Trait("Category", "Kernels")]
public sealed class ActivationTests
{
    // The bounds of the documentation.
    private const double SigmoidError = 9e-8;
    private const double SigmoidComplement = 1.2e-7;
    private const double TanhError = 1.2e-7;
    private const double ExpRelativeError = 1.2e-7;

    private const double LogRelativeError = 1e-7;
    private const double SoftplusRelativeError = 2e-7;
    private const double ExpMinusOneRelativeError = 1.2e-7;
    private const double RoundingError = 6e-8;

    private const float Alpha = 0.3f;
    private const float Beta = 0.7f;
    private const float SmallestNormal = 1.17549435e-38f;
    private const float SmallestState = 8.271806e-25f; // 2^-80

    private static readonly float[] s_sweep = ActivationPoints.Sweep();

    private static readonly uint[] s_notNumbers =
        [0x7f800001, 0x7fc00000, 0x7fc00001, 0x7fffffff, 0x7f8000ff, 0x7fbfffff, 0x7f9a5a5a, 0xff800001, 0xffc00000, 0xffc00001, 0xffffffff, 0xffbfff80];

    public static TheoryData<string> Names => [.. Variants.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void SigmoidIsWithinItsError(string kernel) =>
        CheckError(kernel, UnaryFunction.Sigmoid, x => 1 / (1 + Math.Exp(-x)), _ => SigmoidError);

    [Theory]
    [MemberData(nameof(Names))]
    public void TanhIsWithinItsError(string kernel) => CheckError(kernel, UnaryFunction.Tanh, Math.Tanh, _ => TanhError);

    [Theory]
    [MemberData(nameof(Names))]
    public void ExpIsWithinItsRelativeError(string kernel) =>
        CheckError(kernel, UnaryFunction.Exp, x => x < -87.33654f ? 0 : x > 88.72283f ? double.PositiveInfinity : Math.Exp(x), y => y * ExpRelativeError);

    [Theory]
    [MemberData(nameof(Names))]
    public void LogIsWithinItsRelativeError(string kernel)
    {
        CheckError(kernel, UnaryFunction.Log, Math.Log, y => Math.Abs(y) * LogRelativeError);
        CheckError(kernel, UnaryFunction.Log, Math.Log, y => Math.Abs(y) * LogRelativeError, [.. ActivationPoints.Between(0.49f, 2.1f, 29)]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SoftplusIsWithinItsRelativeError(string kernel) =>
        CheckError(
            kernel, UnaryFunction.Softplus, x => x < -86 ? 0 : Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x))),
            y => y < 6e-38 ? 6e-38 : y * SoftplusRelativeError);

    [Theory]
    [MemberData(nameof(Names))]
    public void EluIsWithinItsRelativeError(string kernel) =>
        CheckError(
            kernel, UnaryFunction.Elu, x => x >= 0 ? x : Alpha * ExpMinusOne(x), y => (Math.Abs(y) * (ExpMinusOneRelativeError + RoundingError)) + 1e-45);

    [Theory]
    [MemberData(nameof(Names))]
    public void SimpleFunctionsAreWithinARounding(string kernel)
    {
        Check(UnaryFunction.Sqrt, Math.Sqrt);
        Check(UnaryFunction.Reciprocal, x => 1 / x);
        Check(UnaryFunction.LeakyRelu, x => x >= 0 ? x : Alpha * x);
        Check(UnaryFunction.ThresholdedRelu, x => x > Alpha ? x : 0);
        Check(UnaryFunction.Not, x => x == 0 ? 1 : 0);
        CheckError(kernel, UnaryFunction.Round, x => Math.Round(x, MidpointRounding.ToEven), _ => 0);
        CheckError(kernel, UnaryFunction.Softsign, x => x / (1 + Math.Abs(x)), y => (2 * RoundingError * Math.Abs(y)) + 1e-45);
        CheckError(kernel, UnaryFunction.HardSigmoid, x => Math.Clamp(((double)Alpha * x) + Beta, 0, 1), y => RoundingError * y);
        CheckError(kernel, UnaryFunction.Affine, x => ((double)Alpha * x) + Beta, y => (RoundingError * Math.Abs(y)) + 1e-45);
        CheckError(kernel, UnaryFunction.ScaledTanh, x => Alpha * Math.Tanh(Beta * x), _ => Alpha * (TanhError + RoundingError) * 1.5);

        void Check(UnaryFunction function, Func<double, double> reference) =>
            CheckError(kernel, function, reference, y => (RoundingError * Math.Abs(y)) + (Math.Abs(y) < SmallestNormal ? 1e-45 : 0));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SigmoidStaysInItsRange(string kernel) =>
        Variants.AssertAll(s_sweep, Apply(kernel, UnaryFunction.Sigmoid, s_sweep), y => y is >= SmallestNormal and <= 1, "sigmoid");

    [Theory]
    [MemberData(nameof(Names))]
    public void TanhStaysInItsRange(string kernel) =>
        Variants.AssertAll(s_sweep, Apply(kernel, UnaryFunction.Tanh, s_sweep), y => y is >= -1 and <= 1, "tanh");

    [Theory]
    [MemberData(nameof(Names))]
    public void ExpIsNeverSubnormal(string kernel) =>
        Variants.AssertAll(s_sweep, Apply(kernel, UnaryFunction.Exp, s_sweep), y => y is 0 or >= SmallestNormal, "exp");

    [Theory]
    [MemberData(nameof(Names))]
    public void TanhIsOddToTheBit(string kernel)
    {
        float[] negated = [.. s_sweep.Select(x => -x)];
        float[] expected = [.. Apply(kernel, UnaryFunction.Tanh, s_sweep).Select(y => -y)];
        Variants.AssertSameBits(expected, Apply(kernel, UnaryFunction.Tanh, negated), "tanh(-x)");
        Assert.True(float.IsNegative(Apply(kernel, UnaryFunction.Tanh, [-0f])[0]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SigmoidsOfOppositesAddUpToOne(string kernel)
    {
        var left = Apply(kernel, UnaryFunction.Sigmoid, s_sweep);
        var right = Apply(kernel, UnaryFunction.Sigmoid, [.. s_sweep.Select(x => -x)]);
        for (var i = 0; i < left.Length; i++)
        {
            var sum = (double)left[i] + right[i];
            if (!(Math.Abs(sum - 1) <= SigmoidComplement))
            {
                Assert.Fail($"sigmoid({s_sweep[i]:R}) + sigmoid({-s_sweep[i]:R}) = {sum:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheSweepIsInOrder(string kernel)
    {
        foreach (var function in new[] { UnaryFunction.Sigmoid, UnaryFunction.Tanh, UnaryFunction.Exp })
        {
            var y = Apply(kernel, function, s_sweep);
            for (var i = 1; i < y.Length; i++)
            {
                if (!(y[i] >= y[i - 1]))
                {
                    Assert.Fail($"{function}({s_sweep[i - 1]:R}) = {y[i - 1]:R}, but {function}({s_sweep[i]:R}) = {y[i]:R}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryWidthGivesTheScalarBits(string kernel)
    {
        foreach (var function in Enum.GetValues<UnaryFunction>())
        {
            Variants.AssertSameBits(Apply("scalar", function, s_sweep), Apply(kernel, function, s_sweep), $"{function}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NaNGivesNaN(string kernel)
    {
        float[] x = [.. s_notNumbers.Select(BitConverter.UInt32BitsToSingle)];
        foreach (var function in Enum.GetValues<UnaryFunction>())
        {
            var y = Apply(kernel, function, x);
            Variants.AssertAll(x, y, value => function == UnaryFunction.Not ? value == 0 : float.IsNaN(value), $"{function}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SpecialValuesAreThese(string kernel)
    {
        (UnaryFunction Function, float X, float Expected)[] table =
        [
            (UnaryFunction.Sigmoid, float.PositiveInfinity, 1f),
            (UnaryFunction.Sigmoid, 0f, 0.5f),
            (UnaryFunction.Sigmoid, -0f, 0.5f),
            (UnaryFunction.Tanh, float.PositiveInfinity, 1f),
            (UnaryFunction.Tanh, float.NegativeInfinity, -1f),
            (UnaryFunction.Tanh, 0f, 0f),
            (UnaryFunction.Exp, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Exp, float.NegativeInfinity, 0f),
            (UnaryFunction.Exp, 0f, 1f),
            (UnaryFunction.Exp, -0f, 1f),
            (UnaryFunction.Relu, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Relu, float.NegativeInfinity, 0f),
            (UnaryFunction.Relu, -0f, 0f),
            (UnaryFunction.Relu, -1e-45f, 0f),
            (UnaryFunction.Relu, 1e-45f, 1e-45f),
            (UnaryFunction.Sqrt, -0f, -0f),
            (UnaryFunction.Sqrt, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Sqrt, -1f, float.NaN),
            (UnaryFunction.Reciprocal, -0f, float.NegativeInfinity),
            (UnaryFunction.Reciprocal, 0f, float.PositiveInfinity),
            (UnaryFunction.Reciprocal, float.NegativeInfinity, -0f),
            (UnaryFunction.Log, 0f, float.NegativeInfinity),
            (UnaryFunction.Log, -0f, float.NegativeInfinity),
            (UnaryFunction.Log, -1e-45f, float.NaN),
            (UnaryFunction.Log, -1f, float.NaN),
            (UnaryFunction.Log, float.NegativeInfinity, float.NaN),
            (UnaryFunction.Log, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Log, 1f, 0f),
            (UnaryFunction.LeakyRelu, float.NegativeInfinity, float.NegativeInfinity),
            (UnaryFunction.LeakyRelu, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Elu, float.NegativeInfinity, -Alpha),
            (UnaryFunction.Elu, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Elu, 0f, 0f),
            (UnaryFunction.HardSigmoid, float.NegativeInfinity, 0f),
            (UnaryFunction.HardSigmoid, float.PositiveInfinity, 1f),
            (UnaryFunction.ThresholdedRelu, Alpha, 0f),
            (UnaryFunction.ThresholdedRelu, 0.30000004f, 0.30000004f),
            (UnaryFunction.ThresholdedRelu, float.NegativeInfinity, 0f),
            (UnaryFunction.ScaledTanh, float.NegativeInfinity, -Alpha),
            (UnaryFunction.Affine, 0f, Beta),
            (UnaryFunction.Softplus, float.NegativeInfinity, 0f),
            (UnaryFunction.Softplus, float.PositiveInfinity, float.PositiveInfinity),
            (UnaryFunction.Softplus, float.MaxValue, float.MaxValue),
            (UnaryFunction.Softplus, 0f, 0.693147181f),
            (UnaryFunction.Softsign, float.NegativeInfinity, -1f),
            (UnaryFunction.Softsign, float.PositiveInfinity, 1f),
            (UnaryFunction.Softsign, float.MinValue, -1f),
            (UnaryFunction.Not, 0f, 1f),
            (UnaryFunction.Not, -0f, 1f),
            (UnaryFunction.Not, 1e-45f, 0f),
            (UnaryFunction.Not, float.NegativeInfinity, 0f),
            (UnaryFunction.Round, 0.5f, 0f),
            (UnaryFunction.Round, -0.5f, -0f),
            (UnaryFunction.Round, -0f, -0f),
            (UnaryFunction.Round, -1e-45f, -0f),
            (UnaryFunction.Round, 0.50000006f, 1f),
            (UnaryFunction.Round, 1.5f, 2f),
            (UnaryFunction.Round, -2.5f, -2f),
            (UnaryFunction.Round, 4194304.5f, 4194304f),
            (UnaryFunction.Round, 8388607.5f, 8388608f),
            (UnaryFunction.Round, -16777215f, -16777215f),
            (UnaryFunction.Round, float.MaxValue, float.MaxValue),
            (UnaryFunction.Round, float.NegativeInfinity, float.NegativeInfinity),
            (UnaryFunction.Flush, float.NegativeInfinity, float.NegativeInfinity),
            (UnaryFunction.Flush, -0f, 0f),
            (UnaryFunction.Flush, -1e-45f, 0f),
            (UnaryFunction.Flush, SmallestState, SmallestState),
            (UnaryFunction.Flush, -SmallestState, -SmallestState),
            (UnaryFunction.Flush, 8.2718056e-25f, 0f),
            (UnaryFunction.Flush, -8.2718056e-25f, 0f),
        ];
        foreach (var (function, x, expected) in table)
        {
            // Eight at once take the vector's way, one the tail's.
            float[] nine = [.. Enumerable.Repeat(x, 9)];
            var y = Apply(kernel, function, nine);
            if (float.IsNaN(expected))
            {
                Assert.All(y, value => Assert.True(float.IsNaN(value), $"{function}({x:R}) = {value:R}"));
                continue;
            }

            float[] all = [.. Enumerable.Repeat(expected, 9)];
            Variants.AssertSameBits(all, y, $"{function}({x:R})");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SigmoidOfMinusInfinityIsTinyButNormal(string kernel) =>
        Assert.All(Apply(kernel, UnaryFunction.Sigmoid, [float.NegativeInfinity, -1e30f]), y => Assert.Equal(1.6458e-38, y, 1e-42));

    /// <summary>By the series where the logarithm of the sum would cancel.</summary>
    private static double LogOnePlus(double t) => t < 1e-5 ? t * (1 - (t / 2)) : Math.Log(1 + t);

    /// <summary>By the series where the difference would cancel.</summary>
    private static double ExpMinusOne(double x) => x > -1e-4 ? x * (1 + (x / 2) + (x * x / 6)) : Math.Exp(x) - 1;

    private static void CheckError(
        string kernel, UnaryFunction function, Func<double, double> reference, Func<double, double> bound, float[]? points = null)
    {
        var x = points ?? s_sweep;
        var y = Apply(kernel, function, x);
        for (var i = 0; i < y.Length; i++)
        {
            var expected = reference(x[i]);
            if (!(expected == y[i] || (float)expected == y[i] || (double.IsNaN(expected) && float.IsNaN(y[i])) || Math.Abs(y[i] - expected) <= bound(expected)))
            {
                Assert.Fail($"{function}({x[i]:R}) = {y[i]:R}; expected {expected:R} within {bound(expected):R}");
            }
        }
    }

    private static unsafe float[] Apply(string kernel, UnaryFunction function, float[] x)
    {
        var variant = Variants.Require(kernel);
        var result = new float[x.Length];
        fixed (float* source = x, destination = result)
        {
            variant.Unary(function, Alpha, Beta, source, destination, x.Length);
        }

        return result;
    }
}
