using System.Diagnostics;
using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// Inputs as small as a state may become, or whose exponential is that small, must cost what others cost: an intermediate result that is
/// subnormal makes a step several times slower. Compares minima of many short runs; a subnormal intermediate shows as a factor of 2 and more.
/// </summary>
public sealed unsafe class TinyInputTests
{
    private const int Count = 1024;
    private const double Allowed = 1.7;

    // One call of a simple function can be shorter than the clock's tick, which is 100 ns on some machines.
    private const int CallsPerRun = 16;

    public static MatrixTheoryData<string, string> Cases =>
        new(
            Variants.Names,
            [
                nameof(UnaryFunction.Sigmoid), nameof(UnaryFunction.Tanh), nameof(UnaryFunction.Exp), nameof(UnaryFunction.Log),
                nameof(UnaryFunction.LeakyRelu), nameof(UnaryFunction.Elu), nameof(UnaryFunction.ScaledTanh), nameof(UnaryFunction.Softplus),
                nameof(UnaryFunction.Softsign),
            ]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void TinyInputsAreNoSlowerThanOthers(string kernel, string function)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        var common = memory.Place<float>("common", Count);
        var small = memory.Place<float>("small", Count);
        var y = memory.Place<float>("y", Count);
        var operation = Enum.Parse<UnaryFunction>(function);
        Fill(common, 0.25f);
        foreach (var value in TinyOrOfTinyExponential())
        {
            Fill(small, value);

            // In turns, so that what else the processor does slows both.
            var ordinary = double.MaxValue;
            var tiny = double.MaxValue;
            for (var run = 0; run < 100; run++)
            {
                ordinary = Math.Min(ordinary, Time(common));
                tiny = Math.Min(tiny, Time(small));
            }

            Assert.True(tiny <= Allowed * ordinary, $"{function}({value:R}) takes {tiny / ordinary:F2} times as long as {function}(0.25).");
        }

        static void Fill(float* x, float value)
        {
            for (var i = 0; i < Count; i++)
            {
                x[i] = i % 2 == 0 ? value : -value;
            }
        }

        double Time(float* x)
        {
            var start = Stopwatch.GetTimestamp();
            for (var call = 0; call < CallsPerRun; call++)
            {
                variant.Unary(operation, 0.5f, 0.5f, x, y, Count);
            }

            return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
    }

    private static IEnumerable<float> TinyOrOfTinyExponential() =>
        [.. Enumerable.Range(0, 11).Select(i => MathF.ScaleB(1.3f, -40 - (4 * i))), 45f, 60f, 75f, 85f, 87f];
}
