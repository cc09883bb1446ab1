using RnnRuntime.Fuzz;
using RnnRuntime.Graph;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>Layers between QuantizeLinear and DequantizeLinear are the layers of the dequantised weights and activations, to the bit.</summary>
public sealed class QuantizedLayerTests
{
    private const int Seed = 20250303;
    private const float Scale = 0.0173f;
    private const int ZeroPoint = 131;

    [Theory]
    [InlineData("LSTM", typeof(LstmNode))]
    [InlineData("GRU", typeof(GruNode))]
    [InlineData("RNN", typeof(RnnNode))]
    [InlineData("MatMul", typeof(LinearNode))]
    [InlineData("Gemm", typeof(LinearNode))]
    [InlineData("Conv", typeof(ConvNode))]
    public void WeightsFoldAndActivationsMakeTheRoundTrip(string type, Type layer)
    {
        var quantized = SketchRun.Import(Sketch(type, quantized: true));
        var plain = SketchRun.Import(Sketch(type, quantized: false));
        Assert.Contains(quantized.Nodes, layer.IsInstanceOfType);
        Assert.Equal(Names(plain), Names(quantized).Except(["fused"]));
        var random = new Random(Seed);
        for (var run = 0; run < 20; run++)
        {
            float[] x = [.. Enumerable.Range(0, quantized.Inputs[0].Shape.ElementCount).Select(_ => (6 * random.NextSingle()) - 3)];
            Assert.Equal(
                SketchRun.Step(plain, [.. x.Select(RoundTrip)])[0].Select(value => (double)RoundTrip((float)value)),
                SketchRun.Step(quantized, x)[0]);
        }
    }

    private static IEnumerable<string> Names(RnnGraph graph) => graph.Nodes.Select(node => node.Operator).Where(name => name is not ("constant" or "view")).Distinct().Order(StringComparer.Ordinal);

    private static float RoundTrip(float x) =>
        (Math.Clamp(MathF.Round(x / Scale, MidpointRounding.ToEven) + ZeroPoint, 0, 255) - ZeroPoint) * Scale;

    /// <summary>x through the layer to y; quantised, both make the round trip through uint8.</summary>
    private static OnnxSketch Sketch(string type, bool quantized)
    {
        var sketch = new OnnxSketch(13);
        var random = new Random(Seed);
        var input = "x";
        if (quantized)
        {
            sketch.Tensor("s", DataType.Float, [], Scale).Tensor("z", DataType.Uint8, [], (byte)ZeroPoint)
                .Node("QuantizeLinear", "x s z", "xq").Node("DequantizeLinear", "xq s z", "xr");
            input = "xr";
        }

        switch (type)
        {
            case "Conv":
                sketch.Input("x", 1, 4, 6);
                Weights("w", 3, 4, 3);
                Bias("b", 3);
                sketch.Node("Conv", $"{input} w b", "l", ("pads", new[] { 1, 1 }));
                break;
            case "MatMul" or "Gemm":
                sketch.Input("x", 2, 4);
                Weights("w", 4, 3);
                Bias("b", 3);
                sketch.Node(type, type == "Gemm" ? $"{input} w b" : $"{input} w", "l");
                break;
            default:
                var gates = type switch { "LSTM" => 4, "GRU" => 3, _ => 1 };
                sketch.Input("x", 1, 1, 4);
                Weights("w", 1, gates * 3, 4);
                Weights("r", 1, gates * 3, 3);
                Bias("b", 1, gates * 6);
                sketch.Node(type, $"{input} w r b", "l", ("hidden_size", 3));
                break;
        }

        return quantized ? sketch.Node("QuantizeLinear", "l s z", "yq").Node("DequantizeLinear", "yq s z", "y").Output("y") : sketch.Output("l");

        void Weights(string name, params long[] shape)
        {
            var columns = (int)shape[^1];
            sbyte[] stored = [.. Enumerable.Range(0, Count(shape)).Select(_ => (sbyte)random.Next(-128, 128))];
            sbyte[] zeros = [.. Enumerable.Range(0, columns).Select(_ => (sbyte)random.Next(-5, 6))];
            float[] scales = [.. Enumerable.Range(0, columns).Select(_ => 0.002f + (0.004f * random.NextSingle()))];
            if (quantized)
            {
                sketch.Tensor($"{name}q", DataType.Int8, shape, stored).Tensor($"{name}z", DataType.Int8, [columns], zeros).Tensor($"{name}s", DataType.Float, [columns], scales)
                    .Node("DequantizeLinear", $"{name}q {name}s {name}z", name, ("axis", -1));
            }
            else
            {
                sketch.Tensor(name, DataType.Float, shape, stored.Select((value, i) => (value - zeros[i % columns]) * scales[i % columns]).ToArray());
            }
        }

        void Bias(string name, params long[] shape)
        {
            int[] stored = [.. Enumerable.Range(0, Count(shape)).Select(_ => random.Next(-10_000, 10_000))];
            if (quantized)
            {
                sketch.Tensor($"{name}q", DataType.Int32, shape, stored).Tensor($"{name}s", DataType.Float, [], 2e-5f).Node("DequantizeLinear", $"{name}q {name}s", name);
            }
            else
            {
                sketch.Tensor(name, DataType.Float, shape, stored.Select(value => value * 2e-5f).ToArray());
            }
        }
    }

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (product, extent) => product * extent);
}
