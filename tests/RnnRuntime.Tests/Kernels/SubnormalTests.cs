namespace RnnRuntime.Tests.Kernels;

/// <summary>No state or output is ever subnormal, however long the silence: arithmetic on subnormal numbers can be many times slower.</summary>
[Trait("Category", "Kernels")]
public sealed class SubnormalTests
{
    private const int Steps = 2000;
    private const int Inputs = 2;
    private const int Units = 11;

    public static MatrixTheoryData<string, CellUnderTest, Precision> Cases =>
        new(Variants.Names, Enum.GetValues<CellUnderTest>(), Enum.GetValues<Precision>());

    /// <summary>Without bias and input the gates are a half, or the recurrent weights below one: states pass through all exponents down to zero.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void ADecayingStateIsNeverSubnormal(string kernel, CellUnderTest cell, Precision precision)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        var run = new CellRun(Decaying(cell, precision), variant, memory, 1, 1);
        var random = new Random(1);
        run.SetStates(TestWeights.Uniform(random, Units), TestWeights.Uniform(random, Units));
        var silence = new float[Inputs];
        var smallest = float.MaxValue;
        for (var step = 0; step < Steps; step++)
        {
            var y = run.Step(silence);
            AssertNormal(run, y, cell, step);
            foreach (var value in y)
            {
                smallest = value == 0 ? smallest : Math.Min(smallest, Math.Abs(value));
            }
        }

        Assert.All(run.Hidden, value => Assert.Equal(0, value));
        Assert.True(smallest < 1e-18f, $"the smallest output but zero was {smallest:R}: the state did not decay far enough to show anything");
    }

    /// <summary>States that a host has set: gone after one step.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void ASubnormalStateIsGoneAfterOneStep(string kernel, CellUnderTest cell, Precision precision)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        var run = new CellRun(Decaying(cell, precision), variant, memory, 1, 1);
        for (var exponent = -150; exponent <= -60; exponent++)
        {
            foreach (var mixed in new[] { false, true })
            {
                float[] state = [.. Enumerable.Range(0, Units).Select(unit => MathF.ScaleB(unit % 2 == 0 ? 1.37f : -1.91f, mixed ? exponent + (unit * 7) : exponent))];
                run.SetStates(state, state);
                for (var step = 0; step < 2; step++)
                {
                    AssertNormal(run, run.Step(new float[Inputs]), cell, step);
                }
            }
        }
    }

    private static CellModel Decaying(CellUnderTest cell, Precision precision) =>
        new(cell, precision, Inputs, Units, new Random(7), recurrentScale: 0.2f, biasScale: 0);

    private static void AssertNormal(CellRun run, float[] y, CellUnderTest cell, int step)
    {
        Check(y, "output");
        Check(run.Hidden, "hidden state");
        if (cell == CellUnderTest.Lstm)
        {
            Check(run.Cell, "cell state");
        }

        void Check(float[] values, string what)
        {
            foreach (var value in values)
            {
                if (float.IsSubnormal(value) || !float.IsFinite(value) || (value == 0 && float.IsNegative(value)))
                {
                    Assert.Fail($"{what} holds {value:R} after step {step}; expected a normal number or +0.");
                }
            }
        }
    }
}
