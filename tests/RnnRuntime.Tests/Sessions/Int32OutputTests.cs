using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Int32 outputs: the numbers themselves, and no number under another type's name.</summary>
public sealed class Int32OutputTests
{
    private static RnnGraph Graph()
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Float32, 3);
        sketch.Output("same", sketch.Input("ids", TensorType.Int32, 2));
        sketch.Output("x", x);
        return sketch.Build();
    }

    [Fact]
    public void NumbersComeOutAsTheyWentIn()
    {
        using var model = RnnModel.FromGraph(Graph());
        using var session = model.CreateSession(streams: 2, chunkLength: 3);
        int[] ids = [0, -1, int.MinValue, int.MaxValue, 1, 0x7FC0_0001, -3, 8, 9, 10, 11, 12];
        session.SetInput("ids", ids);
        session.SetInput("x", new float[18]);
        session.Run(3);
        var byIndex = new int[12];
        session.GetOutput(0, byIndex);
        Assert.Equal(ids, byIndex);
        var byName = new int[12];
        session.GetOutput("same", byName);
        Assert.Equal(ids, byName);
    }

    [Fact]
    public void AnotherTypeOrLengthIsRefused()
    {
        using var model = RnnModel.FromGraph(Graph());
        using var session = model.CreateSession(chunkLength: 1);
        Assert.Contains("no named call", Assert.Throws<InvalidOperationException>(() => session.GetOutput(0, new int[2])).Message, StringComparison.Ordinal);
        session.SetInput("ids", [1, 2]);
        session.SetInput("x", new float[3]);
        session.Run();
        Assert.Contains("'same' is Int32; found Float32", Assert.Throws<InvalidOperationException>(() => session.GetOutput("same", new float[2])).Message, StringComparison.Ordinal);
        Assert.Contains("'x' is Float32; found Int32", Assert.Throws<InvalidOperationException>(() => session.GetOutput("x", new int[3])).Message, StringComparison.Ordinal);
        Assert.Contains("found room for 1", Assert.Throws<ArgumentException>(() => session.GetOutput("same", new int[1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => session.GetOutput(2, new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.GetOutput(-1, new int[2]));
        Assert.Contains("no output 'z'", Assert.Throws<ArgumentException>(() => session.GetOutput("z", new int[2])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PlainRunIsForFloatOutputs()
    {
        var sketch = new GraphSketch();
        sketch.Output("y", sketch.Input("x", TensorType.Int32, 2));
        using var model = RnnModel.FromGraph(sketch.Build());
        using var session = model.CreateSession();
        Assert.Contains("Output 'y' is Int32", Assert.Throws<InvalidOperationException>(() => session.Run([1, 2], new float[2])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GoldenNumbersAreEqualOrNamed()
    {
        var graph = Graph();
        var golden = SampleGraphs.Golden(graph, 2);
        byte[] ids = [1, 0, 0, 0, 2, 0, 0, 1, 3, 0, 0, 0, 4, 0, 0, 0];
        golden = golden with
        {
            Inputs = golden.Inputs.SetItem("ids", golden.Inputs["ids"] with { Data = ids }),
            Outputs = golden.Outputs.SetItem("same", golden.Outputs["same"] with { Data = ids }),
        };
        using (var model = RnnModel.Load(SampleGraphs.Write(graph, golden), new RnnOptions { VerifyGolden = true }))
        {
            Assert.Equal(0, model.VerifyGolden());
        }

        golden = golden with { Outputs = golden.Outputs.SetItem("same", golden.Outputs["same"] with { Data = (byte[])[.. ids[..12], 5, 0, 0, 0] }) };
        var exception = Assert.Throws<RnnFormatException>(() => RnnModel.Load(SampleGraphs.Write(graph, golden), new RnnOptions { VerifyGolden = true }));
        Assert.Equal(("golden.output.same[3]", "4", "5"), (exception.Field, exception.Found, exception.Expected));
    }

    [Fact]
    public void ReadingAllocatesNothing()
    {
        using var model = RnnModel.FromGraph(Graph());
        using var session = model.CreateSession(chunkLength: 1);
        var ids = new int[2];
        var x = new float[3];
        Assert.Equal(0, Allocations.Of(() =>
        {
            session.SetInput(0, x);
            session.SetInput(1, ids);
            session.Run();
            session.GetOutput(0, ids);
        }));
    }
}
