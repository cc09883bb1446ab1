using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>That the functions are monotone over consecutive floats. One variant suffices: all give the same bits.</summary>
public sealed unsafe class ActivationOrderTests
{
    private const int Block = 1 << 14;

    /// <summary>All floats where the polynomials work hardest or a seam lies.</summary>
    [Theory]
    [InlineData(nameof(UnaryFunction.Tanh), 0.5f, 0.75f)]
    [InlineData(nameof(UnaryFunction.Tanh), 8.5f, 10.5f)]
    [InlineData(nameof(UnaryFunction.Sigmoid), -1f, -0.03125f)]
    [InlineData(nameof(UnaryFunction.Sigmoid), 0.03125f, 1f)]
    [InlineData(nameof(UnaryFunction.Sigmoid), 16f, 18f)]
    [InlineData(nameof(UnaryFunction.Sigmoid), -88f, -80f)]
    [InlineData(nameof(UnaryFunction.Exp), -1f, -0.03125f)]
    [InlineData(nameof(UnaryFunction.Exp), 0.03125f, 1f)]
    [InlineData(nameof(UnaryFunction.Exp), -88f, -80f)]
    [InlineData(nameof(UnaryFunction.Exp), 80f, 89f)]
    public void ConsecutiveFloatsAreInOrder(string function, float first, float last) => Check(function, Key(first), Key(last), 1);

    [Theory]
    [InlineData(nameof(UnaryFunction.Tanh))]
    [InlineData(nameof(UnaryFunction.Sigmoid))]
    [InlineData(nameof(UnaryFunction.Exp))]
    public void EveryHundredAndFirstFloatIsInOrder(string function) => Check(function, Key(float.MinValue), Key(float.MaxValue), 101);

    /// <summary>Bits that ascend as floats do.</summary>
    private static long Key(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits >= 0 ? bits : int.MinValue - (long)bits;
    }

    private static float FromKey(long key) => BitConverter.Int32BitsToSingle((int)(key >= 0 ? key : int.MinValue - key));

    private static void Check(string name, long first, long last, long stride)
    {
        var function = Enum.Parse<UnaryFunction>(name);
        var variant = KernelRegistry.Available.First();
        using var memory = new GuardedMemory(GuardSide.End);
        var x = memory.Place<float>("x", Block);
        var y = memory.Place<float>("y", Block);
        var previous = float.NegativeInfinity;
        for (var key = first; key <= last; key += Block * stride)
        {
            var count = (int)Math.Min(Block, ((last - key) / stride) + 1);
            for (var i = 0; i < count; i++)
            {
                x[i] = FromKey(key + (i * stride));
            }

            variant.Unary(function, x, y, count);
            for (var i = 0; i < count; i++)
            {
                if (!(y[i] >= previous))
                {
                    Assert.Fail($"{name}({x[i]:R}) = {y[i]:R}, but {previous:R} for the float before.");
                }

                previous = y[i];
            }
        }
    }
}
