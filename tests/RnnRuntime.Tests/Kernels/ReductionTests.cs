using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Reductions and layer normalisation of every variant between guard pages, for every length up to eight vectors and a tail.</summary>
[Trait("Category", "Kernels")]
public sealed unsafe class ReductionTests
{
    private const int MaximumLength = 67;
    private const int Rows = 3;
    private const float Epsilon = 1e-5f;

    public static MatrixTheoryData<string, GuardSide> Cases => new(Variants.Names, Enum.GetValues<GuardSide>());

    [Theory]
    [MemberData(nameof(Cases))]
    public void SumsAreInTheirOrder(string kernel, GuardSide side) =>
        ForEachLength(kernel, side, (variant, memory, x, length) =>
        {
            float[] sums = [.. x.Chunk(length).Select(SumInOrder)];
            Variants.AssertSameBits(sums, Reduce(variant, memory, ReduceFunction.Sum, x, length), $"sum of {length}");
            Variants.AssertSameBits([.. sums.Select(sum => sum / length)], Reduce(variant, memory, ReduceFunction.Mean, x, length), $"mean of {length}");
            foreach (var (row, sum) in x.Chunk(length).Zip(sums))
            {
                Assert.Equal(row.Sum(value => (double)value), sum, 1e-6 * row.Sum(value => Math.Abs((double)value)));
            }
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void ExtremesAreThoseOfTheRow(string kernel, GuardSide side) =>
        ForEachLength(kernel, side, (variant, memory, x, length) =>
        {
            float[] largest = [.. x.Chunk(length).Select(row => row.Max())];
            float[] smallest = [.. x.Chunk(length).Select(row => row.Min())];
            Variants.AssertSameBits(largest, Reduce(variant, memory, ReduceFunction.Maximum, x, length), $"maximum of {length}");
            Variants.AssertSameBits(smallest, Reduce(variant, memory, ReduceFunction.Minimum, x, length), $"minimum of {length}");
        });

    [Theory]
    [MemberData(nameof(Cases))]
    public void ANaNAnywhereStaysInItsRow(string kernel, GuardSide side)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        foreach (var length in new[] { 1, 7, 8, 9, 21 })
        {
            for (var at = 0; at < length; at++)
            {
                var x = TestWeights.Uniform(new Random(at), Rows * length);
                x[length + at] = float.NaN;
                foreach (var function in Enum.GetValues<ReduceFunction>())
                {
                    var y = Reduce(variant, memory, function, x, length);
                    Assert.Equal([false, true, false], y.Select(float.IsNaN));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ZerosAndInfinitiesGiveTheScalarBits(string kernel, GuardSide side)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        float[][] patterns = [[0f, -0f, -0f], [-0f], [float.NegativeInfinity], [float.PositiveInfinity, 1f], [-0f, -0f, 0f, -0f, -0f]];
        foreach (var pattern in patterns)
        {
            foreach (var length in Effort.Lengths(39))
            {
                float[] x = [.. Enumerable.Range(0, Rows * length).Select(i => pattern[i % pattern.Length])];
                foreach (var function in Enum.GetValues<ReduceFunction>())
                {
                    Variants.AssertSameBits(
                        Reduce(Variants.Scalar, memory, function, x, length), Reduce(variant, memory, function, x, length), $"{function} of {length}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LayerNormIsThatOfDoublePrecision(string kernel, GuardSide side) =>
        ForEachLength(kernel, side, (variant, memory, x, length) =>
        {
            var random = new Random(length + 100);
            var scale = TestWeights.Uniform(random, length, 2);
            var bias = TestWeights.Uniform(random, length, 2);
            foreach (var (s, b) in new (float[]?, float[]?)[] { (null, null), (scale, null), (null, bias), (scale, bias) })
            {
                var y = LayerNorm(variant, memory, x, length, s, b, inPlace: false);
                Variants.AssertSameBits(LayerNorm(Variants.Scalar, memory, x, length, s, b, inPlace: false), y, $"layer norm of {length}");
                Variants.AssertSameBits(y, LayerNorm(variant, memory, x, length, s, b, inPlace: true), $"layer norm of {length} in place");
                for (var start = 0; start < y.Length; start += length)
                {
                    var row = x[start..(start + length)];
                    var mean = row.Average(value => (double)value);
                    var deviation = Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + Epsilon);
                    var largest = row.Max(Math.Abs);
                    for (var i = 0; i < length; i++)
                    {
                        var normal = (row[i] - mean) / deviation;
                        var factor = s?[i] ?? 1;
                        var expected = (normal * factor) + (b?[i] ?? 0);

                        // The mean's roundings, those of the variance, and one each for quotient and sum.
                        var tolerance = (Math.Abs(factor) * ((5e-7 * largest / deviation) + (6e-7 * Math.Abs(normal)))) + (6e-8 * Math.Abs(expected)) + 1e-9;
                        Variants.AssertWithin(expected, tolerance, y[start + i], $"layer norm of {length}", start + i);
                    }
                }
            }
        });

    /// <summary>Far from zero the variance must come from distances to the mean, not from a difference of squares.</summary>
    [Theory]
    [MemberData(nameof(Variants.Data), MemberType = typeof(Variants))]
    public void LayerNormIsStableFarFromZero(string kernel)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        float[] x = [.. Enumerable.Range(0, 64).Select(i => 4096f + (i % 2))];
        var y = LayerNorm(Variants.Require(kernel), memory, x, 64, null, null, inPlace: false);
        var expected = 0.5 / Math.Sqrt(0.25 + Epsilon);
        Assert.All(y, (value, i) => Assert.Equal(i % 2 == 0 ? -expected : expected, value, 1e-6));
    }

    [Theory]
    [MemberData(nameof(Variants.Data), MemberType = typeof(Variants))]
    public void LayerNormOfEqualElementsIsTheBias(string kernel)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        var x = new float[24];
        Array.Fill(x, 1.5f);
        var bias = TestWeights.Uniform(new Random(3), 24);
        Assert.Equal(bias, LayerNorm(Variants.Require(kernel), memory, x, 24, null, bias, inPlace: false));
    }

    private static void ForEachLength(string kernel, GuardSide side, Action<KernelVariant, GuardedMemory, float[], int> check)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        foreach (var length in Effort.Lengths(MaximumLength))
        {
            check(variant, memory, TestWeights.Uniform(new Random(length), Rows * length, 4), length);
        }
    }

    /// <summary>Element i belongs to sum i mod 8; the eight are added as a tree.</summary>
    private static float SumInOrder(float[] row)
    {
        var s = new float[8];
        for (var i = 0; i < row.Length; i++)
        {
            s[i % 8] += row[i];
        }

        return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }

    private static float[] Reduce(KernelVariant variant, GuardedMemory memory, ReduceFunction function, float[] x, int length)
    {
        var rows = x.Length / length;
        var y = memory.Place<float>("y", rows);
        variant.Reduce(function, memory.Place("x", x), y, rows, length);
        memory.CheckBorders($"{function}");
        return new ReadOnlySpan<float>(y, rows).ToArray();
    }

    private static float[] LayerNorm(KernelVariant variant, GuardedMemory memory, float[] x, int length, float[]? scale, float[]? bias, bool inPlace)
    {
        var source = memory.Place("x", x);
        var y = inPlace ? source : memory.Place<float>("y", x.Length);
        var s = scale is null ? null : memory.Place("scale", scale);
        var b = bias is null ? null : memory.Place("bias", bias);
        variant.LayerNorm(source, y, x.Length / length, length, s, b, Epsilon);
        memory.CheckBorders("layer norm");
        return new ReadOnlySpan<float>(y, x.Length).ToArray();
    }
}
