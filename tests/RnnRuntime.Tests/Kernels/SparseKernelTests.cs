using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// Products without the zeros of a matrix have the bits of those with them: every variant, float32 and int8, between guard pages, over masks of
/// blocks, lanes and columns.
/// </summary>
public sealed class SparseKernelTests
{
    private static readonly int[] s_counts = [1, 2, 3, 4, 5, 9];

    public static MatrixTheoryData<string, bool, GuardSide> Cases => new(Variants.Names, [false, true], Enum.GetValues<GuardSide>());

    public static MatrixTheoryData<string, bool> Precisions => new(Variants.Names, [false, true]);

    public static TheoryData<string> Names => [.. Variants.Names];

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void RandomBlocksGiveTheBitsOfDense(string kernel, bool int8, GuardSide side)
    {
        using var memory = new GuardedMemory(side);
        var seed = 0;
        foreach (var density in Effort.Of<double[]>([0, 0.02, 0.1, 0.3, 0.5, 0.9, 1], [0, 0.1, 0.5, 1]))
        {
            foreach (var (lanes, columns) in Effort.Of<(int, int)[]>([(8, 1), (8, 4), (16, 7), (40, 33), (64, 64), (72, 130), (264, 61)], [(8, 1), (16, 7), (72, 33)]))
            {
                Check(kernel, memory, int8, SparseMask.Blocks(++seed, lanes - (seed % 8), columns, density), seed);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void AllSizesGiveTheBitsOfDense(string kernel, bool int8)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        var seed = 0;
        for (var lanes = 8; lanes <= 136; lanes += 8)
        {
            for (var columns = 1; columns <= 21; columns++)
            {
                Check(kernel, memory, int8, SparseMask.Blocks(++seed, lanes - (seed % 8), columns, seed % 10 / 10.0), seed);
            }
        }
    }

    /// <summary>Lanes and columns of zeros anywhere, also both, also with blocks of zeros besides.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void ScatteredLanesAndColumnsGiveTheBitsOfDense(string kernel, bool int8, GuardSide side)
    {
        using var memory = new GuardedMemory(side);
        var seed = 100;
        foreach (var (lanes, columns) in Effort.Of<(int, int)[]>([(8, 5), (24, 16), (96, 50), (200, 77)], [(8, 5), (96, 50)]))
        {
            foreach (var (lane, column, block) in new[] { (0.5, 1.0, 1.0), (1.0, 0.4, 1.0), (0.3, 0.3, 1.0), (0.5, 0.5, 0.5), (0.05, 0.05, 1.0) })
            {
                var mask = SparseMask.Blocks(++seed, lanes, columns, block);
                SparseMask.KeepRows(seed, mask, lane);
                SparseMask.KeepColumns(seed, mask, column);
                Check(kernel, memory, int8, mask, seed);
            }
        }
    }

    /// <summary>Zero times infinity or NaN is NaN: with zeros left out too.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Precisions))]
    public void NothingHidesANonFiniteInput(string kernel, bool int8)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        const int Columns = 19, Vectors = 6;
        for (var seed = 1; seed <= Effort.Cases(24); seed++)
        {
            var mask = SparseMask.Blocks(seed, 40, Columns, 0.6);
            SparseMask.KeepRows(seed, mask, seed % 2 == 0 ? 0.5 : 1);
            SparseMask.KeepColumns(seed, mask, seed % 3 == 0 ? 0.5 : 1);
            var (weights, x, init) = Example(seed, int8, mask, Vectors);
            float[] values = [float.NaN, float.PositiveInfinity, float.NegativeInfinity];
            for (var vector = 0; vector < Vectors; vector += 2)
            {
                for (var i = 0; i <= seed % 3; i++)
                {
                    x[(vector * Columns) + ((seed + (7 * i)) % Columns)] = values[(seed + i) % 3];
                }
            }

            CheckSame(kernel, memory, weights, x, init, Vectors, $"seed {seed}");
        }
    }

    /// <summary>The last products decide the sign of a zero: sums of -0, products that underflow to it, zeros of both signs in x.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Names))]
    public void TheSignOfAZeroIsThatOfDense(string kernel)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        var negatives = 0;
        for (var seed = 1; seed <= Effort.Cases(200); seed++)
        {
            var random = new Random(seed);
            var mask = SparseMask.Blocks(seed, 16 + (seed % 9), 1 + (seed % 23), 0.4);
            SparseMask.KeepColumns(seed, mask, seed % 2 == 0 ? 0.5 : 1);
            SparseMask.KeepRows(seed, mask, seed % 3 == 0 ? 0.5 : 1);
            var (weights, x, init) = Example(seed, false, mask, 5);
            foreach (ref var value in x.AsSpan())
            {
                // Mostly -0: a single 0 makes a sum 0 for good. 1e-30 and the weights below underflow.
                value = random.Next(24) switch { 0 => 0f, 1 => 1e-30f, 2 => -1e-30f, _ => -0f };
            }

            foreach (ref var value in init.AsSpan())
            {
                value = random.Next(6) switch { 0 => 0f, 1 => float.Epsilon, 2 => -float.Epsilon, _ => -0f };
            }

            var tiny = weights.Values.Floats().ToArray().Select(weight => weight * 1e-20f).ToArray();
            negatives += CheckSame(kernel, memory, TestWeights.Float32(weights.Rows, weights.Columns, tiny), x, init, 5, $"seed {seed}")
                .Count(value => value == 0 && float.IsNegative(value));
        }

        Assert.True(negatives > Effort.Cases(1000), $"only {negatives} sums are -0");
    }

    /// <summary>Masks that multiply leave zeros of both signs; all count as zeros, stored or not.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void NegativeZerosAreZeros(string kernel)
    {
        using var memory = new GuardedMemory(GuardSide.End);
        var mask = SparseMask.Blocks(3, 32, 32, 0.3);
        var (weights, x, init) = Example(3, false, mask, 4);
        float[] values = [.. weights.Values.Floats().ToArray().Select((weight, i) => weight == 0 && i % 2 == 0 ? -0f : weight)];
        init.AsSpan().Clear();
        CheckSame(kernel, memory, TestWeights.Float32(32, 32, values), x, init, 4, "negative zeros");
        using var packer = memory.PackSparse(TestWeights.Float32(32, 32, values), RnnRuntime.Plan.Packer.PlainLanes(32), out var matrix);
        Assert.Equal(SparseMask.SetBlocks(mask), (int)Math.Round(matrix.Density * 4 * 8));
    }

    private static void Check(string kernel, GuardedMemory memory, bool int8, bool[,] mask, int seed)
    {
        var (weights, x, init) = Example(seed, int8, mask, s_counts.Max());
        CheckSame(kernel, memory, weights, x, init, s_counts[seed % s_counts.Length], $"{weights.Rows} rows, {weights.Columns} columns, seed {seed}");
    }

    private static (Weights Weights, float[] X, float[] Init) Example(int seed, bool int8, bool[,] mask, int vectors)
    {
        var random = new Random(seed);
        var (rows, columns) = (mask.GetLength(0), mask.GetLength(1));
        var lanes = (rows + 7) / 8 * 8;
        var integers = new sbyte[rows * columns];
        var floats = TestWeights.Uniform(random, rows * columns);
        for (var i = 0; i < integers.Length; i++)
        {
            var isSet = mask[i / columns, i % columns];
            floats[i] = isSet ? floats[i] : 0;
            integers[i] = isSet ? (sbyte)random.Next(-127, 128) : (sbyte)0;
        }

        var weights = int8
            ? TestWeights.Int8(rows, columns, integers, TestWeights.Uniform(random, rows, 0.01f).Select(MathF.Abs).ToArray())
            : TestWeights.Float32(rows, columns, floats);
        return (weights, TestWeights.Uniform(random, vectors * columns), TestWeights.Uniform(random, vectors * lanes));
    }

    private static float[] CheckSame(string kernel, GuardedMemory memory, Weights weights, float[] x, float[] init, int count, string what)
    {
        var variant = Variants.Require(kernel);
        var vectors = x.Length / weights.Columns;
        var result = Array.Empty<float>();
        foreach (var place in Enum.GetValues<InitPlace>())
        {
            var dense = new ProductRun(weights, x, init, vectors).Multiply(variant, memory, count, place, $"dense, {what}");
            result = new ProductRun(weights, x, init, vectors, isSparse: true).Multiply(variant, memory, count, place, $"sparse, {what}");

            // One NaN is as good as another: which of two an operation passes on is the processor's choice.
            foreach (var values in new[] { dense, result })
            {
                foreach (ref var value in values.AsSpan())
                {
                    value = float.IsNaN(value) ? float.NaN : value;
                }
            }

            Variants.AssertSameBits(dense, result, $"{kernel}, {count} vectors, init {place}, {what}");
        }

        return result;
    }
}
