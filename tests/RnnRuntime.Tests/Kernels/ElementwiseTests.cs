using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>The elementwise loops of every variant between guard pages, for every number of elements up to three vectors and a tail.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class ElementwiseTests
{
    private const int MaximumCount = 67;
    private const float Alpha = 0.7f;
    private const float Beta = 0.4f;

    public static MatrixTheoryData<string, GuardSide> Cases => new(Variants.Names, Enum.GetValues<GuardSide>());

    /// <summary>The result of an element is that of the scalar variant for it alone: it depends on no place, count or width.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void UnaryFunctionsKeepToTheirElements(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            foreach (var function in Enum.GetValues<UnaryFunction>())
            {
                float[] expected = [.. x.Select(value => Unary(Variants.Scalar, memory, function, [value], inPlace: false)[0])];
                Variants.AssertSameBits(expected, Unary(variant, memory, function, x, inPlace: false), $"{function}, {count} elements");
                Variants.AssertSameBits(expected, Unary(variant, memory, function, x, inPlace: true), $"{function}, {count} elements in place");
            }
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void BinaryFunctionsAreThoseOfSingle(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            // Some elements are equal to those on the other side.
            float[] right = [.. x.Select((value, i) => i % 3 == 2 ? value : 1.7f - value)];
            foreach (var function in Enum.GetValues<BinaryFunction>())
            {
                float[] expected = [.. x.Zip(right, (a, b) => Apply(function, a, b))];
                float[] rightScalar = [.. x.Select(a => Apply(function, a, right[0]))];
                float[] leftScalar = [.. right.Select(b => Apply(function, x[0], b))];
                foreach (var place in new[] { "y", "x", "right" })
                {
                    Variants.AssertSameBits(expected, Binary(variant, memory, function, x, right, place), $"{function}, {count} elements to {place}");
                }

                Variants.AssertSameBits(rightScalar, Binary(variant, memory, function, x, right[..1], "y"), $"{function}, {count} elements and one");
                Variants.AssertSameBits(rightScalar, Binary(variant, memory, function, x, right[..1], "x"), $"{function}, {count} elements and one in place");
                if (count > 1)
                {
                    Variants.AssertSameBits(leftScalar, Binary(variant, memory, function, x[..1], right, "y"), $"{function}, one and {count} elements");
                    Variants.AssertSameBits(leftScalar, Binary(variant, memory, function, x[..1], right, "right"), $"{function}, one and {count} in place");
                }
            }
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void SelectTakesOneOfTwo(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            float[] condition = [.. x.Select((value, i) => (i % 5) switch { 0 => 0f, 1 => -0f, 2 => float.NaN, 3 => float.Epsilon, _ => value })];
            float[] whenFalse = [.. x.Select(value => 1.7f - value)];
            float[] expected = [.. condition.Select((value, i) => i % 5 < 2 ? whenFalse[i] : x[i])];
            foreach (var place in new[] { "y", "condition", "x", "right" })
            {
                var c = memory.Place("condition", condition);
                var t = memory.Place("x", x);
                var f = memory.Place("right", whenFalse);
                var y = place switch { "condition" => c, "x" => t, "right" => f, _ => memory.Place<float>("y", count) };
                variant.Select(c, t, f, y, count);
                memory.CheckBorders("select");
                Variants.AssertSameBits(expected, new ReadOnlySpan<float>(y, count), $"select of {count} to {place}");
            }
        });

    /// <summary>Of NaN comes NaN, but a comparison with it is false.</summary>
    [Theory]
    [MemberData(nameof(Variants.Data), MemberType = typeof(Variants))]
    public void BinaryFunctionsKeepNaN(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        float[] numbers = [.. Enumerable.Range(0, 9).Select(i => i + 0.5f)];
        float[] nans = [.. Enumerable.Repeat(float.NaN, 9)];
        foreach (var function in Enum.GetValues<BinaryFunction>())
        {
            var comparison = function is BinaryFunction.Equal or BinaryFunction.Less or BinaryFunction.Greater;
            Check(nans, numbers);
            Check(nans, nans);
            Check(nans, numbers[..1]);
            Check(nans[..1], numbers);
            if (function != BinaryFunction.PRelu)
            {
                Check(numbers, nans);
                Check(numbers, nans[..1]);
                Check(numbers[..1], nans);
            }

            void Check(float[] left, float[] right) =>
                Variants.AssertAll(nans, Binary(variant, memory, function, left, right, "y"), y => comparison ? y == 0 : float.IsNaN(y), $"{function}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void SoftmaxIsThatOfDoublePrecision(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            var largest = (double)x.Max();
            var sum = x.Sum(value => Math.Exp(value - largest));
            foreach (var logarithm in new[] { false, true })
            {
                var y = Softmax(variant, memory, x, logarithm);
                Variants.AssertSameBits(Softmax(Variants.Scalar, memory, x, logarithm), y, $"softmax of {count}");
                for (var i = 0; i < count; i++)
                {
                    // Relative 2^-22: the exponential's error in the element and in the sum, the sum's at most eight roundings, the quotient's.
                    // The logarithm adds the rounding of the difference to the largest, which the element's distance bounds.
                    var shifted = x[i] - largest;
                    var expected = logarithm ? shifted - Math.Log(sum) : Math.Exp(shifted) / sum;
                    var tolerance = logarithm ? 5e-7 * (1 + Math.Abs(expected)) : expected * (8e-7 + (6e-8 * Math.Abs(shifted)));
                    Variants.AssertWithin(expected, tolerance, y[i], $"softmax of {count}", i);
                }
            }
        });

    private static void ForEachCount(string kernel, GuardSide side, Action<KernelVariant, GuardedMemory, float[], int> check)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        foreach (var count in Effort.Lengths(MaximumCount))
        {
            check(variant, memory, TestWeights.Uniform(new Random(count), count, 4), count);
        }
    }

    private static float Apply(BinaryFunction function, float left, float right) => function switch
    {
        BinaryFunction.Add => left + right,
        BinaryFunction.Subtract => left - right,
        BinaryFunction.Multiply => left * right,
        BinaryFunction.Divide => left / right,
        BinaryFunction.Minimum => MathF.Min(left, right),
        BinaryFunction.Maximum => MathF.Max(left, right),
        BinaryFunction.Power => DoubleMath.Power(left, right),
        BinaryFunction.PRelu => left >= 0 ? left : right * left,
        BinaryFunction.Equal => left == right ? 1 : 0,
        BinaryFunction.Less => left < right ? 1 : 0,
        BinaryFunction.Greater => left > right ? 1 : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    private static float[] Unary(KernelVariant variant, GuardedMemory memory, UnaryFunction function, float[] x, bool inPlace)
    {
        var source = memory.Place("x", x);
        var y = inPlace ? source : memory.Place<float>("y", x.Length);
        variant.Unary(function, Alpha, Beta, source, y, x.Length);
        memory.CheckBorders($"{function}");
        return new ReadOnlySpan<float>(y, x.Length).ToArray();
    }

    private static float[] Binary(KernelVariant variant, GuardedMemory memory, BinaryFunction function, float[] left, float[] right, string place)
    {
        var count = Math.Max(left.Length, right.Length);
        var l = memory.Place("x", left);
        var r = memory.Place("right", right);
        var y = place switch { "x" => l, "right" => r, _ => memory.Place<float>("y", count) };
        variant.Binary(function, l, left.Length < count, r, right.Length < count || count == 1, y, count);
        memory.CheckBorders($"{function}");
        return new ReadOnlySpan<float>(y, count).ToArray();
    }

    private static float[] Softmax(KernelVariant variant, GuardedMemory memory, float[] x, bool logarithm)
    {
        var y = memory.Place<float>("y", x.Length);
        variant.Softmax(memory.Place("x", x), y, x.Length, logarithm);
        memory.CheckBorders("softmax");
        return new ReadOnlySpan<float>(y, x.Length).ToArray();
    }
}
