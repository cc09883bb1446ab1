using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class ViewCompositionTests
{
    [Fact]
    public void AViewOfAViewIsOne()
    {
        var sketch = new PassSketch(1);
        var x = sketch.Input("x", 4, 6);
        var y = sketch.Emit.Transpose(sketch.Emit.Slice(sketch.Emit.Transpose(x, 1, 0), 0, 1, 3), 1, 0);
        sketch.Output("y", y);
        var view = Assert.IsType<ViewNode>(Composed(sketch).Nodes.Single());
        Assert.Equal((x, 1), (view.Input, view.Offset));
        Assert.Equal([6, 1], view.Strides);
    }

    [Fact]
    public void ARunOfAViewIsThatRunOfTheInput()
    {
        var sketch = new PassSketch(2);
        var x = sketch.Input("x", 4, 6);
        sketch.Output("y", sketch.Emit.Transpose(sketch.Emit.Reshape(sketch.Emit.Slice(x, 0, 2, 2), 3, 4), 1, 0));
        var view = Assert.IsType<ViewNode>(Composed(sketch).Nodes.Single());
        Assert.Equal((x, 12), (view.Input, view.Offset));
        Assert.Equal([1, 4], view.Strides);
    }

    [Fact]
    public void WhatStridesCannotSayStaysTwoViews()
    {
        var sketch = new PassSketch(3);
        sketch.Output("y", sketch.Emit.Reshape(sketch.Emit.Transpose(sketch.Input("x", 2, 3), 1, 0), 6));
        Assert.Equal(2, Composed(sketch).Nodes.Length);
    }

    [Fact]
    public void ViewsThatUndoEachOtherAreNone()
    {
        var sketch = new PassSketch(4);
        var x = sketch.Input("x", 2, 3, 4);
        var y = sketch.Emit.Transpose(sketch.Emit.Transpose(x, 2, 0, 1), 1, 2, 0);
        sketch.Output("y", sketch.Tanh(y));
        sketch.Output("x", y);
        var graph = Composed(sketch);
        Assert.Equal(["tanh"], PassBits.Operators(graph));
        Assert.Equal(x, graph.OutputValues[1].Value);
    }

    [Fact]
    public void AStateThatAViewOfNothingReplacesIsReplacedByItsInput()
    {
        var sketch = new PassSketch(5);
        var (x, state) = (sketch.Input("x", 2, 3), sketch.State("memory", 2, 3));
        sketch.Next(state, sketch.Emit.Reshape(sketch.Emit.Reshape(x, 6), 2, 3));
        sketch.Output("y", sketch.Emit.Reshape(sketch.Emit.Reshape(state, 3, 2), 2, 3));
        Assert.Empty(Composed(sketch).Nodes);
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 2)]
    [InlineData(2, 1)]
    public void AViewOfAConstantIsAConstant(int stride, int offset)
    {
        var sketch = new PassSketch(6);
        var view = sketch.Emit.View(sketch.Constant(6), new TensorShape(3), [stride], offset);
        sketch.Output("y", sketch.Add(sketch.Input("x", 3), view));
        Assert.Equal(["constant", "add"], PassBits.Operators(Composed(sketch)));
    }

    [Fact]
    public void AViewOfIndicesThatAreConstantIsAConstant()
    {
        var sketch = new PassSketch(7);
        var ids = sketch.Emit.ValueOf(new Constant("ids", TensorType.Int32, new TensorShape(3), new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 }));
        var (x, reversed) = (sketch.Input("x", 3), sketch.Emit.View(ids, new TensorShape(3), [-1], 2));
        var y = GraphSketch.New("y", 3);
        sketch.Emit.Add(new GatherNode("gather", x, reversed, y, 0));
        sketch.Output("y", y);
        Assert.Equal(["constant", "gather"], PassBits.Operators(Composed(sketch)));
    }

    /// <summary>Names of new constants are free, whatever the graph calls its own.</summary>
    [Fact]
    public void AConstantGetsANameOfItsOwn()
    {
        var sketch = new PassSketch(8);
        var view = sketch.Emit.View(sketch.Constant(6), new TensorShape(3), [2], 0);
        foreach (var name in new[] { $"{view.Name}.constant", $"{view.Name}'1", view.Name })
        {
            var taken = sketch.Emit.ValueOf(sketch.Numbers(3) with { Name = name });
            view = sketch.Add(view, taken);
        }

        sketch.Output("y", sketch.Add(sketch.Input("x", 3), view));
        Composed(sketch);
    }

    [Fact]
    public void ALongNameOfAViewStillNamesItsConstant()
    {
        var sketch = new PassSketch(9);
        var y = sketch.Input("x", 2);
        foreach (var name in new[] { $"a{new string('n', Names.MaxLength - 1)}", $"b{new string('n', Names.MaxLength - 1)}", $"{Names.ReservedPrefix}view", $"{Names.GoldenPrefix}view" })
        {
            var view = GraphSketch.New(name, 2);
            sketch.Emit.Add(new ViewNode(name, sketch.Constant(3), view, [1], 1));
            y = sketch.Add(y, view);
        }

        sketch.Output("y", y);
        Assert.Equal(4, Composed(sketch).Nodes.Count(node => node is ConstantNode));
    }

    [Fact]
    public void ManyViewsInARowAreComposed()
    {
        var sketch = new PassSketch(10);
        var x = sketch.Input("x", 7, 5);
        for (var i = 0; i < 4000; i++)
        {
            x = i % 2 == 0 ? sketch.Emit.Transpose(x, 1, 0) : sketch.Emit.Reshape(x, 7, 5);
        }

        sketch.Output("y", x);
        var graph = ViewComposition.Run(sketch.Build());
        GraphValidator.Validate(graph);
        Assert.InRange(graph.Nodes.Length, 1, 4000);
    }

    private static RnnGraph Composed(PassSketch sketch)
    {
        var before = sketch.Build();
        var after = PassBits.Check(ViewComposition.Run, before);
        return DeadCode.Run(after);
    }
}
