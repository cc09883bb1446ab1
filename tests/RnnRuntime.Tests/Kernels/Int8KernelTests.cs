using System.Runtime.CompilerServices;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Int8 products of every variant: exact in int32, activations quantised as promised, between guard pages.</summary>
public sealed class Int8KernelTests
{
    public static MatrixTheoryData<string, GuardSide> Cases => new(Variants.NamesAndModels, Enum.GetValues<GuardSide>());

    public static TheoryData<string> Names => [.. Variants.NamesAndModels];

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void ProductsAreExact(string kernel, GuardSide side) => Check(kernel, side, ProductShapes.Sample(side));

    [Theory]
    [MemberData(nameof(Names))]
    public void ProductsOfAllSizesAreExact(string kernel) => Check(kernel, GuardSide.End, ProductShapes.All());

    /// <summary>
    /// Weights and activations of +-127 with every combination of signs within a group of four columns, so that every adjacent pair of products
    /// takes its extremes. Scales are 1 and sums stay below 2^24: the output is the integer.
    /// </summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Names))]
    public void ExtremesDoNotSaturate(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        const int Vectors = 16;
        foreach (var lanes in Effort.Of<int[]>([8, 16, 24, 32, 64, 96, 128], [56, 96]))
        {
            foreach (var columns in new[] { 1, 2, 3, 4, 8, 61 })
            {
                // Vector v's signs are the bits of v, row r's those of r / 2 + 8 * (r % 2): both halves of 16 occur in every 8 rows.
                var weights = new sbyte[lanes * columns];
                var x = new float[Vectors * columns];
                for (var column = 0; column < columns; column++)
                {
                    for (var row = 0; row < lanes; row++)
                    {
                        weights[(row * columns) + column] = Sign((row / 2) + (row % 2 * 8), column);
                    }

                    for (var vector = 0; vector < Vectors; vector++)
                    {
                        x[(vector * columns) + column] = Sign(vector, column);
                    }
                }

                CheckIntegers(variant, memory, lanes, columns, weights, x, Vectors);
            }
        }

        static sbyte Sign(int pattern, int column) => (pattern >> (column % 4) & 1) != 0 ? (sbyte)-127 : (sbyte)127;
    }

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Names))]
    public void LongColumnsOfExtremesDoNotSaturate(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        const int Columns = 1040, Lanes = 40, Vectors = 5;
        Assert.True(127 * 127 * Columns < 1 << 24);
        var weights = new sbyte[Lanes * Columns];
        weights.AsSpan(0, Lanes / 2 * Columns).Fill(127);
        weights.AsSpan(Lanes / 2 * Columns).Fill(-127);
        var x = new float[Vectors * Columns];
        x.AsSpan().Fill(127);
        x.AsSpan(Columns, Columns).Fill(-127);
        CheckIntegers(variant, memory, Lanes, Columns, weights, x, Vectors);
    }

    /// <summary>The documented limit of the sum: 133,144 products of 127 * 127 are the most that fit.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void TheLongestColumnsFitTheSum(string kernel)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        const int Columns = 133_144, Lanes = 8;
        Assert.True(127L * 127 * Columns <= int.MaxValue && 127L * 127 * (Columns + 1) > int.MaxValue);
        var weights = new sbyte[Lanes * Columns];
        weights.AsSpan().Fill(127);
        weights.AsSpan(0, Columns).Fill(-127);
        var x = new float[Columns];
        x.AsSpan().Fill(127);
        var run = new ProductRun(TestWeights.Int8(Lanes, Columns, weights, Ones(Lanes)), x, new float[Lanes], 1);
        var y = run.Multiply(variant, memory, 1, InitPlace.Own, "longest");
        Assert.Equal(-127f * 127 * Columns, y[0]);
        Assert.All(y[1..], sum => Assert.Equal(127f * 127 * Columns, sum));
    }

    private static void CheckIntegers(
        RnnRuntime.Kernels.KernelVariant variant, GuardedMemory memory, int lanes, int columns, sbyte[] weights, float[] x, int vectors)
    {
        var run = new ProductRun(TestWeights.Int8(lanes, columns, weights, Ones(lanes)), x, new float[vectors * lanes], vectors);
        foreach (var count in new[] { 1, 2, 3, 4, vectors })
        {
            var what = $"{lanes} lanes, {columns} columns, {count} vectors";
            var y = run.Multiply(variant, memory, count, InitPlace.Own, what);
            for (var at = 0; at < y.Length; at++)
            {
                var sum = 0L;
                for (var column = 0; column < columns; column++)
                {
                    sum += weights[(at % lanes * columns) + column] * (long)x[(at / lanes * columns) + column];
                }

                if (sum != (long)y[at])
                {
                    Assert.Fail($"{what}: expected {sum}, found {y[at]:R} in vector {at / lanes}, lane {at % lanes}.");
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
            var expected = Reference(run, place);
            foreach (var count in variant == Variants.Scalar ? counts.Take(2) : counts)
            {
                var what = $"{name}, {count} vectors";
                Variants.AssertSameBits(expected.AsSpan(0, count * lanes), run.Multiply(variant, memory, count, place, what), what);
            }
        }
    }

    private static ProductRun Example(int seed, int lanes, int columns, int vectors)
    {
        var random = new Random(seed);
        var rows = lanes - (seed % 8);
        var weights = new sbyte[rows * columns];
        foreach (ref var weight in weights.AsSpan())
        {
            weight = (sbyte)random.Next(-127, 128);
        }

        var scales = TestWeights.Uniform(random, rows, 0.01f);
        var x = TestWeights.Uniform(random, vectors * columns, MathF.Pow(10, (seed % 9) - 4));
        return new ProductRun(TestWeights.Int8(rows, columns, weights, scales), x, TestWeights.Uniform(random, vectors * lanes), vectors);
    }

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    /// <summary>
    /// The bits that every variant must give: quantised activations, an exact sum, one fused multiply-add. The last vector's
    /// are also held to the plain product of the numbers before quantisation: every activation may be off by half a unit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float[] Reference(ProductRun run, InitPlace place)
    {
        var weights = run.Weights.Values.Bytes();
        var scales = run.Weights.Scales!.Floats();
        var columns = run.Weights.Columns;
        var result = new float[run.Vectors * run.Lanes];
        for (var i = 0; i < run.Vectors; i++)
        {
            var x = run.X(i);
            var (quantized, unit) = ReferenceQuantizer.Quantize(x);
            for (var lane = 0; lane < run.Lanes; lane++)
            {
                var init = run.Init(i, place)[lane];
                if (lane >= run.Weights.Rows)
                {
                    result[(i * run.Lanes) + lane] = init;
                    continue;
                }

                var row = weights.Slice(lane * columns, columns);
                var sum = 0;
                for (var column = 0; column < row.Length; column++)
                {
                    sum += row[column] * quantized[column];
                }

                var value = MathF.FusedMultiplyAdd(sum, scales[lane] * unit, init);
                result[(i * run.Lanes) + lane] = value;
                if (i == run.Vectors - 1)
                {
                    CheckAgainstPlainProduct(row, scales[lane], x, unit, init, value, lane);
                }
            }
        }

        return result;
    }

    private static void CheckAgainstPlainProduct(ReadOnlySpan<sbyte> row, float rowScale, ReadOnlySpan<float> x, float unit, float init, float value, int lane)
    {
        var (plain, magnitude) = (0.0, 0);
        for (var column = 0; column < row.Length; column++)
        {
            plain += row[column] * (double)x[column];
            magnitude += Math.Abs((int)row[column]);
        }

        var halfUnits = 0.5 * magnitude * unit * Math.Abs(rowScale);
        var rounding = 1e-6 * (Math.Abs(init) + (Math.Abs(rowScale * unit) * 127 * magnitude));
        Variants.AssertWithin(init + (rowScale * plain), halfUnits + rounding, value, "against the product of the numbers before quantisation", lane);
    }
}
