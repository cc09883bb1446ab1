using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

public sealed class DoubleMathTests
{
    private const double LogRelativeError = 1e-15;
    private const double ExpRelativeError = 1e-15;

    [Fact]
    [Trait("Category", "Kernels")]
    public void LogIsWithinItsRelativeError()
    {
        var random = new Random(17);
        for (var i = 0; i < 5_000; i++)
        {
            Check(Math.ScaleB(1 + random.NextDouble(), random.Next(-1022, 1024)));
            Check(Math.ScaleB(1 + random.NextDouble(), random.Next(-2, 3)));
            Check(1 + Math.ScaleB(random.NextDouble() - 0.5, -random.Next(52)));
        }

        foreach (var seam in new[] { 1.0, Math.Sqrt(2), Math.Sqrt(0.5), 2.0, double.MaxValue, 2.2250738585072014e-308 })
        {
            for (var x = seam * 0.9; x < seam * 1.1; x += seam / 1000)
            {
                Check(x);
            }

            Check(seam);
            Check(Math.Min(double.MaxValue, Math.BitIncrement(seam)));
            Check(Math.Max(2.2250738585072014e-308, Math.BitDecrement(seam)));
        }
    }

    [Fact]
    public void LogOfSpecialValues()
    {
        Assert.Equal(0.0, DoubleMath.Log(1));
        Assert.Equal(double.NegativeInfinity, DoubleMath.Log(0));
        Assert.Equal(double.PositiveInfinity, DoubleMath.Log(double.PositiveInfinity));
        Assert.Equal(double.NaN, DoubleMath.Log(double.NaN));
        Assert.Equal(double.NaN, DoubleMath.Log(-1));
    }

    [Fact]
    [Trait("Category", "Kernels")]
    public void ExpIsWithinItsRelativeError()
    {
        var random = new Random(19);
        for (var i = 0; i < 20_000; i++)
        {
            var x = i % 2 == 0 ? (random.NextDouble() * 1417) - 708 : (random.NextDouble() - 0.5) * Math.ScaleB(8, -random.Next(60));
            var expected = Math.Exp(x);
            var error = Math.Abs(DoubleMath.Exp(x) - expected) / expected;
            Assert.True(error <= ExpRelativeError, $"exp({x:R}): relative error {error:R}");
        }
    }

    [Fact]
    public void ExpOfSpecialValues()
    {
        Assert.Equal(1.0, DoubleMath.Exp(0));
        Assert.Equal(double.PositiveInfinity, DoubleMath.Exp(709.1));
        Assert.Equal(double.PositiveInfinity, DoubleMath.Exp(double.PositiveInfinity));
        Assert.Equal(0.0, DoubleMath.Exp(-708.1));
        Assert.Equal(0.0, DoubleMath.Exp(double.NegativeInfinity));
        Assert.Equal(double.NaN, DoubleMath.Exp(double.NaN));
    }

    private static void Check(double x)
    {
        if (!double.IsNormal(x))
        {
            return;
        }

        var expected = Math.Log(x);
        var actual = DoubleMath.Log(x);
        if (!(Math.Abs(actual - expected) <= LogRelativeError * Math.Abs(expected)))
        {
            Assert.Fail($"log({x:R}): expected {expected:R}, found {actual:R}, relative error {Math.Abs(actual - expected) / Math.Abs(expected):R}");
        }
    }
}
