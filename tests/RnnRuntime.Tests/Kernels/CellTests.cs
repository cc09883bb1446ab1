namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// Every cell of every variant, with every format of weights: one step against double precision, several steps and streams against the scalar
/// variant's bits, chunks against single steps.
/// </summary>
public sealed class CellTests
{
    private const int TimeSteps = 3;
    private const int Streams = 2;

    private static readonly int[] s_someUnits = Effort.Of<int[]>([1, 2, 3, 5, 7, 8, 9, 13, 16, 17, 24, 25, 33, 65], [1, 8, 9, 17, 33]);

    public static MatrixTheoryData<string, CellUnderTest, Precision> Cases =>
        new(Variants.Names, Enum.GetValues<CellUnderTest>(), Enum.GetValues<Precision>());

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void CellsOfSomeSizesAreThoseOfTheReference(string kernel, CellUnderTest cell, Precision precision) =>
        Check(kernel, cell, precision, s_someUnits, units => [units % 7 + 1]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void CellsOfAllSizesAreThoseOfTheReference(string kernel, CellUnderTest cell, Precision precision) =>
        Check(kernel, cell, precision, Enumerable.Range(1, 129), units => units % 16 < 2 ? [1, 97] : [units * 7 % 40 + 1]);

    private static void Check(string kernel, CellUnderTest cell, Precision precision, IEnumerable<int> sizes, Func<int, int[]> inputsOf)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        using var scalarMemory = new GuardedMemory(GuardSide.End);
        foreach (var units in sizes)
        {
            foreach (var inputs in inputsOf(units))
            {
                var seed = (units * 1000) + inputs;
                var random = new Random(seed);
                var model = new CellModel(cell, precision, inputs, units, random);
                var x = TestWeights.Uniform(random, TimeSteps * Streams * inputs, 2);
                var (h, c) = (TestWeights.Uniform(random, Streams * units), TestWeights.Uniform(random, Streams * units, 2));
                var what = $"{kernel}, {model}, seed {seed}";

                var run = new CellRun(model, variant, memory, TimeSteps, Streams);
                run.SetStates(h, c);
                var y = run.Step(x);
                run.CheckBorders();
                var (lastH, lastC) = (run.Hidden, run.Cell);
                Variants.AssertSameBits(lastH, y.AsSpan((TimeSteps - 1) * Streams * units), $"{what}, output and state");

                var scalar = new CellRun(model, Variants.Scalar, scalarMemory, TimeSteps, Streams);
                scalar.SetStates(h, c);
                Variants.AssertSameBits(scalar.Step(x), y, $"{what}, against scalar");
                Variants.AssertSameBits(scalar.Cell, lastC, $"{what}, cell state against scalar");

                run.SetStates(h, c);
                CheckSteps(model, run, x, y, what);
                Variants.AssertSameBits(lastH, run.Hidden, $"{what}, state after single steps");
                Variants.AssertSameBits(lastC, run.Cell, $"{what}, cell state after single steps");
            }
        }
    }

    /// <summary>Step by step, each from the states that the variant itself has reached.</summary>
    private static void CheckSteps(CellModel model, CellRun run, float[] x, float[] chunk, string what)
    {
        var reference = new CellReference(model);
        var (inputs, units) = (model.Inputs, model.Units);
        for (var t = 0; t < TimeSteps; t++)
        {
            var (h, c) = (run.Hidden, run.Cell);
            var step = x.AsSpan(t * Streams * inputs, Streams * inputs);
            var y = run.Step(step);
            Variants.AssertSameBits(chunk.AsSpan(t * Streams * units, Streams * units), y, $"{what}, step {t} by itself");

            var newC = run.Cell;
            for (var stream = 0; stream < Streams; stream++)
            {
                var own = stream * units;
                var (expectedH, expectedC) = reference.Step(
                    step.Slice(stream * inputs, inputs), h.AsSpan(own, units),
                    (model.Cell == CellUnderTest.GruResetBefore ? newC : c).AsSpan(own, units));
                for (var unit = 0; unit < units; unit++)
                {
                    Variants.AssertWithin(expectedH[unit].Value, expectedH[unit].Error, y[own + unit], $"{what}, step {t}, output", own + unit);
                    if (model.Cell is CellUnderTest.Lstm or CellUnderTest.GruResetBefore)
                    {
                        Variants.AssertWithin(expectedC[unit].Value, expectedC[unit].Error, newC[own + unit], $"{what}, step {t}, cell state", own + unit);
                    }
                }
            }
        }
    }
}
