using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Products of 16-bit weights of every variant: the bits of float32 products with the widened weights, between guard pages.</summary>
public sealed class HalfKernelTests
{
    /// <summary>Weights of ordinary size; largest of float16; all float16 subnormals; a few far apart.</summary>
    private static readonly float[] s_weightSizes = [1f, 65504f, 6e-5f, 64f];

    /// <summary>The third is beyond what float16 multiplies by its factor at most of the sizes of weights; the last makes subnormal products.</summary>
    private static readonly float[] s_inputSizes = [1f, 1e-3f, 3e10f, 1e-36f];

    public static MatrixTheoryData<string, TensorType, GuardSide> Cases =>
        new(Variants.Names, [TensorType.BFloat16, TensorType.Float16], Enum.GetValues<GuardSide>());

    public static MatrixTheoryData<string, TensorType> Formats => new(Variants.Names, [TensorType.BFloat16, TensorType.Float16]);

    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Cases))]
    public void ProductsHaveTheBitsOfWidenedWeights(string kernel, TensorType format, GuardSide side) =>
        Check(kernel, format, side, ProductShapes.Sample(side));

    [Theory]
    [MemberData(nameof(Formats))]
    public void ProductsOfAllSizesHaveTheBitsOfWidenedWeights(string kernel, TensorType format) =>
        Check(kernel, format, GuardSide.End, ProductShapes.All());

    /// <summary>As rows of one column, which decide the factor together, and of a magnitude each, which have factors of their own.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Formats))]
    public void EveryFiniteWeightIsExact(string kernel, TensorType format)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits).Where(bits => Effort.Takes(bits) && float.IsFinite(TestWeights.Widen(format, bits)))];
        foreach (var weights in all.GroupBy(bits => bits >> 10 & 31).Select(group => group.ToArray()).Append(all))
        {
            var values = TestWeights.Half(format, weights.Length, 1, weights);
            foreach (var x in new[] { 1f, -1e12f })
            {
                var run = new ProductRun(values, [x, x, x], new float[3 * ((weights.Length + 7) & ~7)], 3);
                foreach (var count in new[] { 1, 3 })
                {
                    var y = run.Multiply(variant, memory, count, InitPlace.Own, $"{weights.Length} weights");
                    for (var i = 0; i < count * weights.Length; i++)
                    {
                        var (vector, row) = Math.DivRem(i, weights.Length);
                        var expected = TestWeights.Widen(format, weights[row]) * x;
                        var found = y[(vector * run.Lanes) + row];
                        if (expected != found)
                        {
                            Assert.Fail($"0x{weights[row]:x4} times {x}: expected {expected:R}, found {found:R}");
                        }
                    }
                }
            }
        }
    }

    /// <summary>Inputs on both sides of 2^(16+k), from which on float16 may not multiply them by its factor, alone and beside others.</summary>
    [Theory]
    [Trait("Category", "Kernels")]
    [MemberData(nameof(Formats))]
    public void InputsAreAnyFloat(string kernel, TensorType format)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(GuardSide.End);
        float[] inputs =
        [
            0f, float.Epsilon, 1e-40f, 1.17549435e-38f, MathF.ScaleB(1, 32), MathF.BitDecrement(MathF.ScaleB(1, 32)), MathF.BitIncrement(MathF.ScaleB(1, 32)),
            MathF.ScaleB(1, 55), float.MaxValue, float.PositiveInfinity, float.NaN,
        ];
        foreach (var rows in Effort.Of<int[]>([5, 16, 33, 90, 129], [5, 90]))
        {
            var random = new Random(rows);
            foreach (var largest in s_weightSizes)
            {
                var weights = TestWeights.Half(format, rows, 2, TestWeights.Uniform(random, rows * 2, largest));
                float[] x = [.. inputs.SelectMany(input => new[] { input, -0.75f })];
                CheckRun(variant, memory, weights, x, inputs.Length, [inputs.Length, 2], InitPlace.Shared, $"{rows} rows up to {largest}");
                for (var i = 0; i < inputs.Length; i++)
                {
                    CheckRun(variant, memory, weights, x[(2 * i)..(2 * i + 2)], 1, [1], InitPlace.Own, $"{rows} rows up to {largest}, input {inputs[i]}");
                }
            }
        }
    }

    private static void Check(string kernel, TensorType format, GuardSide side, IEnumerable<ProductShape> shapes)
    {
        var variant = Variants.Require(kernel);
        using var memory = new GuardedMemory(side);
        var seed = 0;
        foreach (var (lanes, columns, counts) in shapes)
        {
            var random = new Random(++seed);
            var rows = lanes - (seed % 8);
            var (weightSize, inputSize) = (s_weightSizes[seed % 4], s_inputSizes[seed / 4 % 4]);
            var weights = TestWeights.Half(format, rows, columns, TestWeights.Uniform(random, rows * columns, weightSize));
            var x = TestWeights.Uniform(random, counts.Max() * columns, inputSize);
            var name = $"{format}, {lanes} lanes up to {weightSize}, {columns} columns up to {inputSize}, seed {seed}";
            CheckRun(variant, memory, weights, x, counts.Max(), variant == Variants.Scalar ? counts.Take(1) : counts, (InitPlace)(seed % 3), name);
        }
    }

    private static void CheckRun(
        RnnRuntime.Kernels.KernelVariant variant, GuardedMemory memory, Weights weights, float[] x, int vectors, IEnumerable<int> counts, InitPlace place, string name)
    {
        var init = TestWeights.Uniform(new Random(vectors), vectors * ((weights.Rows + 7) & ~7));
        var expected = new ProductRun(TestWeights.Widened(weights), x, init, vectors).Multiply(Variants.Scalar, memory, vectors, place, name);
        var run = new ProductRun(weights, x, init, vectors);
        foreach (var count in counts)
        {
            var what = $"{name}, init {place}, {count} vectors";
            Variants.AssertSameBits(expected.AsSpan(0, count * run.Lanes), run.Multiply(variant, memory, count, place, what), what);
        }
    }
}
