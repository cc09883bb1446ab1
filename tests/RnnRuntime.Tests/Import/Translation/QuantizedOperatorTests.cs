using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnRuntime.Fuzz;
using RnnRuntime.Graph;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>Quantised integers that a step computes.</summary>
public sealed class QuantizedOperatorTests
{
    private const int Seed = 20250301;

    [Theory]
    [InlineData("quantize")]
    [InlineData("quantize an axis")]
    [InlineData("dequantize an axis")]
    [InlineData("quantize to 16 bits")]
    [InlineData("dynamic")]
    [InlineData("product")]
    [InlineData("round")]
    public void AStepComputesWhatFoldingDoes(string name)
    {
        var graph = SketchRun.Import(Sketch(name));
        Assert.Equal("x", Assert.Single(graph.Inputs).Name);
        for (var seed = 0; seed < 12; seed++)
        {
            var x = Numbers(seed);
            var folded = SketchRun.Import(Sketch(name), ("x", x));
            Assert.Empty(folded.Inputs);
            Assert.All(folded.Nodes, node => Assert.IsType<ConstantNode>(node));
            Assert.Equal(SketchRun.Step(folded), SketchRun.Step(graph, x));
        }
    }

    /// <summary>Weights are uint8: ONNX Runtime's sums of int8 weights may saturate.</summary>
    [Fact]
    public void ADynamicProductIsThatOfOnnxRuntime()
    {
        var sketch = new OnnxSketch(13).Input("x", 2, 3, 4).Tensor("ws", DataType.Float, [3], 0.013f, 0.5f, 1.7f)
            .Tensor("w", DataType.Uint8, [4, 3], new byte[] { 0, 255, 3, 128, 1, 17, 100, 50, 25, 7, 200, 77 }).Tensor("wz", DataType.Uint8, [], (byte)131)
            .Node("DynamicQuantizeLinear", "x", "q q_scale q_zero").Node("MatMulInteger", "q w q_zero wz", "sums").Node("Cast", "sums", "f", ("to", 1))
            .Node("Mul", "ws q_scale", "scale").Node("Mul", "f scale", "y").Output("y");
        var graph = SketchRun.Import(sketch);
        using var peer = new InferenceSession(sketch.Model().ToByteArray());
        for (var seed = 0; seed < 12; seed++)
        {
            var x = Numbers(seed);
            using var results = peer.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, [2, 3, 4]))]);
            Assert.Equal(results[0].AsEnumerable<float>().Select(value => (double)value), SketchRun.Step(graph, x)[0]);
        }
    }

    [Fact]
    public void ANumberThatIsNoneStaysSo()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("x", 2).Tensor("s", DataType.Float, [], 1f).Node("QuantizeLinear", "x s", "q").Node("DequantizeLinear", "q s", "y").Output("y"));
        Assert.Equal([[double.NaN, 255]], SketchRun.Step(graph, [float.NaN, float.PositiveInfinity]));
    }

    [Fact]
    public void DynamicScalesAreDefinedWhereTheRangeIsEmpty()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("x", 2).Node("DynamicQuantizeLinear", "x", "q s z").Output("q", "s", "z"));
        Assert.Equal([[0, 0], [1], [0]], SketchRun.Step(graph, [0f, 0f]));
        Assert.Equal([[255, 255], [2f / 255], [0]], SketchRun.Step(graph, [2f, 2f]));
    }

    [Fact]
    public void QuantisedIntegersAreMoved()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("x", 2, 2).Tensor("s", DataType.Float, [], 0.5f).Tensor("z", DataType.Int8, [], (sbyte)-1)
            .Tensor("more", DataType.Int8, [1, 2], new sbyte[] { 9, -9 }).Integers("pads", 0, 0, 0, 1).Tensor("fill", DataType.Int8, [], (sbyte)7)
            .Node("QuantizeLinear", "x s z", "q").Node("Transpose", "q", "t").Node("Concat", "t more", "c", ("axis", 0)).Node("Pad", "c pads fill", "p").Node("DequantizeLinear", "p s z", "y").Output("y", "p"));
        double[] integers = [1, 5, 7, 3, 7, 7, 9, -9, 7];
        Assert.Equal([[.. integers.Select(q => (q + 1) * 0.5)], integers], SketchRun.Step(graph, [1f, 2f, 3f, 4f]));
    }

    [Fact]
    public void QuantisedRowsAreLookedUp()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("i", DataType.Int64, 2).Tensor("table", DataType.Uint8, [3, 2], new byte[] { 1, 2, 3, 4, 250, 6 })
            .Tensor("s", DataType.Float, [], 0.5f).Tensor("z", DataType.Uint8, [], (byte)4).Node("Gather", "table i", "q").Node("DequantizeLinear", "q s z", "y").Output("y"));
        Assert.Equal([[123, 1, -1.5, -1]], SketchRun.Step(graph, [2f, 0f]));
    }

    [Fact]
    public void QuantisedInputsAreWholeNumbers()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("q", DataType.Int8, 3).Input("s", 3).Node("DequantizeLinear", "q s", "y", ("axis", 0))
            .Node("Cast", "q", "i", ("to", 6)).Node("Cast", "q", "f", ("to", 1)).Node("Equal", "i i", "e").Output("y", "i", "f", "e"));
        Assert.Equal([TensorType.Float32, TensorType.Int32, TensorType.Float32, TensorType.Float32], graph.Outputs.Select(output => output.Type));
        Assert.Equal([[-64, 1, 0], [-128, 2, 0], [-128, 2, 0], [1, 1, 1]], SketchRun.Step(graph, [-128f, 2, 0], [0.5f, 0.5f, 3]));
    }

    [Fact]
    public void IntegersOfAnInputAreDequantised()
    {
        var graph = SketchRun.Import(new OnnxSketch().Input("i", DataType.Int32, 2).Tensor("s", DataType.Float, [], 0.25f).Node("DequantizeLinear", "i s", "y").Output("y"));
        Assert.Equal([[-0.25, 4194304]], SketchRun.Step(graph, [-1f, 16777216f]));
    }

    [Fact]
    public void WhatIsNotComputedIsRefusedByName()
    {
        SketchRun.Refused(With("QuantizeLinear", "x zero", "q"), "(QuantizeLinear)", "y_scale", "0");
        SketchRun.Refused(With("QuantizeLinear", "x s", "q", ("block_size", 2)), "(QuantizeLinear)", "block_size", "2");
        SketchRun.Refused(With("QuantizeLinear", "x s", "q", ("output_dtype", 22)), "(QuantizeLinear)", "output_dtype");
        SketchRun.Refused(With("QuantizeLinear", "x s", "q", ("precision", 1)), "(QuantizeLinear)", "precision");
        SketchRun.Refused(With("DequantizeLinear", "x s", "q"), "(DequantizeLinear)", "float32", "int8 or uint8");
        SketchRun.Refused(With("Add", "b b", "q"), "(Add)", "uint8");

        static OnnxSketch With(string type, string inputs, string output, params (string Name, object Value)[] attributes) => new OnnxSketch(21)
            .Input("x", 4).Input("b", DataType.Uint8, 4).Tensor("s", DataType.Float, [], 1f).Tensor("zero", DataType.Float, [], 0f).Node(type, inputs, output, attributes).Output(output);
    }

    private static OnnxSketch Sketch(string name)
    {
        var sketch = new OnnxSketch(21).Input("x", 2, 3, 4)
            .Tensor("s", DataType.Float, [], 0.5f).Tensor("z", DataType.Int8, [], (sbyte)3)
            .Tensor("scales", DataType.Float, [3], 0.5f, 0.1f, 0.01f).Tensor("zeros", DataType.Uint8, [3], new byte[] { 0, 100, 255 });
        return name switch
        {
            "quantize" => sketch.Node("QuantizeLinear", "x s z", "q").Output("q"),
            "quantize an axis" => sketch.Node("QuantizeLinear", "x scales zeros", "q", ("axis", -2)).Output("q"),
            "dequantize an axis" => sketch.Node("QuantizeLinear", "x scales zeros", "q").Node("DequantizeLinear", "q scales zeros", "y").Output("y"),
            "quantize to 16 bits" => sketch.Node("QuantizeLinear", "x scales", "q", ("output_dtype", 5)).Node("DequantizeLinear", "q scales", "y").Output("q", "y"),
            "dynamic" => sketch.Node("DynamicQuantizeLinear", "x", "q q_scale q_zero").Node("DequantizeLinear", "q q_scale q_zero", "y").Output("q", "q_scale", "q_zero", "y"),
            "product" => sketch.Tensor("w", DataType.Int8, [4, 3], new sbyte[] { -128, 127, 3, 0, 1, -1, 100, 50, 25, 7, -7, 77 }).Tensor("wz", DataType.Int8, [3], new sbyte[] { 1, 0, -2 })
                .Node("DynamicQuantizeLinear", "x", "q q_scale q_zero").Node("MatMulInteger", "q w q_zero wz", "sums").Node("Cast", "sums", "f", ("to", 1))
                .Node("Mul", "q_scale s", "scale").Node("Mul", "f scale", "y").Output("y", "sums"),
            _ => sketch.Node("Round", "x", "r").Node("Floor", "x", "f").Node("Ceil", "x", "c").Output("r", "f", "c"),
        };
    }

    /// <summary>Numbers of either sign or of one, every second a multiple of a quarter, which lies between two steps of the scales now and then.</summary>
    private static float[] Numbers(int seed)
    {
        var random = new Random(Seed + seed);
        var shift = (seed % 3) switch { 0 => 0, 1 => 9, _ => -9 };
        return [.. Enumerable.Range(0, 24).Select(i => i % 2 == 0 ? random.Next(-32, 33) / 4f : (16 * random.NextSingle()) - 8).Select(x => x + shift)];
    }
}
