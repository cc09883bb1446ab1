using System.Runtime.InteropServices;
using RnnRuntime.Fuzz;
using RnnRuntime.Graph;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>Products of integers in float32, against sums in 64 bits.</summary>
public sealed class IntegerProductTests
{
    private const int Seed = 20250302;
    private const int Rows = 3;
    private const int Columns = 5;

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(258, 1)]
    [InlineData(400, 2)]
    [InlineData(5000, 20)]
    [InlineData(30000, 117)]
    public void EverySumIsTheOneOfIntegersRoundedOnce(int depth, int most) => Check(depth, most, null);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EveryKernelGivesTheseSums(string kernel)
    {
        TestModels.Require(kernel);
        Check(190, 1, kernel);
        Check(400, 2, kernel);
        Check(900, 4, kernel);
    }

    private static void Check(int depth, int most, string? kernel)
    {
        var random = new Random(Seed + depth);
        byte[] w = [.. Enumerable.Range(0, depth * Columns).Select(i => (byte)(i % Columns == 0 ? 255 * (random.Next(10) == 0 ? 0 : 1) : random.Next(256)))];
        var sketch = new OnnxSketch().Input("a", DataType.Uint8, Rows, depth).Input("z", DataType.Uint8, Rows).Tensor("w", DataType.Uint8, [depth, Columns], w)
            .Tensor("wz", DataType.Uint8, [Columns], new byte[] { 0, 0, 128, 255, 30 }).Node("MatMulInteger", "a w z wz", "sums").Node("Cast", "sums", "y", ("to", 1)).Output("y");
        var graph = SketchRun.Import(sketch);
        Assert.InRange(graph.Nodes.OfType<LinearNode>().Count(), most > 1 ? 2 : 1, most);

        int[] weightZeros = [0, 0, 128, 255, 30];
        for (var run = 0; run < 4; run++)
        {
            int[] zeros = [.. Enumerable.Range(0, Rows).Select(_ => run == 0 ? 0 : random.Next(256))];
            int[] a = [.. Enumerable.Range(0, Rows * depth).Select(_ => run < 2 ? 255 : random.Next(256))];
            double[] expected =
            [
                .. Enumerable.Range(0, Rows * Columns).Select(i => (double)(float)Enumerable.Range(0, depth).Sum(k =>
                    (long)(a[(i / Columns * depth) + k] - zeros[i / Columns]) * (w[(k * Columns) + (i % Columns)] - weightZeros[i % Columns]))),
            ];
            var found = SketchRun.Step(graph, kernel, [.. a.Select(value => (float)value)], [.. zeros.Select(value => (float)value)])[0];
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void SumsBeyondInt32AreRefusedWithTheirSize() => SketchRun.Refused(
        Product(40_000, 255, "Cast", ("to", 1)), "(MatMulInteger)", "input B", $"{40_000L * 255 * 255}", $"{int.MaxValue}");

    [Fact]
    public void ExactSumsAreIntegersForEveryReader()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("a", DataType.Uint8, 2).Tensor("w", DataType.Uint8, [2, 2], new byte[] { 1, 2, 3, 4 }).Node("MatMulInteger", "a w", "sums")
            .Integers("shape", 2, 1).Node("Reshape", "sums shape", "y").Node("Equal", "sums sums", "e").Output("y", "e", "sums"));
        Assert.Equal([TensorType.Int32, TensorType.Float32, TensorType.Int32], graph.Outputs.Select(output => output.Type));
        Assert.Equal([[610, 880], [1, 1], [610, 880]], SketchRun.Step(graph, [100f, 170f]));
    }

    [Theory]
    [InlineData("Identity")]
    [InlineData("Transpose")]
    public void RoundedSumsAreReadByNothingElse(string type) => SketchRun.Refused(Product(300, 255, type), "int32 [1, 1]", "2^24", "Cast");

    [Fact]
    public void SumsAreDequantised()
    {
        var sketch = new OnnxSketch().Input("a", DataType.Int8, 1, 2).Tensor("w", DataType.Int8, [2, 2], new sbyte[] { 1, 2, 3, 4 }).Tensor("s", DataType.Float, [2], 0.5f, 0.25f)
            .Node("MatMulInteger", "a w", "sums").Node("DequantizeLinear", "sums s", "y").Output("y");
        Assert.Equal([[-70, -68]], SketchRun.Step(SketchRun.Import(sketch), [-128f, -4f]));
    }

    /// <summary>A factor behind a layer goes into its weights elsewhere; here they then were no integers, and the sums not exact.</summary>
    [Fact]
    public void AScaleBehindStaysBehind()
    {
        var scaled = new OnnxSketch().Input("a", DataType.Uint8, 1, 2).Tensor("w", DataType.Uint8, [2, 2], new byte[] { 1, 2, 3, 4 }).Tensor("s", DataType.Float, [], 0.1f)
            .Node("MatMulInteger", "a w", "sums").Node("Cast", "sums", "f", ("to", 1)).Node("Mul", "f s", "y").Output("y");
        var linear = Assert.Single(SketchRun.Import(scaled).Nodes.OfType<LinearNode>());
        Assert.Equal([1, 3, 2, 4], MemoryMarshal.Cast<byte, float>(linear.Weights.Values.Data.Span).ToArray());
    }

    [Fact]
    public void ConvolutionsAreThoseOfIntegers()
    {
        const int Channels = 2, Filters = 2, Length = 9, Taps = 3;
        var random = new Random(Seed);
        byte[] w = [.. Enumerable.Range(0, Filters * Channels * Taps).Select(_ => (byte)random.Next(256))];
        int[] zeros = [7, 200];
        var sketch = new OnnxSketch().Input("x", DataType.Uint8, 1, Channels, Length).Tensor("w", DataType.Uint8, [Filters, Channels, Taps], w)
            .Tensor("z", DataType.Uint8, [], (byte)100).Tensor("wz", DataType.Uint8, [Filters], new byte[] { 7, 200 })
            .Node("ConvInteger", "x w z wz", "y", ("pads", new[] { 1, 1 }), ("strides", new[] { 2 })).Output("y");
        int[] x = [.. Enumerable.Range(0, Channels * Length).Select(_ => random.Next(256))];
        double[] expected =
        [
            .. Enumerable.Range(0, Filters * 5).Select(i => (double)Enumerable.Range(0, Channels * Taps).Sum(j =>
            {
                var (filter, place, channel, tap) = (i / 5, (i % 5 * 2) - 1 + (j % Taps), j / Taps, j % Taps);
                return place is < 0 or >= Length ? 0 : (x[(channel * Length) + place] - 100) * (w[(((filter * Channels) + channel) * Taps) + tap] - zeros[filter]);
            })),
        ];
        Assert.Equal([expected], SketchRun.Step(SketchRun.Import(sketch), [.. x.Select(value => (float)value)]));
    }

    [Fact]
    public void ConvolutionsThatAreNotExactAreRefused() => SketchRun.Refused(
        new OnnxSketch().Input("x", DataType.Uint8, 1, 1, 300).Tensor("w", DataType.Uint8, [1, 1, 300], Enumerable.Repeat((byte)255, 300).ToArray()).Node("ConvInteger", "x w", "y").Output("y"),
        "(ConvInteger)", "filter 0", $"{300 * 255 * 255}", "16777216");

    [Fact]
    public void WeightsThatAreComputedAreRefused() => SketchRun.Refused(
        new OnnxSketch().Input("a", DataType.Uint8, 2, 2).Input("b", DataType.Uint8, 2, 2).Node("MatMulInteger", "a b", "y").Output("y"), "(MatMulInteger)", "input B", "'b'");

    private static OnnxSketch Product(int depth, byte weight, string reader, params (string Name, object Value)[] attributes) => new OnnxSketch()
        .Input("a", DataType.Uint8, 1, depth).Tensor("w", DataType.Uint8, [depth, 1], Enumerable.Repeat(weight, depth).ToArray())
        .Node("MatMulInteger", "a w", "sums").Node(reader, "sums", "y", attributes).Output("y");
}
