using System.Runtime.InteropServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>How every variant turns activations into int8, seen in the product's scratch memory and in its results.</summary>
[Trait("Category", "Kernels")]
public sealed class ActivationQuantizerTests : IDisposable
{
    private const float Negligible = 7.888609e-31f; // 2^-100

    private readonly GuardedMemory _memory = new(GuardSide.End);

    public static TheoryData<string> Names => [.. Variants.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheLargestMagnitudeBecomes127AndNothingBecomesMore(string kernel)
    {
        var random = new Random(11);
        for (var i = 0; i < Effort.Cases(400); i++)
        {
            var x = TestWeights.Uniform(random, 1 + (i % 40), MathF.ScaleB(1, random.Next(-90, 120)));
            var largest = x[random.Next(x.Length)] *= 2;
            Array.ForEach(x, value => largest = MathF.MaxMagnitude(largest, value));
            var (quantized, _) = Quantize(kernel, x);
            Assert.Equal(ReferenceQuantizer.Quantize(x).Quantized, quantized);
            Assert.All(quantized, value => Assert.InRange(value, -127, 127));
            Assert.Equal(largest < 0 ? -127 : 127, quantized[Array.IndexOf(x, largest)]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheFarthestNumbersDoNotBecomeMinus128(string kernel)
    {
        foreach (var magnitude in new[] { float.MaxValue, float.BitDecrement(float.MaxValue), 127.00001f, 126.99999f, 1f, 0.99999994f, Negligible, 3e-20f })
        {
            foreach (var length in Effort.Lengths(35))
            {
                var x = new float[length];
                x.AsSpan().Fill(-magnitude);
                Assert.All(Quantize(kernel, x).Quantized, value => Assert.Equal(-127, value));
                x.AsSpan().Fill(magnitude);
                Assert.All(Quantize(kernel, x).Quantized, value => Assert.Equal(127, value));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TiesGoToTheEvenNumber(string kernel)
    {
        // The largest is 127, so that the unit is 1.
        float[] x = [127, .. Enumerable.Range(-63, 127).Select(i => i + 0.5f)];
        int[] expected = [127, .. Enumerable.Range(-63, 127).Select(i => i % 2 == 0 ? i : i + 1)];
        Assert.Equal(expected, Quantize(kernel, x).Quantized);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ZeroAndTinyVectorsCountAsZero(string kernel)
    {
        var tiny = float.BitDecrement(Negligible);
        foreach (var length in Effort.Lengths(35))
        {
            foreach (var value in new[] { 0f, -0f, float.Epsilon, -float.Epsilon, 1.17549435e-38f, tiny, -tiny })
            {
                var x = new float[length];
                x.AsSpan().Fill(value);
                var (quantized, y) = Quantize(kernel, x);
                Assert.All(quantized, each => Assert.Equal(0, each));
                Assert.All(y, each => Assert.Equal(0.75f, each));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ANonFiniteActivationMakesEveryOutputNaN(string kernel)
    {
        var signalling = BitConverter.Int32BitsToSingle(0x7f800001);
        foreach (var length in Effort.Lengths(35))
        {
            for (var at = 0; at < length; at += 1 + (length / 7))
            {
                foreach (var value in new[] { float.NaN, -float.NaN, signalling, float.PositiveInfinity, float.NegativeInfinity })
                {
                    var x = new float[length];
                    x.AsSpan().Fill(0.5f);
                    x[at] = value;
                    var (quantized, y) = Quantize(kernel, x);
                    Assert.All(quantized, each => Assert.Equal(0, each));
                    Assert.All(y, each => Assert.True(float.IsNaN(each)));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ARangeGivesTheUnitUnlessTheVectorIsBeyondIt(string kernel)
    {
        var random = new Random(17);
        for (var i = 0; i < Effort.Cases(400); i++)
        {
            var x = TestWeights.Uniform(random, 1 + (i % 40));
            var largest = x.Max(Math.Abs);
            foreach (var range in new[] { largest, float.BitDecrement(largest), float.BitIncrement(largest), 1f, largest * 40, largest / 3e9f, 1e-30f, float.MaxValue })
            {
                var (expected, unit) = ReferenceQuantizer.Quantize(x, range);
                var (quantized, y) = Quantize(kernel, x, range);
                Assert.Equal(expected, quantized);

                // As the kernels round: one multiplication, one fused multiply-add. The first lane weighs every column by 3.
                Assert.Equal(MathF.FusedMultiplyAdd(3 * expected.Sum(), 1e-3f * unit, 0.75f), y[0]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WithARangeToo_ANonFiniteActivationMakesEveryOutputNaNAndZerosNothing(string kernel)
    {
        foreach (var length in Effort.Lengths(35))
        {
            for (var at = 0; at < length; at += 1 + (length / 7))
            {
                foreach (var value in new[] { float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    var x = new float[length];
                    x[at] = value;
                    Assert.All(Quantize(kernel, x, 1f).Y, each => Assert.True(float.IsNaN(each)));
                }
            }

            Assert.All(Quantize(kernel, new float[length], 1f).Y, each => Assert.Equal(0.75f, each));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FactorsMultiplyAVectorBeforeItIsQuantised(string kernel)
    {
        var random = new Random(23);
        for (var length = 1; length <= 40; length++)
        {
            var x = TestWeights.Uniform(random, length);
            var factors = Enumerable.Range(0, length).Select(_ => MathF.ScaleB(1, random.Next(0, 12))).ToArray();
            var multiplied = x.Zip(factors, (value, factor) => value * factor).ToArray();
            foreach (var range in new[] { 0f, 100f, 1e6f })
            {
                var (quantized, y) = Quantize(kernel, x, range, factors);
                Assert.Equal(ReferenceQuantizer.Quantize(multiplied, range).Quantized, quantized);
                Assert.Equal(Quantize(kernel, multiplied, range).Y, y);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void VectorsAreQuantisedEachByItself(string kernel)
    {
        var variant = Variants.Require(kernel);
        const int Columns = 21, Vectors = 5;
        var x = TestWeights.Uniform(new Random(5), Columns * Vectors);
        x.AsSpan(Columns, Columns).Fill(float.NaN);
        x.AsSpan(2 * Columns, Columns).Clear();
        foreach (ref var value in x.AsSpan(3 * Columns, Columns))
        {
            value *= 1e30f;
        }

        var run = Run(x, Columns, Vectors);
        var together = run.Multiply(variant, _memory, Vectors, InitPlace.Own, "together");
        for (var i = 0; i < Vectors; i++)
        {
            var alone = Run(x[(i * Columns)..((i + 1) * Columns)], Columns, 1).Multiply(variant, _memory, 1, InitPlace.Own, "alone");
            Variants.AssertSameBits(alone, together.AsSpan(i * 8, 8), $"vector {i}");
        }
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>A variant in C does not show what it made of x; its products, of which each lane weighs the columns in another way, must be those of the reference.</summary>
    private (int[] Quantized, float[] Y) Quantize(string kernel, float[] x, float range = 0, float[]? factors = null)
    {
        var variant = Variants.Require(kernel);
        var run = Run(x, x.Length, 1, range, factors);
        var y = run.Multiply(variant, _memory, 1, InitPlace.Own, $"{x.Length} columns", out var quantized);
        if (variant is NativeVariant)
        {
            Variants.AssertSameBits(run.Multiply(Variants.Scalar, _memory, 1, InitPlace.Own, "the reference", out quantized), y, $"{x.Length} columns");
        }

        return (quantized, y);
    }

    private static ProductRun Run(float[] x, int columns, int vectors, float range = 0, float[]? factors = null)
    {
        var weights = new sbyte[8 * columns];
        new Random(columns).NextBytes(MemoryMarshal.AsBytes(weights.AsSpan()));
        weights.AsSpan().Replace<sbyte>(-128, 127);
        weights.AsSpan(0, columns).Fill(3);
        float[] scales = [.. Enumerable.Repeat(1e-3f, 8)];
        float[] init = [.. Enumerable.Repeat(0.75f, 8 * vectors)];
        return new ProductRun(TestWeights.Int8(8, columns, weights, scales) with { Range = range, Factors = factors is null ? null : TestWeights.Vector("f", factors) }, x, init, vectors);
    }
}
