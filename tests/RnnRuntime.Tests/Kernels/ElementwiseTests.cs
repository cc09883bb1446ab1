using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>The elementwise loops of every variant between guard pages, for every number of elements up to three vectors and a tail.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class ElementwiseTests
{
    private const int MaximumCount = 52;

    public static MatrixTheoryData<string, GuardSide> Cases => new(Variants.Names, Enum.GetValues<GuardSide>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void UnaryFunctionsKeepToTheirElements(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            foreach (var function in Enum.GetValues<UnaryFunction>())
            {
                var expected = Unary(Variants.Scalar, memory, function, x, inPlace: false);
                Variants.AssertSameBits(expected, Unary(variant, memory, function, x, inPlace: false), $"{function}, {count} elements");
                Variants.AssertSameBits(expected, Unary(variant, memory, function, x, inPlace: true), $"{function}, {count} elements in place");
            }
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void BinaryFunctionsAreThoseOfSingle(string kernel, GuardSide side) =>
        ForEachCount(kernel, side, (variant, memory, x, count) =>
        {
            float[] right = [.. x.Select(value => 1.7f - value)];
            foreach (var function in Enum.GetValues<BinaryFunction>())
            {
                float[] expected = [.. x.Zip(right, (a, b) => Apply(function, a, b))];
                float[] expectedScalar = [.. x.Select(a => Apply(function, a, right[0]))];
                Variants.AssertSameBits(expected, Binary(variant, memory, function, x, right), $"{function}, {count} elements");
                Variants.AssertSameBits(expectedScalar, Binary(variant, memory, function, x, right[..1]), $"{function}, {count} elements and one");
            }
        });

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
        for (var count = 1; count <= MaximumCount; count += count < 20 ? 1 : 4)
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
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    private static float[] Unary(KernelVariant variant, GuardedMemory memory, UnaryFunction function, float[] x, bool inPlace)
    {
        var source = memory.Place("x", x);
        var y = inPlace ? source : memory.Place<float>("y", x.Length);
        variant.Unary(function, source, y, x.Length);
        memory.CheckBorders($"{function}");
        return new ReadOnlySpan<float>(y, x.Length).ToArray();
    }

    private static float[] Binary(KernelVariant variant, GuardedMemory memory, BinaryFunction function, float[] left, float[] right)
    {
        var y = memory.Place<float>("y", left.Length);
        variant.Binary(function, memory.Place("x", left), memory.Place("right", right), right.Length != left.Length || left.Length == 1, y, left.Length);
        memory.CheckBorders($"{function}");
        return new ReadOnlySpan<float>(y, left.Length).ToArray();
    }

    private static float[] Softmax(KernelVariant variant, GuardedMemory memory, float[] x, bool logarithm)
    {
        var y = memory.Place<float>("y", x.Length);
        variant.Softmax(memory.Place("x", x), y, x.Length, logarithm);
        memory.CheckBorders("softmax");
        return new ReadOnlySpan<float>(y, x.Length).ToArray();
    }
}
