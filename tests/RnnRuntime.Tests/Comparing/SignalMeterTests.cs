using RnnRuntime.Comparison;

namespace RnnRuntime.Tests.Comparing;

public sealed class SignalMeterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(499)]
    [InlineData(500)]
    [InlineData(501)]
    [InlineData(1000)]
    [InlineData(12_347)]
    [InlineData(1_000_001)]
    public void WindowsAndDecadesCoverEveryStepOnce(int steps)
    {
        // The error of a step is its number, so that sums tell which steps are in a part.
        var meter = new SignalMeter(1, steps, mostWindows: 500);
        for (var step = 0; step < steps; step++)
        {
            meter.Add([1], [1f + step]);
        }

        Check(meter.Windows);
        Check(meter.Decades);
        Assert.Equal(Math.Min(500, steps), meter.Windows.Length);
        Assert.InRange(meter.Windows.Max(window => window.Steps) - meter.Windows.Min(window => window.Steps), 0, 1);
        Assert.Equal(meter.Decades.Select((_, index) => index == 0 ? 0 : (long)Math.Pow(10, index)), meter.Decades.Select(decade => decade.FirstStep));
        Assert.Equal((steps - 1, steps - 1), (meter.Error.LargestError, meter.Error.LargestErrorStep));

        void Check(IReadOnlyList<ErrorWindow> parts)
        {
            Assert.Equal(0, parts[0].FirstStep);
            Assert.Equal(steps, parts[^1].FirstStep + parts[^1].Steps);
            foreach (var (part, next) in parts.Zip(parts.Skip(1)))
            {
                Assert.Equal(part.FirstStep + part.Steps, next.FirstStep);
            }

            foreach (var part in parts)
            {
                var last = part.FirstStep + part.Steps - 1;
                var squares = (last * (last + 1.0) * ((2 * last) + 1) / 6) - ((part.FirstStep - 1.0) * part.FirstStep * ((2 * part.FirstStep) - 1) / 6);
                Assert.Equal((last, 1.0), (part.LargestError, part.SignalPower));
                Assert.Equal(1, part.RmsError / Math.Max(1e-300, Math.Sqrt(squares / part.Steps)), last == 0 ? 1 : 1e-6);
            }
        }
    }

    [Fact]
    public void TheErrorIsThatOfAPlainSum()
    {
        var random = new Random(3);
        var meter = new SignalMeter(5, 40, mostWindows: 0);
        var (expected, found) = (new List<float>(), new List<float>());
        for (var step = 0; step < 40; step++)
        {
            float[] a = [.. Enumerable.Range(0, 5).Select(_ => random.NextSingle())], b = [.. a.Select(value => value + (0.1f * random.NextSingle()))];
            meter.Add(a, b);
            expected.AddRange(a);
            found.AddRange(b);
        }

        var differences = expected.Zip(found, (a, b) => Math.Abs((double)a - b)).ToArray();
        Assert.Equal(expected.Average(value => (double)value * value), meter.Error.SignalPower, 1e-12);
        Assert.Equal(differences.Average(difference => difference * difference), meter.Error.NoisePower, 1e-15);
        Assert.Equal(differences.Average(), meter.Error.MeanAbsoluteError, 1e-12);
        Assert.Equal(differences.Max(), meter.Error.LargestError);
        Assert.Equal(Array.IndexOf(differences, differences.Max()) / 5, meter.Error.LargestErrorStep);
    }

    [Fact]
    public void EqualNumbersOfEveryKindAreNoError()
    {
        var meter = new SignalMeter(4, 1, mostWindows: 500);
        meter.Add([float.NaN, float.PositiveInfinity, 0f, 2], [float.NaN, float.PositiveInfinity, -0f, 2]);
        Assert.Equal(new SignalError(1, 0, 0, 0, 0), meter.Error);
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, float.NaN)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.PositiveInfinity)]
    public void OtherwiseTheErrorIsInfinite(float expected, float found)
    {
        var meter = new SignalMeter(1, 2, mostWindows: 500);
        meter.Add([1], [1]);
        meter.Add([expected], [found]);
        Assert.Equal((double.PositiveInfinity, double.PositiveInfinity, 1), (meter.Error.NoisePower, meter.Error.LargestError, meter.Error.LargestErrorStep));
    }
}
