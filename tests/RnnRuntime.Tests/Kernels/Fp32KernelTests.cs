using System.Runtime.CompilerServices;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Float32 products of every variant: against double precision, against the scalar variant's bits, between guard pages.</summary>
public sealed class Fp32KernelTests
{
    private const double UnitRoundoff = 1.0 / (1 << 24);

    public static MatrixTheoryData<string, GuardSide> Cases => new(Variants.Names, Enum.GetValues<GuardSide>());

    public static TheoryData<string> Names => [.. Variants.Names];

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void ProductsAreExactToTheLastOrder(string kernel, GuardSide side) => Check(kernel, side, ProductShapes.Sample(side));

    [Theory]
    [MemberData(nameof(Names))]
    public void ProductsOfAllSizesAreExactToTheLastOrder(string kernel) => Check(kernel, GuardSide.End, ProductShapes.All());

    /// <summary>The order of summation is part of the contract: here every other order gives other bits.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Names))]
    public void ColumnsAreAddedInOrderAndRoundedOnce(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);

        // 2^24 + 1 is not a float: 2^24 + 1 + 1 is 2^24 from the left and 2^24 + 2 from the right; 2^24 + (1 + 2^-12) + 1 is 2^24 + 4 and 2^24 + 2.
        // (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24 where products are not rounded, 0 where they are.
        var (even, odd) = (1f + (1f / 4096), -(1f + (1f / 2048)));
        foreach (var lanes in Effort.Of<int[]>([8, 16, 32, 64, 96, 128, 264], [56, 160]))
        {
            var weights = new float[lanes * 3];
            for (var lane = 0; lane < lanes; lane++)
            {
                (lane % 2 == 0 ? [16777216f, 1f, 1f] : (float[])[odd, even, 0f]).CopyTo(weights.AsSpan(lane * 3));
            }

            float[] x = [.. Enumerable.Repeat(new[] { 1f, 1f, 1f, 1f, even, 1f }, 9).SelectMany(pair => pair)];
            var run = new ProductRun(TestWeights.Float32(lanes, 3, weights), x, new float[lanes * 18], 18);
            foreach (var count in new[] { 1, 2, 7, 18 })
            {
                var y = run.Multiply(variant, memory, count, InitPlace.Own, $"{lanes} lanes, {count} vectors");
                for (var at = 0; at < y.Length; at += 2)
                {
                    var first = at / lanes % 2 == 0;
                    Assert.Equal(first ? 16777216f : 16777220f, y[at]);
                    Assert.Equal(first ? odd + even : 1f / 16777216, y[at + 1]);
                }
            }
        }
    }

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Names))]
    public void NothingHidesANonFiniteInput(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        var random = new Random(3);
        const int Columns = 5, Vectors = 9;
        foreach (var lanes in Effort.Of<int[]>([8, 56, 128], [56]))
        {
            // Zero weights too: 0 * infinity is NaN.
            var weights = TestWeights.Uniform(random, lanes * Columns);
            weights.AsSpan(0, Columns * 2).Clear();
            foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                for (var at = 0; at < Columns * Vectors; at += 7)
                {
                    var x = TestWeights.Uniform(random, Columns * Vectors);
                    x[at] = value;
                    var run = new ProductRun(TestWeights.Float32(lanes, Columns, weights), x, new float[lanes * Vectors], Vectors);
                    var y = run.Multiply(variant, memory, Vectors, InitPlace.Own, $"{lanes} lanes");
                    for (var i = 0; i < y.Length; i++)
                    {
                        Assert.Equal(i / lanes != at / Columns, float.IsFinite(y[i]));
                        Assert.False(float.IsNaN(value) && i / lanes == at / Columns && !float.IsNaN(y[i]));
                    }
                }
            }
        }
    }

    private static void Check(string kernel, GuardSide side, IEnumerable<ProductShape> shapes)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        var seed = 0;
        foreach (var (lanes, columns, counts) in shapes)
        {
            var run = Example(++seed, lanes, columns, counts.Max());
            var place = (InitPlace)(seed % 3);
            var name = $"{lanes} lanes, {columns} columns, init {place}, seed {seed}";
            var scalar = run.Multiply(Variants.Scalar, memory, run.Vectors, place, name);
            CheckAgainstReference(run, place, scalar, name);

            // The scalar variant takes vectors one at a time whatever their number.
            foreach (var count in variant == Variants.Scalar ? counts.Take(1) : counts)
            {
                var what = $"{name}, {count} vectors";
                Variants.AssertSameBits(scalar.AsSpan(0, count * lanes), run.Multiply(variant, memory, count, place, what), what);
            }
        }
    }

    private static ProductRun Example(int seed, int lanes, int columns, int vectors)
    {
        var random = new Random(seed);
        var rows = lanes - (seed % 8);
        var weights = TestWeights.Float32(rows, columns, TestWeights.Uniform(random, rows * columns));
        return new ProductRun(weights, TestWeights.Uniform(random, vectors * columns), TestWeights.Uniform(random, vectors * lanes), vectors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckAgainstReference(ProductRun run, InitPlace place, float[] actual, string what)
    {
        var weights = run.Weights.Values.Floats();
        var columns = run.Weights.Columns;
        // The scalar variant treats all vectors alike: the first, one in the middle and the last stand for all.
        foreach (var i in new[] { 0, run.Vectors / 2, run.Vectors - 1 })
        {
            var x = run.X(i);
            for (var lane = 0; lane < run.Lanes; lane++)
            {
                double sum = run.Init(i, place)[lane];
                var magnitude = Math.Abs(sum);
                for (var column = 0; column < columns && lane < run.Weights.Rows; column++)
                {
                    var product = (double)weights[(lane * columns) + column] * x[column];
                    sum += product;
                    magnitude += Math.Abs(product);
                }

                // A chain of n fused multiply-adds: at most n roundings, each of a partial sum that the magnitudes bound.
                Variants.AssertWithin(sum, (columns + 1) * UnitRoundoff * magnitude, actual[(i * run.Lanes) + lane], what, (i * run.Lanes) + lane);
            }
        }
    }
}
