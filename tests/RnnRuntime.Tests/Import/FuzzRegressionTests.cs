using Google.Protobuf;
using RnnRuntime.Fuzz;
using RnnRuntime.Graph;
using RnnRuntime.Import;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Import;

/// <summary>Files that once ended in another exception, or took time or memory out of all proportion.</summary>
public sealed class FuzzRegressionTests
{
    // A quadratic search over this many takes minutes; the limit leaves room for a busy machine.
    private const int Many = 10_000;


    [Fact]
    public void AnIfWithoutAConditionIsRefused() =>
        Refused(new OnnxSketch().Input("x", 2).Node("If", "", "y").Output("y"), "the condition");

    [Theory]
    [InlineData("RNN")]
    [InlineData("GRU")]
    [InlineData("LSTM")]
    public void ARecurrentLayerWithoutInputWeightsIsRefused(string type) =>
        Refused(new OnnxSketch().Input("x", 3, 2, 2).Floats("r", 1, type == "RNN" ? 2 : type == "GRU" ? 6 : 8, 2).Node(type, "x - r", "y", ("hidden_size", 2)).Output("y"), "input W");

    [Theory]
    [InlineData("GlobalAveragePool")]
    [InlineData("GlobalMaxPool")]
    public void PoolingAScalarIsRefused(string type) => Refused(new OnnxSketch().Input("x").Node(type, "x", "y").Output("y"), "[N, channels, ...]");

    [Theory]
    [InlineData("Cast", "k x")]
    [InlineData("Cast", "x k")]
    [InlineData("Tanh", "x k")]
    [InlineData("Add", "x k x")]
    [InlineData("Softmax", "x k")]
    [InlineData("Identity", "x x")]
    public void InputsThatTheOperatorDoesNotHaveAreRefused(string type, string inputs) =>
        Refused(new OnnxSketch().Input("x", 2).Floats("k", 2).Node(type, inputs, "y", type == "Cast" ? [("to", 1)] : []).Output("y"), "inputs in this form");

    [Fact]
    public void AnEmptyConditionIsRefused() =>
        Refused(new OnnxSketch().Input("x", 1).Integers("none").Node("Cast", "none", "c", ("to", 9)).Node("Where", "c x x", "y").Output("y"), "Where");

    [Fact]
    public void AnEmptyTrainingModeIsFalse()
    {
        var dropout = new OnnxSketch().Input("x", 2).Floats("ratio").Integers("none").Node("Cast", "none", "t", ("to", 9)).Node("Dropout", "x ratio t", "d").Node("Tanh", "d", "y").Output("y");
        Assert.Single(Import(dropout).Nodes);
    }

    [Fact]
    public void TheShapeOfALargeTensorTakesNoMemory()
    {
        var sketch = new OnnxSketch().Input("x", 16_384, 16_384);
        for (var i = 0; i < 1000; i++)
        {
            sketch.Node("Shape", "x", $"s{i}");
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Import(sketch.Node("Tanh", "x", "y").Output("y"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void AllFoldingTogetherIsLimited()
    {
        var sketch = new OnnxSketch().Input("x", 1).Integers("e", 128, 128).Node("ConstantOfShape", "e", "c");
        for (var i = 0; i < 100; i++)
        {
            sketch.Node("MatMul", "c c", $"p{i}");
        }

        Refused(sketch.Node("Tanh", "x", "y").Output("y"), nameof(RnnImportLimits.MaximumElements));
    }

    [Fact]
    public void AllTensorsTogetherAreLimited()
    {
        var sketch = new OnnxSketch().Input("x", 1_000, 1_000);
        for (var i = 0; i < 20; i++)
        {
            sketch.Node("Transpose", i == 0 ? "x" : $"v{i - 1}", $"v{i}");
        }

        Refused(sketch.Output("v19"), nameof(RnnImportLimits.MaximumElements));
    }

    /// <summary>A file of a hundred bytes.</summary>
    [Fact]
    public void APlanThatTakesLargeTablesIsRefused()
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Float32, 3, 300_000_000);
        var transposed = sketch.Add("transposed", (name, output) => new ViewNode(name, x, output, [1, 300_000_000], 0), 300_000_000, 3);
        var y = sketch.Add("reduced", (name, output) => new ReduceNode(name, ReduceOperator.ReduceSum, transposed, output), 300_000_000);
        sketch.Output("y", y);
        Assert.Equal("plan", Assert.Throws<RnnFormatException>(() => RnnModel.FromGraph(sketch.Build())).Section);
    }

    [Fact]
    public void ASessionBeyondTheMemoryIsRefused()
    {
        var large = new GraphSketch();
        var x = large.Input("x", TensorType.Float32, 500_000_000);
        for (var i = 0; i < 600; i++)
        {
            large.Output($"y{i}", large.Add($"tanh{i}", (name, output) => new UnaryNode(name, UnaryOperator.Tanh, x, output), 500_000_000));
        }

        using var model = RnnModel.FromGraph(large.Build());
        Assert.SkipUnless(model.SessionBytes(1, 1) > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "This machine has more than a terabyte of memory.");
        Assert.Throws<InsufficientMemoryException>(() => model.CreateSession(chunkLength: 1));
    }

    [Fact]
    public void ALongChainOfViewsIsPlanned()
    {
        var sketch = new GraphSketch();
        var value = sketch.Input("x", TensorType.Float32, 2);
        for (var i = 0; i < GraphValidator.MaxNodes - 1; i++)
        {
            var input = value;
            value = sketch.Add($"v{i}", (name, output) => new ViewNode(name, input, output, [1], 0), 2);
        }

        sketch.Output("y", value);
        using var model = RnnModel.FromGraph(sketch.Build());
        using var session = model.CreateSession();
        var y = new float[2];
        session.Run([1f, 2f], y);
        Assert.Equal([1f, 2f], y);
    }

    [Fact]
    public void ManyStatesInputsAndOutputsAreImported()
    {
        var sketch = new OnnxSketch();
        for (var i = 0; i < Many; i++)
        {
            sketch.Input($"s{i}x_in", 2).Node("Tanh", $"s{i}x_in", $"s{i}x_out").Output($"s{i}x_out").Input($"z{i}", 2).Node("Neg", $"z{i}", $"y{i}").Output($"y{i}");
        }

        var graph = RnnImporter.Import(sketch.Model().ToByteArray());
        Assert.Equal(Many, graph.States.Length);
        using var model = RnnModel.FromGraph(graph);
        Assert.True(model.SessionBytes(1, 1) > 0);
    }

    /// <summary>Too many for each to be fitted against all others.</summary>
    [Fact]
    public void BuffersOfALargePlanShareNoMemoryWhileBothAreInUse()
    {
        var sketch = new OnnxSketch().Input("x", 2, 40).Floats("w", 40, 8).Floats("u", 8, 40);
        var value = "x";
        for (var i = 0; i < 5000; i++)
        {
            sketch.Node("MatMul", $"{value} {(i % 2 == 0 ? "w" : "u")}", $"v{i}");
            value = $"v{i}";
            if (i % 500 == 0)
            {
                sketch.Output(value);
            }
        }

        using var model = RnnModel.FromGraph(RnnImporter.Import(sketch.Output(value).Model().ToByteArray()));
        var layout = model.Plan.Layout(1, 1);
        BufferInfo[] placed = [.. model.Plan.Buffers.Where(buffer => layout.Offsets[buffer.Index] >= 0).OrderBy(buffer => layout.Offsets[buffer.Index])];
        Assert.True(placed.Length > 4096);
        Assert.True(layout.TotalBytes < placed.Sum(buffer => (long)buffer.Bytes(1, 1)) / 20, $"{layout.TotalBytes} bytes");
        for (var step = 0; step < model.Plan.Steps.Length; step += 7)
        {
            nint end = 0;
            foreach (var buffer in placed.Where(buffer => buffer.FirstStep <= step && buffer.LastStep >= step))
            {
                Assert.True(layout.Offsets[buffer.Index] >= end, $"step {step}: {buffer.Name} overlaps another buffer.");
                end = layout.Offsets[buffer.Index] + buffer.Bytes(1, 1);
            }
        }
    }

    private static RnnGraph Import(OnnxSketch sketch) => RnnImporter.Import(sketch.Model().ToByteArray(), new RnnImportOptions { Limits = new() });

    private static void Refused(OnnxSketch sketch, string part)
    {
        var refusal = Assert.Throws<RnnImportException>(() => RnnImporter.Import(sketch.Model().ToByteArray(), FuzzLimits.Options));
        Assert.Contains(part, refusal.Message);
    }
}
