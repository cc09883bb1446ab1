using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class TransposeSinkingTests
{
    [Fact]
    public void ATranspositionMovesBehindAFunctionAndMeetsItsInverse()
    {
        var sketch = new PassSketch(1);
        var x = sketch.Emit.Transpose(sketch.Input("x", 2, 3, 4), 0, 2, 1);
        sketch.Output("y", sketch.Emit.Transpose(sketch.Tanh(x), 0, 2, 1));
        Assert.Equal(["tanh"], Cleaned(sketch));
    }

    [Fact]
    public void ItMovesThroughAChainWithConstantsAndNumbers()
    {
        var sketch = new PassSketch(2);
        var (x, z) = (sketch.Emit.Transpose(sketch.Input("x", 3, 4, 5), 0, 2, 1), sketch.Emit.Transpose(sketch.Input("z", 3, 4, 5), 0, 2, 1));
        var y = sketch.Multiply(sketch.Add(x, sketch.Constant(5, 1)), sketch.Constant(3, 5, 4));
        y = sketch.Emit.Select(z, sketch.Subtract(y, sketch.Emit.Scalar(0.5f)), sketch.Multiply(x, x));
        sketch.Output("y", sketch.Emit.Transpose(sketch.Sigmoid(y), 0, 2, 1));
        Assert.DoesNotContain("view", Cleaned(sketch));
    }

    [Fact]
    public void AConstantOfFewerAxesIsMovedToo()
    {
        var sketch = new PassSketch(3);
        var x = sketch.Emit.Transpose(sketch.Input("x", 4, 2, 3), 2, 0, 1);
        sketch.Output("y", sketch.Emit.Transpose(sketch.Add(x, sketch.Constant(2)), 1, 2, 0));
        Assert.DoesNotContain("view", Cleaned(sketch));
    }

    [Fact]
    public void AFunctionOfAPartOfATranspositionReadsThatPart()
    {
        var sketch = new PassSketch(4);
        var x = sketch.Emit.Slice(sketch.Emit.Transpose(sketch.Input("x", 2, 6, 4), 0, 2, 1), 2, 1, 3);
        sketch.Output("y", sketch.Emit.Transpose(sketch.Tanh(x), 0, 2, 1));
        Assert.Equal(["view", "tanh"], Cleaned(sketch));
    }

    [Fact]
    public void OperandsInDifferentOrdersStay()
    {
        var sketch = new PassSketch(5);
        var (x, z) = (sketch.Emit.Transpose(sketch.Input("x", 3, 3, 3), 0, 2, 1), sketch.Emit.Transpose(sketch.Input("z", 3, 3, 3), 2, 1, 0));
        sketch.Output("y", sketch.Add(x, z));
        Unchanged(sketch);
    }

    [Fact]
    public void AnOperandThatIsNotTransposedStays()
    {
        var sketch = new PassSketch(6);
        sketch.Output("y", sketch.Add(sketch.Emit.Transpose(sketch.Input("x", 3, 3), 1, 0), sketch.Input("z", 3, 3)));
        Unchanged(sketch);
    }

    [Fact]
    public void AnOperandThatIsRepeatedStays()
    {
        var sketch = new PassSketch(7);
        var row = sketch.Emit.View(sketch.Input("z", 6), new TensorShape(1, 3), [0, 2], 0);
        sketch.Output("y", sketch.Add(sketch.Emit.Transpose(sketch.Input("x", 3, 4), 1, 0), row));
        Unchanged(sketch);
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(-1, 4, 3)]
    public void ViewsThatRepeatOrRunBackwardStay(int first, int second, int offset)
    {
        var sketch = new PassSketch(8);
        sketch.Output("y", sketch.Tanh(sketch.Emit.View(sketch.Input("x", 20), new TensorShape(4, 3), [first, second], offset)));
        Unchanged(sketch);
    }

    [Fact]
    public void ComparisonsOfIntegersStay()
    {
        var sketch = new GraphSketch();
        var ids = sketch.Input("ids", TensorType.Int32, 2, 3);
        var transposed = sketch.Add("transposed", (name, output) => new ViewNode(name, ids, output, [1, 3], 0), TensorType.Int32, 3, 2);
        sketch.Output("y", sketch.Add("equal", (name, output) => new BinaryNode(name, BinaryOperator.Equal, transposed, transposed, output), 3, 2));
        Assert.Equal(["view", "equal"], PassBits.Operators(PassBits.Check(TransposeSinking.Run, sketch.Build())));
    }

    private static void Unchanged(PassSketch sketch)
    {
        var graph = sketch.Build();
        Assert.Equal(graph.Nodes, PassBits.Check(TransposeSinking.Run, graph).Nodes);
    }

    /// <summary>The operators after the pass and the one that drops what has met, without constants.</summary>
    private static IEnumerable<string> Cleaned(PassSketch sketch)
    {
        var graph = DeadCode.Run(ViewComposition.Run(PassBits.Check(TransposeSinking.Run, ViewComposition.Run(sketch.Build()))));
        return PassBits.Operators(graph).Where(name => name != "constant").ToList();
    }
}
