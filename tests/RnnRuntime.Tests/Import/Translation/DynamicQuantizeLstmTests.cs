using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnRuntime.Fuzz;
using RnnRuntime.Graph;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx.Proto;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

public sealed class DynamicQuantizeLstmTests
{
    /// <summary>ONNX has the gates i, o, f, c; the core i, f, g, o.</summary>
    private static readonly int[] GateOrder = [0, 2, 3, 1];

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public void StoredWeightsStayAsTheyAre(int timeSteps, bool perRow)
    {
        var lstm = new QuantizedLstm(1, timeSteps, 1, 5, 3) { PerRow = perRow };
        var graph = SketchRun.Import(lstm.Quantized());
        var (input, recurrent) = WeightsOf(graph);
        Check(input, 5);
        Check(recurrent, 3);

        void Check(Weights weights, int columns)
        {
            var (stored, scales) = (lstm.Stored(columns), lstm.Scales(columns));
            int[] rows = [.. GateOrder.SelectMany(gate => Enumerable.Range(gate * 3, 3))];
            Assert.Equal(rows.SelectMany(row => Enumerable.Range(0, columns).Select(column => (sbyte)stored[(column * 12) + row])), MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span).ToArray());
            Assert.Equal(rows.Select(row => scales[perRow ? row : 0]), MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span).ToArray());
        }
    }

    public static TheoryData<string> OtherForms => ["uint8", "a zero point", "-128", "a negative scale"];

    [Theory]
    [MemberData(nameof(OtherForms))]
    public void OtherWeightsAreTheFloatsThatTheyStandFor(string form)
    {
        var lstm = new QuantizedLstm(2, 2, 2, 5, 3) { Directions = 2, Largest = 100, Attributes = [("direction", "bidirectional")] };
        lstm = form switch
        {
            "uint8" => lstm with { Type = DataType.Uint8, ZeroPoint = 128 },
            "a zero point" => lstm with { ZeroPoint = -3 },
            "-128" => lstm with { First = -128 },
            _ => lstm with { Sign = -1 },
        };
        var graph = SketchRun.Import(lstm.Quantized());
        Assert.All(graph.Nodes.OfType<SequenceNode>(), node => Assert.False(node.InputWeights.IsInt8 || node.RecurrentWeights.IsInt8));
        Assert.Equal(
            SketchRun.Step(SketchRun.Import(lstm.Float()), lstm.X(0), lstm.State(0), lstm.State(1)),
            SketchRun.Step(graph, lstm.X(0), lstm.State(0), lstm.State(1)));
    }

    [Theory]
    [InlineData("forward", 1)]
    [InlineData("reverse", 2)]
    [InlineData("bidirectional", 2)]
    public void TheFloatLayerIsWithinTheQuantisationOfActivations(string direction, int timeSteps)
    {
        var lstm = new QuantizedLstm(3, timeSteps, 2, 7, 5) { Directions = direction == "bidirectional" ? 2 : 1, Attributes = [("direction", direction), ("clip", 50f)] };
        var (quantized, exact) = (SketchRun.Import(lstm.Quantized()), SketchRun.Import(lstm.Float()));
        Assert.All(quantized.Nodes.OfType<SequenceNode>(), node => Assert.True(node.InputWeights.IsInt8 && node.RecurrentWeights.IsInt8));
        for (var run = 0; run < 5; run++)
        {
            var (x, h, c) = (lstm.X(run), lstm.State(run), lstm.State(run + 50));
            var found = SketchRun.Step(quantized, x, h, c);
            var expected = SketchRun.Step(exact, x, h, c);
            var bound = ActivationBound.Of(lstm, x, h, c, symmetric: true);
            Assert.All(found[0].Concat(found[1]).Zip(expected[0].Concat(expected[1])), pair => Assert.InRange(pair.First - pair.Second, -bound.Hidden, bound.Hidden));
            Assert.All(found[2].Zip(expected[2]), pair => Assert.InRange(pair.First - pair.Second, -bound.Cell, bound.Cell));
            Assert.NotEqual(expected[0], found[0]);
            Assert.InRange(bound.Hidden, 0, 0.5);
        }
    }

    /// <summary>
    /// One step of one stream, where both quantise the same numbers. Weights reach ±63, so that ONNX Runtime's sums of pairs in 16 bits cannot saturate.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OneStepIsThatOfOnnxRuntimeWithinBothQuantisations(bool perRow)
    {
        var lstm = new QuantizedLstm(4, 1, 1, 24, 16) { Largest = 63, PerRow = perRow };
        var graph = SketchRun.Import(lstm.Quantized());
        using var peer = new InferenceSession(lstm.Quantized().Model().ToByteArray());
        for (var run = 0; run < 10; run++)
        {
            var (x, h, c) = (lstm.X(run), lstm.State(run), lstm.State(run + 50));
            var found = SketchRun.Step(graph, x, h, c);
            using var results = peer.Run(
            [
                NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, [1, 1, 24])), NamedOnnxValue.CreateFromTensor("h", new DenseTensor<float>(h, [1, 1, 16])),
                NamedOnnxValue.CreateFromTensor("c", new DenseTensor<float>(c, [1, 1, 16])),
            ]);
            var (ours, theirs) = (ActivationBound.Of(lstm, x, h, c, symmetric: true), ActivationBound.Of(lstm, x, h, c, symmetric: false));
            foreach (var (output, values) in results.Zip(found))
            {
                var bound = output.Name == "yc" ? ours.Cell + theirs.Cell : ours.Hidden + theirs.Hidden;
                Assert.All(values.Zip(output.AsEnumerable<float>()), pair => Assert.InRange(pair.First - pair.Second, -bound, bound));
                Assert.InRange(bound, 0, 0.1);
            }
        }
    }

    [Fact]
    public void EachStepAndStreamIsQuantisedByItself()
    {
        // A loud step and a loud stream beside change nothing of the others.
        var lstm = new QuantizedLstm(5, 2, 2, 4, 3);
        var graph = SketchRun.Import(lstm.Quantized());
        var (x, h, c) = (lstm.X(0), lstm.State(0), lstm.State(1));
        var quiet = SketchRun.Step(graph, x, h, c)[0];
        float[] louder = [.. x.Select((value, i) => i < 4 ? value : 1000 * value)];
        Assert.Equal(quiet[..3], SketchRun.Step(graph, louder, h, c)[0][..3]);
    }

    [Fact]
    public void LengthsAndPeepholesAreThoseOfTheLayer()
    {
        OnnxSketch Sketch(QuantizedLstm lstm, bool quantized)
        {
            var sketch = quantized ? lstm.Quantized() : lstm.Float();
            sketch.Graph().Node[0].Input[4] = "lengths";
            while (sketch.Graph().Node[0].Input.Count < 8)
            {
                sketch.Graph().Node[0].Input.Add("");
            }

            sketch.Graph().Node[0].Input[7] = "p";
            return sketch.Tensor("lengths", DataType.Int32, [2], 1, 3).Tensor("p", DataType.Float, [1, 9], Enumerable.Range(0, 9).Select(i => i * 0.1f).ToArray());
        }

        var lstm = new QuantizedLstm(6, 3, 2, 4, 3) { Type = DataType.Uint8, ZeroPoint = 128 };
        var (x, h, c) = (lstm.X(0), lstm.State(0), lstm.State(1));
        Assert.Equal(SketchRun.Step(SketchRun.Import(Sketch(lstm, quantized: false)), x, h, c), SketchRun.Step(SketchRun.Import(Sketch(lstm, quantized: true)), x, h, c));
    }

    [Fact]
    public void WhatIsNotHonouredIsRefusedByName()
    {
        var lstm = new QuantizedLstm(7, 1, 1, 4, 3);
        SketchRun.Refused((lstm with { Attributes = [("layout", 1)] }).Quantized(), "DynamicQuantizeLSTM", "layout");
        Changed(graph => graph.Node[0].Input.RemoveAt(11), "11 inputs", "12");
        Changed(graph => graph.Initializer.Single(tensor => tensor.Name == "ws").MergeFrom(new TensorProto { Dims = { 1 } }), "W_scale", "[1, 12]");
        Changed(graph => graph.Initializer.Single(tensor => tensor.Name == "rz").DataType = DataType.Uint8, "R_zero_point", "int8");
        Changed(graph => graph.Node[0].Input[1] = "x", "input W", "'x'");
        Changed(graph => graph.Node[0].Domain = "com.example", "com.example", "com.microsoft");
        Changed(graph => graph.Node[0].OpType = "QAttention", "com.microsoft", "DynamicQuantizeLSTM");
        Changed(graph => graph.Node[0].Domain = "", "DynamicQuantizeLSTM", "one of");

        var other = lstm.Quantized().Model();
        other.OpsetImport[1].Version = 2;
        Assert.Contains("version 2", Assert.Throws<RnnImportException>(() => RnnImporter.Import(other.ToByteArray())).Message, StringComparison.Ordinal);
        other.OpsetImport.RemoveAt(1);
        Assert.Contains("no version", Assert.Throws<RnnImportException>(() => RnnImporter.Import(other.ToByteArray())).Message, StringComparison.Ordinal);

        void Changed(Action<GraphProto> change, params string[] parts)
        {
            var sketch = lstm.Quantized();
            change(sketch.Graph());
            SketchRun.Refused(sketch, parts);
        }
    }

    private static (Weights Input, Weights Recurrent) WeightsOf(RnnGraph graph) => Assert.Single(graph.Nodes, node => node is LstmNode or SequenceNode) switch
    {
        LstmNode cell => (cell.InputWeights, cell.RecurrentWeights),
        SequenceNode sequence => (sequence.InputWeights, sequence.RecurrentWeights),
        _ => throw new InvalidOperationException(),
    };
}
