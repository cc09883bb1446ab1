using System.Runtime.Intrinsics;

namespace RnnRuntime.Tests.Kernels;

/// <summary>What the contract of the kernels stands on: a multiply-add rounds once, also where the processor has no instruction for it and .NET computes it.</summary>
[Trait("Category", "Kernels")]
public sealed class FusedMultiplyAddTests
{
    [Fact]
    public void ScalarAndVectorRoundOnce()
    {
        var random = new Random(1);
        var differ = 0;
        var cases = Effort.Of(200_000, 10_000);
        for (var i = 0; i < cases; i++)
        {
            // Products of any size, addends that cancel them to their last bits or lie below those, and results that are subnormal.
            var a = (1 + random.NextSingle()) * MathF.ScaleB(1, random.Next(-70, 20));
            var b = (1 + random.NextSingle()) * MathF.ScaleB(random.Next(2) == 0 ? 1 : -1, random.Next(-70, 20));
            var c = -(a * b) * (i % 3 == 0 ? 1 : MathF.ScaleB(1 + random.NextSingle(), random.Next(-25, 26)));
            var expected = Reference(a, b, c);
            var scalar = MathF.FusedMultiplyAdd(a, b, c);
            var vector = Vector128.FusedMultiplyAdd(Vector128.Create(a), Vector128.Create(b), Vector128.Create(c));
            if (!expected.Equals(scalar) || !vector.Equals(Vector128.Create(expected)))
            {
                Assert.Fail($"{a:R} * {b:R} + {c:R}: expected {expected:R}, found {scalar:R} and {vector}.");
            }

            differ += expected.Equals((a * b) + c) ? 0 : 1;
        }

        Assert.True(differ > cases / 20, $"Only {differ} results tell one rounding from two.");
    }

    /// <summary>The product is exact in double precision; the sum is rounded to odd there, which a second rounding cannot spoil.</summary>
    private static float Reference(float a, float b, float c)
    {
        var product = (double)a * b;
        var sum = product + c;
        var fromProduct = sum - c;
        var error = (product - fromProduct) + (c - (sum - fromProduct));
        if (error != 0 && (BitConverter.DoubleToInt64Bits(sum) & 1) == 0)
        {
            sum = (error > 0) == (sum > 0)
                ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) + 1)
                : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) - 1);
        }

        return (float)sum;
    }
}
