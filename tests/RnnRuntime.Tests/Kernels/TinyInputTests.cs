using System.Diagnostics;
using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// Inputs as small as a state may become must cost what others cost: an intermediate result that is subnormal makes a step several times slower.
/// Compares minima of many short runs; a subnormal intermediate shows as a factor of 2 and more.
/// </summary>
public sealed unsafe class TinyInputTests
{
    private const int Count = 1024;
    private const double Allowed = 1.7;

    public static MatrixTheoryData<string, string> Cases =>
        new(Variants.Names, [nameof(UnaryFunction.Sigmoid), nameof(UnaryFunction.Tanh), nameof(UnaryFunction.Exp)]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void TinyInputsAreNoSlowerThanOthers(string kernel, string function)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        var x = memory.Place<float>("x", Count);
        var y = memory.Place<float>("y", Count);
        var operation = Enum.Parse<UnaryFunction>(function);
        var ordinary = Time(0.25f);
        for (var exponent = -40; exponent >= -80; exponent -= 4)
        {
            var tiny = Time(MathF.ScaleB(1.3f, exponent));
            Assert.True(tiny <= Allowed * ordinary, $"{function}(1.3 * 2^{exponent}) takes {tiny / ordinary:F2} times as long as {function}(0.25).");
        }

        double Time(float value)
        {
            new Span<float>(x, Count).Fill(value);
            var shortest = double.MaxValue;
            for (var run = 0; run < 100; run++)
            {
                var start = Stopwatch.GetTimestamp();
                variant.Unary(operation, x, y, Count);
                shortest = Math.Min(shortest, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
            }

            return shortest;
        }
    }
}
