using System.Collections.Immutable;
using Google.Protobuf;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Translation;
using RnnRuntime.Tests.Import.Onnx;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class BatchNormFoldingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ABatchNormalisationBehindAnImportedConvolutionBecomesPartOfIt(int spatialAxes)
    {
        var graph = PassRuns.Check(BatchNormFolding.Run, ConvolutionWithBatchNorm(spatialAxes));
        Assert.Equal(["view", "conv", "view"], graph.Nodes.Select(node => node.Operator));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(1)]
    public void EveryArithmeticWithOneNumberForEachRowBecomesPartOfALinearLayer(int rows)
    {
        var sketch = new PassSketch(rows);
        var x = sketch.Linear(sketch.Input("x", 5, 7), rows, hasBias: rows > 1);
        x = sketch.Add(x, sketch.Constant(rows));
        x = sketch.Multiply(x, sketch.Constant(1, rows));
        x = sketch.Subtract(x, sketch.Constant(rows));
        x = sketch.Subtract(sketch.Constant(rows), x);
        x = sketch.Emit.Binary(BinaryOperator.Divide, x, sketch.Constant(1));
        sketch.Output("y", sketch.Multiply(x, sketch.Emit.Scalar(3)));
        Assert.Equal(["linear"], PassRuns.Check(BatchNormFolding.Run, sketch.Build()).Nodes.Select(node => node.Operator));
    }

    [Fact]
    public void WhatIsRoundedIsDividedBehindTheLayer()
    {
        var sketch = new PassSketch(3);
        var x = sketch.Multiply(sketch.Linear(sketch.Input("x", 4), 3, hasBias: true), sketch.Emit.Scalar(3));
        sketch.Output("y", sketch.Emit.Unary(UnaryOperator.Round, sketch.Emit.Binary(BinaryOperator.Divide, x, sketch.Emit.Scalar(0.3f))));
        Assert.Equal(["linear", "divide", "round"], BatchNormFolding.Run(sketch.Build()).Nodes.Select(node => node.Operator).Where(name => name != "constant"));
    }

    [Fact]
    public void AnAddedConstantKeepsTheWeights()
    {
        var sketch = new PassSketch(1);
        sketch.Output("y", sketch.Add(sketch.Linear(sketch.Input("x", 4), 3, hasBias: false), sketch.Constant(3)));
        var before = sketch.Build();
        var linear = Assert.IsType<LinearNode>(Assert.Single(PassRuns.Check(BatchNormFolding.Run, before).Nodes));
        Assert.Same(before.Nodes.OfType<LinearNode>().Single().Weights, linear.Weights);
    }

    [Fact]
    public void AStreamingConvolutionIsALayerToo()
    {
        var sketch = new PassSketch(2);
        var (x, history) = (sketch.Input("x", 3), sketch.State("history", 4, 3));
        var (output, next) = (GraphSketch.New("output", 5), GraphSketch.New("next", 4, 3));
        sketch.Emit.Add(new CausalConv1dNode("conv", x, history, output, next, new Weights(sketch.Numbers(5, 9), null), null, 3, 2));
        sketch.Next(history, next);
        sketch.Output("y", sketch.Add(sketch.Multiply(output, sketch.Constant(5)), sketch.Constant(5)));
        Assert.Equal(["causal_conv1d"], PassRuns.Check(BatchNormFolding.Run, sketch.Build()).Nodes.Select(node => node.Operator));
    }

    [Fact]
    public void FiltersAreFollowedThroughViews()
    {
        var sketch = new PassSketch(3);
        var conv = sketch.Conv(sketch.Input("x", 2, 8, 3), filters: 5, kernel: 3);
        var x = sketch.Multiply(conv, sketch.Constant(5));
        x = sketch.Multiply(sketch.Emit.Transpose(x, 0, 2, 1), sketch.Constant(5, 1));
        x = sketch.Add(sketch.Emit.Reshape(x, 2, 5, 3, 2), sketch.Constant(1, 5, 1, 1));
        x = sketch.Add(sketch.Emit.Slice(x, 2, 1, 2), sketch.Constant(5, 1, 1));
        x = sketch.Emit.Transpose(x, 3, 2, 0, 1);
        sketch.Output("y", sketch.Emit.Unary(UnaryOperator.Relu, sketch.Multiply(x, sketch.Constant(5))));
        Assert.Equal(["conv", "relu"], PassRuns.Operators(PassRuns.Check(BatchNormFolding.Run, sketch.Build())));
    }

    [Theory]
    [InlineData(5, 1, true)]
    [InlineData(1, 5, false)]
    public void TheConstantsAxisHasToBeThatOfTheFilters(int first, int second, bool isFolded)
    {
        // As many positions as filters: only the axis tells them apart.
        var sketch = new PassSketch(4);
        var x = sketch.Emit.Transpose(sketch.Conv(sketch.Input("x", 1, 7, 3), filters: 5, kernel: 3), 0, 2, 1);
        sketch.Output("y", sketch.Multiply(x, sketch.Constant(first, second)));
        Assert.Equal(isFolded ? ["conv"] : ["conv", "constant", "multiply"], PassRuns.Operators(PassRuns.Check(BatchNormFolding.Run, sketch.Build())));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void AViewWithoutAllFiltersEndsTheChain(int axis, bool isFolded)
    {
        var sketch = new PassSketch(5);
        var x = sketch.Emit.Slice(sketch.Linear(sketch.Input("x", 6, 4), 6), axis, 1, 3);
        sketch.Output("y", sketch.Multiply(x, sketch.Constant(x.Shape[-1])));
        Assert.Equal(isFolded ? ["linear"] : ["linear", "constant", "multiply"], PassRuns.Operators(PassRuns.Check(BatchNormFolding.Run, sketch.Build())));
    }

    [Fact]
    public void AViewWhereFiltersOverlapEndsTheChain()
    {
        var sketch = new PassSketch(9);
        var rows = sketch.Emit.Transpose(sketch.Conv(sketch.Input("x", 2, 6, 3), filters: 5, kernel: 3), 0, 2, 1);
        var windows = sketch.Emit.View(rows, new TensorShape(5, 3, 3), [4, 2, 1], 0);
        var shifted = sketch.Emit.View(sketch.Linear(sketch.Input("z", 3, 4), 5), new TensorShape(2, 5), [5, 1], 2);
        sketch.Output("windows", sketch.Multiply(windows, sketch.Constant(5, 1, 1)));
        sketch.Output("shifted", sketch.Multiply(shifted, sketch.Constant(5)));
        PassRuns.CheckUnchanged(BatchNormFolding.Run, sketch.Build());
    }

    [Theory]
    [InlineData("reader")]
    [InlineData("output")]
    [InlineData("state")]
    public void AResultThatSomethingElseNeedsStays(string use)
    {
        var sketch = new PassSketch(6);
        var x = sketch.Linear(sketch.Input("x", 4), 3);
        sketch.Output("y", sketch.Multiply(x, sketch.Constant(3)));
        var state = sketch.State("last", 3);
        sketch.Next(state, use == "state" ? x : state);
        if (use != "state")
        {
            sketch.Output("z", use == "output" ? x : sketch.Tanh(x));
        }

        PassRuns.CheckUnchanged(BatchNormFolding.Run, sketch.Build());
    }

    [Fact]
    public void WhatIsReadTwiceEndsTheChain()
    {
        var sketch = new PassSketch(7);
        var x = sketch.Multiply(sketch.Linear(sketch.Input("x", 4), 3), sketch.Constant(3));
        sketch.Output("y", sketch.Add(sketch.Add(x, sketch.Constant(3)), x));
        Assert.Equal(["linear", "constant", "add", "add"], PassRuns.Operators(PassRuns.Check(BatchNormFolding.Run, sketch.Build())));
    }

    [Theory]
    [InlineData("larger")]
    [InlineData("computed")]
    [InlineData("every element")]
    [InlineData("int8")]
    [InlineData("divided")]
    [InlineData("overflow")]
    public void OtherArithmeticStays(string form)
    {
        var sketch = new PassSketch(8);
        var input = sketch.Input("x", 4);
        var x = sketch.Linear(input, 3);
        if (form == "int8")
        {
            var weights = new Weights(new Constant("w", TensorType.Int8, new TensorShape(3, 4), new byte[12]), sketch.Numbers(3));
            weights = weights with { Scales = sketch.Emit.NewConstant([1, 1, 1], 3) };
            x = sketch.Emit.NewValue("int8", TensorType.Float32, new TensorShape(3));
            sketch.Emit.Add(new LinearNode("int8", input, x, weights, null));
        }

        sketch.Output("y", form switch
        {
            "larger" => sketch.Multiply(x, sketch.Constant(2, 3)),
            "computed" => sketch.Multiply(x, sketch.Input("factor", 3)),
            "every element" => sketch.Multiply(sketch.Linear(sketch.Input("rows", 2, 4), 3), sketch.Constant(2, 3)),
            "divided" => sketch.Emit.Binary(BinaryOperator.Divide, sketch.Constant(3), x),
            "overflow" => sketch.Multiply(sketch.Multiply(x, sketch.Emit.Scalar(1e30f)), sketch.Emit.Scalar(1e30f)),
            _ => sketch.Multiply(x, sketch.Constant(3)),
        });
        PassRuns.CheckUnchanged(BatchNormFolding.Run, sketch.Build());
    }

    private static RnnGraph ConvolutionWithBatchNorm(int spatialAxes)
    {
        var random = new Random(spatialAxes);
        var spatial = Enumerable.Repeat(6L, spatialAxes).ToArray();
        var model = new ModelProto
        {
            IrVersion = 8,
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new GraphProto
            {
                Name = "convolution",
                Input = { OnnxFiles.Value("x", [OnnxFiles.Extent(1), OnnxFiles.Extent(3), .. spatial.Select(OnnxFiles.Extent)]) },
                Output = { OnnxFiles.Value("y") },
                Initializer =
                {
                    Floats("w", -1, [4, 3, .. Enumerable.Repeat(3L, spatialAxes)]), Floats("scale", -1, 4), Floats("bias", -1, 4), Floats("mean", -1, 4), Floats("variance", 0.1f, 4),
                },
                Node =
                {
                    OnnxFiles.Node("Conv", ["x", "w"], ["conv"]),
                    OnnxFiles.Node("BatchNormalization", ["conv", "scale", "bias", "mean", "variance"], ["y"]),
                },
            },
        };
        return OnnxImporter.Translate(OnnxReader.Read(model.ToByteArray(), null, new RnnImportLimits()), new RnnImportOptions());

        TensorProto Floats(string name, float least, params long[] shape) => OnnxFiles.Floats(
            name, shape, [.. Enumerable.Range(0, (int)shape.Aggregate((product, extent) => product * extent)).Select(_ => least + ((1 - least) * random.NextSingle()))]);
    }
}
