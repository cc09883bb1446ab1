using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class DeadCodeTests
{
    [Fact]
    public void WhatNothingNeedsGoesAndTheRestKeepsItsOrder()
    {
        var sketch = new PassSketch(1);
        var x = sketch.Input("x", 4);
        sketch.Sigmoid(sketch.Linear(x, 3));
        var kept = sketch.Tanh(x);
        sketch.Add(kept, sketch.Constant(4));
        sketch.Output("y", sketch.Subtract(kept, x));
        Assert.Equal(["tanh", "subtract"], PassBits.Operators(PassBits.Check(DeadCode.Run, sketch.Build())));
    }

    [Fact]
    public void WhatAStateNeedsStays()
    {
        var sketch = new PassSketch(2);
        var (x, state) = (sketch.Input("x", 4), sketch.State("memory", 4));
        sketch.Next(state, sketch.Tanh(sketch.Add(state, x)));
        sketch.Output("y", x);
        var graph = sketch.Build();
        Assert.Same(graph, DeadCode.Run(graph));
    }

    [Fact]
    public void ANodeOfWhichOneOutputIsNeededStays()
    {
        var sketch = new PassSketch(3);
        var (hidden, cell) = (GraphSketch.New("hidden", 3), GraphSketch.New("cell", 3));
        sketch.Emit.Add(new RnnRuntime.Graph.LstmNode(
            "lstm", sketch.Input("x", 2), sketch.Constant(3), sketch.Constant(3), hidden, cell, new(sketch.Numbers(12, 2), null), new(sketch.Numbers(12, 3), null), null));
        sketch.Tanh(hidden);
        sketch.Output("y", cell);
        Assert.Equal(["constant", "constant", "lstm"], PassBits.Operators(PassBits.Check(DeadCode.Run, sketch.Build())));
    }

    [Fact]
    public void AGraphOfNeededNodesOnlyIsItself()
    {
        var sketch = new PassSketch(4);
        sketch.Output("y", sketch.Sigmoid(sketch.Tanh(sketch.Input("x", 4))));
        var graph = sketch.Build();
        Assert.Same(graph, DeadCode.Run(graph));
    }
}
