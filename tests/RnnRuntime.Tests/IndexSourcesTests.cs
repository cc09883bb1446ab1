using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>Indices are found where they enter, and refused where a session could not check them.</summary>
public sealed class IndexSourcesTests
{
    [Fact]
    public void LimitsReachInputsThroughDataMovementAndTheSmallestHolds()
    {
        var sketch = new GraphSketch();
        var (a, b) = (sketch.Input("a", TensorType.Int32, 2), sketch.Input("b", TensorType.Int32, 2));
        var (c, rate) = (sketch.Input("c", TensorType.Int32, 2), sketch.Input("rate", TensorType.Int32));
        var data = sketch.Input("data", TensorType.Float32, 4, 7);
        var view = sketch.Add("view", (name, output) => new ViewNode(name, a, output, [-1], 1), TensorType.Int32, 2);
        var joined = sketch.Add("joined", (name, output) => new ConcatNode(name, [view, b], output, 0), TensorType.Int32, 4);
        var picked = sketch.Add("picked", (name, output) => new PickNode(name, [joined, c], output, sketch.Integers(-1, 5, 0), 3), TensorType.Int32, 3);
        sketch.Output("columns", sketch.Add("columns", (name, output) => new GatherNode(name, data, picked, output, 1), 4, 3));
        sketch.Output("rows", sketch.Add("rows", (name, output) => new GatherNode(name, data, b, output, 0), 2, 7));
        sketch.Output("table", sketch.Add("table", (name, output) => new EmbeddingNode(name, c, output, new Weights(sketch.Floats(9, 1))), 2, 1));
        sketch.Output("rate", sketch.Add("cast", (name, output) => new CastNode(name, rate, output)));
        var graph = sketch.Build();
        GraphValidator.Validate(graph);
        Assert.Equal([("a", 7), ("b", 4), ("c", 7)], IndexSources.InputLimits(graph).Select(pair => (pair.Key.Name, pair.Value)).Order());
        var fill = Assert.Single(IndexSources.Of(graph), source => source.Origin >= 0);
        Assert.Equal(("picked", "columns", 7), (graph.Nodes[fill.Origin].Name, graph.Nodes[fill.Consumer].Name, fill.Limit));
    }

    [Theory]
    [InlineData("cast", "graph.nodes[2]", "inputs.indices", "indices that cast \"source\" computes")]
    [InlineData("gather", "graph.nodes[2]", "inputs.indices", "indices that gather \"source\" computes")]
    [InlineData("constant 4", "graph.nodes[0]", "tensors.data", "4")]
    [InlineData("constant -1", "graph.nodes[0]", "tensors.data", "-1")]
    [InlineData("fill 4", "graph.nodes[0]", "attributes.fill", "4")]
    [InlineData("fill -1", "graph.nodes[0]", "attributes.fill", "-1")]
    [InlineData("constant 3", null, null, null)]
    [InlineData("fill 3", null, null, null)]
    public void IndicesThatNobodyChecksAreRefused(string origin, string? section, string? field, string? found)
    {
        var sketch = new GraphSketch();
        var x = sketch.Input("x", TensorType.Float32, 2);
        var ids = sketch.Input("ids", TensorType.Int32, 2);
        var number = int.TryParse(origin.Split(' ')[^1], out var parsed) ? parsed : 0;
        var indices = sketch.Add("source", (name, output) => origin.Split(' ')[0] switch
        {
            "cast" => new CastNode(name, x, output),
            "gather" => new GatherNode(name, ids, ids, output, 0),
            "constant" => new ConstantNode(name, output, sketch.Integers(0, number)),
            _ => new PickNode(name, [ids], output, sketch.Integers(0, -1), number),
        }, TensorType.Int32, 2);
        var moved = sketch.Add("moved", (name, output) => new ViewNode(name, indices, output, [1], 0), TensorType.Int32, 2);
        sketch.Output("y", sketch.Add("look_up", (name, output) => new EmbeddingNode(name, moved, output, new Weights(sketch.Floats(4, 3))), 2, 3));
        if (section is null)
        {
            GraphValidator.Validate(sketch.Build());
            return;
        }

        var exception = Assert.Throws<RnnFormatException>(() => GraphValidator.Validate(sketch.Build()));
        Assert.Equal((section, field, found), (exception.Section, exception.Field, exception.Found));
    }

    /// <summary>Each of many look-ups reads the end of one long chain, and all share one map: walking each look-up's chain would take 900 million steps.</summary>
    [Fact]
    public void ManyLookUpsAtTheEndOfALongChainAreValid()
    {
        const int Length = 30_000;
        var sketch = new GraphSketch();
        var value = sketch.Input("ids", TensorType.Int32, 200);
        var map = sketch.Integers([.. Enumerable.Range(0, 200)]);
        var table = sketch.Floats(2, 1);
        for (var i = 0; i < Length; i++)
        {
            var input = value;
            value = sketch.Add($"pick{i}", (name, output) => new PickNode(name, [input], output, map, 0), TensorType.Int32, 200);
        }

        for (var i = 0; i < Length; i++)
        {
            sketch.Add($"embedding{i}", (name, output) => new EmbeddingNode(name, value, output, new Weights(table)), 200, 1);
        }

        sketch.Output("y", value);
        var graph = sketch.Build();
        GraphValidator.Validate(graph);
        Assert.Equal(Length + 1, IndexSources.Of(graph).Length);
    }
}
