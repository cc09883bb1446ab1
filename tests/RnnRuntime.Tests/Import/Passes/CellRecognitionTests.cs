using System.Text.Json;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Translation;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class CellRecognitionTests
{
    public static TheoryData<GateLayout, int> Lstms() =>
        new(from layout in Enum.GetValues<GateLayout>() from rows in new[] { 0, 1, 3 } select (layout, rows));

    public static TheoryData<GateLayout, GruSpelling, bool> Grus() => new(
        from layout in Enum.GetValues<GateLayout>() from spelling in Enum.GetValues<GruSpelling>() from resetAfter in new[] { false, true } select (layout, spelling, resetAfter));

    [Theory]
    [MemberData(nameof(Lstms))]
    public void AWrittenOutLstmBecomesOneSequence(GateLayout layout, int rows)
    {
        int[][] orders = [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0], [1, 0, 3, 2]];
        for (var seed = 0; seed < 8; seed++)
        {
            var sketch = new PassSketch(seed);
            var (x, h, c) = (sketch.Input("x", Shape(rows, 3)), sketch.State("h", Shape(rows, 5)), sketch.State("c", Shape(rows, 5)));
            var (hidden, cell) = WrittenCells.Lstm(sketch, x, h, c, layout, orders[seed % 4]);
            sketch.Next(h, hidden);
            sketch.Next(c, cell);
            sketch.Output("y", sketch.Linear(hidden, 2));
            sketch.Output("c'", cell);
            var graph = PassRuns.Check(CellRecognition.Run, sketch.Build());
            Assert.Equal(["lstm_sequence", "linear"], PassRuns.Operators(graph));
            var sequence = graph.Nodes.OfType<SequenceNode>().Single();
            Assert.Equal(new TensorShape(1, Math.Max(rows, 1), 3), sequence.Input.Shape);
            Assert.NotNull(sequence.InputBias);
        }
    }

    [Theory]
    [MemberData(nameof(Grus))]
    public void AWrittenOutGruBecomesOneSequence(GateLayout layout, GruSpelling spelling, bool resetAfter)
    {
        foreach (var rows in new[] { 0, 1, 2 })
        {
            for (var seed = 0; seed < 4; seed++)
            {
                var sketch = new PassSketch(seed);
                var (x, h) = (sketch.Input("x", Shape(rows, 4)), sketch.State("h", Shape(rows, 3)));
                var hidden = WrittenCells.Gru(sketch, x, h, layout, spelling, resetAfter);
                sketch.Next(h, hidden);
                sketch.Output("y", sketch.Tanh(hidden));
                var graph = PassRuns.Check(CellRecognition.Run, sketch.Build());
                Assert.Equal(["gru_sequence", "tanh"], PassRuns.Operators(graph));
                Assert.Equal(resetAfter, graph.Nodes.OfType<SequenceNode>().Single().ResetAfter);
            }
        }
    }

    [Fact]
    public void AStateAsWideAsTheInputIsTakenForTheHiddenState()
    {
        foreach (var layout in Enum.GetValues<GateLayout>())
        {
            var sketch = new PassSketch((int)layout);
            var (x, h, c) = (sketch.Input("x", 2, 3), sketch.State("h", 1, 2, 3), sketch.State("c", 2, 3));
            var (hidden, cell) = WrittenCells.Lstm(sketch, x, sketch.Emit.Reshape(h, 2, 3), c, layout, [0, 1, 2, 3]);
            sketch.Next(h, sketch.Emit.Reshape(hidden, 1, 2, 3));
            sketch.Next(c, cell);
            sketch.Output("y", hidden);
            var graph = PassRuns.Check(CellRecognition.Run, sketch.Build());
            var sequence = Assert.Single(graph.Nodes.OfType<SequenceNode>());
            var view = Assert.Single(graph.Nodes.OfType<ViewNode>(), node => node.Output == sequence.Hidden);
            Assert.Same(h, view.Input);
        }
    }

    [Fact]
    public void UnitsMayLieInAnyOrderInTheLayers()
    {
        var sketch = new PassSketch(10);
        var (x, h, c) = (sketch.Input("x", 2, 3), sketch.State("h", 2, 4), sketch.State("c", 2, 4));
        var sum = sketch.Add(sketch.Linear(x, 16), sketch.Linear(h, 16));

        // The units' gates one after another, those of the output gate backwards; two gates share an activation.
        var both = sketch.Sigmoid(sketch.Emit.View(sum, new TensorShape(2, 4, 2), [16, 4, 1], 0));
        var (i, f) = (sketch.Emit.View(both, new TensorShape(2, 4), [8, 2], 0), sketch.Emit.View(both, new TensorShape(2, 4), [8, 2], 1));
        var g = sketch.Tanh(sketch.Emit.View(sum, new TensorShape(2, 4), [16, 4], 2));
        var o = sketch.Sigmoid(sketch.Emit.View(sum, new TensorShape(2, 4), [16, -4], 15));
        var cell = sketch.Add(sketch.Multiply(f, c), sketch.Multiply(i, g));
        var hidden = sketch.Multiply(o, sketch.Tanh(cell));
        sketch.Next(h, hidden);
        sketch.Next(c, cell);
        sketch.Output("y", hidden);
        Assert.Equal(["lstm_sequence"], PassRuns.Operators(PassRuns.Check(CellRecognition.Run, sketch.Build())));
    }

    [Fact]
    public void LayersAndStepsThatFeedEachOtherAreCellsOfTheirOwn()
    {
        var sketch = new PassSketch(11);
        var (h, c, g) = (sketch.State("h", 1, 4), sketch.State("c", 1, 4), sketch.State("g", 1, 4));
        var (hidden, cell, upper) = (h, c, g);
        for (var step = 0; step < 3; step++)
        {
            (hidden, cell) = WrittenCells.Lstm(sketch, sketch.Input($"x{step}", 1, 4), hidden, cell, GateLayout.Joined, [0, 1, 2, 3]);
            upper = WrittenCells.Gru(sketch, hidden, upper, GateLayout.Split, GruSpelling.Difference, resetAfter: true);
        }

        sketch.Next(h, hidden);
        sketch.Next(c, cell);
        sketch.Next(g, upper);
        sketch.Output("y", upper);
        Assert.Equal(
            Enumerable.Repeat(new[] { "lstm_sequence", "gru_sequence" }, 3).SelectMany(names => names),
            PassRuns.Operators(PassRuns.Check(CellRecognition.Run, sketch.Build())));
    }

    [Fact]
    public void StatesMayBePartsOfOneTensorAndInputsMayBeSeveral()
    {
        var sketch = new PassSketch(12);
        var state = sketch.State("state", 2, 1, 4);
        Value[] parts = [.. Enumerable.Range(0, 4).Select(part => sketch.Emit.Reshape(sketch.Emit.Slice(state, 0, part / 2, 1), 1, 4))];
        var (x, y) = (sketch.Input("x", 1, 3), sketch.Input("u", 1, 2));
        var product = sketch.Multiply(sketch.Sigmoid(sketch.Linear(sketch.Emit.Concat([x, y, parts[0]], 1), 4)), parts[2]);
        var candidate = sketch.Tanh(sketch.Add(sketch.Linear(y, 4), sketch.Linear(parts[1], 4)));
        var cell = sketch.Add(product, sketch.Multiply(sketch.Sigmoid(sketch.Linear(parts[0], 4)), candidate));
        var hidden = sketch.Multiply(sketch.Tanh(cell), sketch.Sigmoid(sketch.Linear(x, 4)));
        sketch.Next(state, sketch.Emit.Concat([sketch.Emit.Reshape(hidden, 1, 1, 4), sketch.Emit.Reshape(cell, 1, 1, 4)], 0));
        sketch.Output("y", hidden);
        Assert.Equal(["concat", "lstm_sequence", "concat"], PassRuns.Operators(PassRuns.Check(CellRecognition.Run, sketch.Build())));
    }

    [Theory]
    [InlineData("gate is read")]
    [InlineData("gate is an output")]
    [InlineData("layer is read")]
    [InlineData("other activation")]
    [InlineData("peephole")]
    [InlineData("no hidden state")]
    [InlineData("bias of each stream")]
    [InlineData("hidden state of one stream")]
    [InlineData("gate across streams")]
    [InlineData("one row for all units")]
    public void OtherLstmsStay(string form)
    {
        var sketch = new PassSketch(13);
        var (x, h, c) = (sketch.Input("x", 2, 3), sketch.State("h", 2, 4), sketch.State("c", 2, 4));
        var source = form switch
        {
            "no hidden state" => x,
            "hidden state of one stream" => sketch.Emit.Slice(h, 0, 0, 1),
            _ => h,
        };
        var ofX = sketch.Linear(x, 16);
        var sum = sketch.Add(ofX, sketch.Linear(source, 16));
        var i = sketch.Sigmoid(Gate(0));
        var f = sketch.Sigmoid(Gate(1));
        var g = form == "other activation" ? sketch.Emit.Unary(UnaryOperator.Relu, Gate(2)) : sketch.Tanh(Gate(2));
        var cell = sketch.Add(sketch.Multiply(f, c), sketch.Multiply(i, g));
        var o = form switch
        {
            "peephole" => sketch.Sigmoid(sketch.Add(Gate(3), sketch.Linear(cell, 4))),
            "bias of each stream" => sketch.Sigmoid(sketch.Add(Gate(3), sketch.Constant(2, 4))),
            _ => sketch.Sigmoid(Gate(3)),
        };
        var hidden = sketch.Multiply(o, sketch.Tanh(cell));
        sketch.Next(h, hidden);
        sketch.Next(c, cell);
        sketch.Output("y", hidden);
        switch (form)
        {
            case "gate is read":
                sketch.Output("z", sketch.Tanh(f));
                break;
            case "gate is an output":
                sketch.Output("z", o);
                break;
            case "layer is read":
                sketch.Output("z", sketch.Tanh(ofX));
                break;
        }

        PassRuns.CheckUnchanged(CellRecognition.Run, sketch.Build());

        Value Gate(int gate) => (gate, form) switch
        {
            (3, "gate across streams") => sketch.Emit.View(sum, new TensorShape(2, 4), [4, 1], 12),
            (3, "one row for all units") => sketch.Emit.View(sum, new TensorShape(2, 4), [16, 0], 12),
            _ => sketch.Emit.Slice(sum, 1, gate * 4, 4),
        };
    }

    [Theory]
    [InlineData("candidate is read")]
    [InlineData("reset of another state")]
    [InlineData("blend of another state")]
    [InlineData("plain state in the candidate")]
    [InlineData("other blend")]
    [InlineData("candidate without tanh")]
    public void OtherGrusStay(string form)
    {
        var sketch = new PassSketch(14);
        var (x, h, other) = (sketch.Input("x", 1, 3), sketch.State("h", 1, 4), sketch.State("other", 1, 4));
        var r = sketch.Sigmoid(sketch.Add(sketch.Linear(x, 4), sketch.Linear(h, 4)));
        var z = sketch.Sigmoid(sketch.Add(sketch.Linear(x, 4), sketch.Linear(h, 4)));
        var sum = sketch.Add(sketch.Linear(x, 4), sketch.Multiply(r, sketch.Linear(form == "reset of another state" ? other : h, 4)));
        sum = form == "plain state in the candidate" ? sketch.Add(sum, sketch.Linear(h, 4)) : sum;
        var n = form == "candidate without tanh" ? sketch.Sigmoid(sum) : sketch.Tanh(sum);
        var old = form == "blend of another state" ? other : h;
        var one = sketch.Emit.Scalar(form == "other blend" ? 2 : 1);
        var hidden = sketch.Add(sketch.Multiply(sketch.Subtract(one, z), n), sketch.Multiply(z, old));
        sketch.Next(h, hidden);
        sketch.Output("y", hidden);
        if (form == "candidate is read")
        {
            sketch.Output("z", sketch.Tanh(n));
        }

        PassRuns.CheckUnchanged(CellRecognition.Run, sketch.Build());
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(100, false)]
    public void ManyAttemptsThatFailEndTheSearch(int attempts, bool isFound)
    {
        // They share what enters their gates, so that none of them is a cell, and each attempt goes a long way.
        var sketch = new PassSketch(15);
        var (x, c) = (sketch.Input("x", 1, 1), sketch.Input("c", 1, 8));
        var sum = sketch.Linear(x, 8);
        for (var i = 0; i < 80; i++)
        {
            sum = sketch.Add(sum, sketch.Linear(x, 8));
        }

        for (var i = 0; i < attempts; i++)
        {
            var near = sketch.Add(sketch.Multiply(sketch.Sigmoid(sum), c), sketch.Multiply(sketch.Sigmoid(sum), sketch.Tanh(sum)));
            sketch.Output($"y{i}", sketch.Multiply(sketch.Sigmoid(sum), sketch.Tanh(near)));
        }

        var (hidden, cell) = WrittenCells.Lstm(sketch, x, sketch.Input("h", 1, 8), c, GateLayout.Split, [0, 1, 2, 3]);
        sketch.Output("hidden", hidden);
        sketch.Output("cell", cell);
        Assert.Equal(isFound, CellRecognition.Run(sketch.Build()).Nodes.OfType<SequenceNode>().Any());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ThePyTorchCellBecomesOneSequenceAndKeepsItsGoldenOutputs(bool findStates)
    {
        var folder = SharedModels.Folder("torch");
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        var entry = manifest.RootElement.EnumerateArray().Single(test => test.GetProperty("name").GetString() == "lstmcell_step");
        var test = ModelCase.Read(folder, entry, entry.GetProperty("onnx").GetString()!, 0, entry.GetProperty("atol").GetDouble());
        var model = OnnxReader.Read(File.ReadAllBytes(test.Model), folder, new RnnImportLimits());
        var graph = PassRuns.Check(CellRecognition.Run, OnnxImporter.Translate(model, test.Options(findStates)));
        Assert.Single(graph.Nodes.OfType<SequenceNode>());
        Assert.DoesNotContain(graph.Nodes, node => node is UnaryNode { Function: UnaryOperator.Sigmoid or UnaryOperator.Tanh });
        using var bound = RnnModel.FromGraph(graph);
        test.Check(bound);
    }

    private static int[] Shape(int rows, int features) => rows == 0 ? [features] : [rows, features];
}
