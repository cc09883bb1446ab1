using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class SequenceToCellTests
{
    private const int Features = 5;
    private const int Units = 11;

    public static TheoryData<string> Cells => [.. Enum.GetNames<SequenceCell>()];

    [Theory]
    [MemberData(nameof(Cells))]
    public void OneStepOfOneStreamIsACellWithItsOwnState(string name)
    {
        var cell = Enum.Parse<SequenceCell>(name);
        // As ONNX files have it: states of [layers, N, H], an input of [T, N, I].
        var sketch = new PassSketch(1);
        AddSequence(sketch, cell, wholeState: true);
        var before = sketch.Build();
        var after = PassBits.Check(SequenceToCell.Run, before);
        Assert.Equal(Operator(cell), PassBits.Operators(after).Single(each => each is not ("view" or "sigmoid")));
        Assert.All(after.States, state => Assert.Equal(new TensorShape(Units), state.Shape));
        Assert.True(HasFeedback(before));
        Assert.False(HasFeedback(after));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void AStateThatOthersReadKeepsItsShape(string name)
    {
        var cell = Enum.Parse<SequenceCell>(name);
        var sketch = new PassSketch(2);
        var state = AddSequence(sketch, cell, wholeState: true);
        sketch.Output("before", sketch.Tanh(state));
        var after = PassBits.Check(SequenceToCell.Run, sketch.Build());
        Assert.Contains(Operator(cell), PassBits.Operators(after));
        Assert.Equal(new TensorShape(1, 1, Units), after.States[0].Shape);
    }

    [Fact]
    public void AStateThatHoldsTwoKeepsItsShape()
    {
        var sketch = new PassSketch(3);
        AddSequence(sketch, SequenceCell.Lstm, wholeState: false);
        var after = PassBits.Check(SequenceToCell.Run, sketch.Build());
        Assert.Contains("lstm", PassBits.Operators(after));
        Assert.Equal(new TensorShape(2, 1, Units), after.States.Single().Shape);
    }

    [Fact]
    public void AnInitialStateTakesTheCellsShapeAndOneThatIsSharedStaysToo()
    {
        var sketch = new PassSketch(4);
        var state = AddSequence(sketch, SequenceCell.Gru, wholeState: true);
        var other = sketch.State("other", 1, 1, Units);
        sketch.Output("other", sketch.Tanh(other));
        sketch.Next(other, state);
        var graph = sketch.Build();
        var initial = sketch.Numbers(1, 1, Units);
        var withInitial = new RnnGraph(
            graph.InputValues, graph.OutputValues, [.. graph.StateVariables.Select(each => each with { Initial = initial })], graph.Nodes, graph.Metadata);
        PassBits.Check(SequenceToCell.Run, withInitial);

        // Now nothing but the cell reads the first state, so that only this one takes another shape.
        var apart = new RnnGraph(
            graph.InputValues, graph.OutputValues,
            [.. withInitial.StateVariables.Select(each => each.Name == "other" ? each with { Output = each.Input } : each)], graph.Nodes, graph.Metadata);
        var after = PassBits.Check(SequenceToCell.Run, apart);
        Assert.Equal([new TensorShape(Units), new TensorShape(1, 1, Units)], after.States.Select(each => each.Shape));
        Assert.Equal(after.StateVariables[0].Initial!.Data, after.StateVariables[1].Initial!.Data);
    }

    public static TheoryData<string> Others => ["steps", "streams", "lengths", "clip", "peepholes", "input_forget", "activations"];

    [Theory]
    [MemberData(nameof(Others))]
    public void WhatACellCannotSayStaysASequence(string kind)
    {
        var made = new SequenceCaseOf(kind).Graph();
        Assert.Contains("lstm_sequence", PassBits.Operators(PassBits.Check(SequenceToCell.Run, made)));
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void PlainCellsOfEveryFormGiveTheSameBits(string name)
    {
        var cell = Enum.Parse<SequenceCell>(name);
        for (var seed = 1; seed <= 6; seed++)
        {
            foreach (var feedback in new[] { false, true })
            {
                var made = new Tests.Sessions.SequenceCase(seed, cell, TimeSteps: 1, Streams: 1, Features: seed, Units: 3 * seed)
                {
                    Reverse = seed % 2 == 0,
                    Bias = seed % 3 != 0,
                    ResetAfter = cell == SequenceCell.Gru && seed % 2 == 0,
                    Int8 = seed % 4 == 0,
                    Feedback = feedback,
                };
                var after = PassBits.Check(SequenceToCell.Run, made.Graph(), $"{made}");
                Assert.Contains(Operator(cell), PassBits.Operators(after));
            }
        }
    }

    /// <summary>A sequence of one step that reads reshaped states and writes them back; returns the first state.</summary>
    private static Value AddSequence(PassSketch sketch, SequenceCell cell, bool wholeState)
    {
        var (emit, isLstm, gates) = (sketch.Emit, cell == SequenceCell.Lstm, SequenceNode.GatesOf(cell));
        var x = emit.Reshape(sketch.Input("x", 1, Features), 1, 1, Features);
        var state = sketch.State("h0", wholeState ? 1 : 2, 1, Units);
        var cells = isLstm && wholeState ? sketch.State("c0", 1, 1, Units) : state;
        var hidden = emit.Reshape(emit.Slice(state, 0, 0, 1), 1, Units);
        var cellState = isLstm ? emit.Reshape(emit.Slice(cells, 0, wholeState ? 0 : 1, 1), 1, Units) : null;
        var (y, newHidden) = (GraphSketch.New("sequence.y", 1, 1, Units), GraphSketch.New("sequence.h", 1, Units));
        var newCell = isLstm ? GraphSketch.New("sequence.c", 1, Units) : null;
        emit.Add(new SequenceNode(
            "sequence", cell, x, null, hidden, cellState, y, newHidden, newCell, new Weights(sketch.Numbers(gates * Units, Features), null),
            new Weights(sketch.Numbers(gates * Units, Units), null), sketch.Numbers(gates * Units), null, null, null,
            SequenceNode.DefaultActivations(cell), 0, false, false, false));
        var last = emit.Reshape(newHidden, 1, 1, Units);
        if (wholeState)
        {
            sketch.Next(state, last);
        }
        else
        {
            sketch.Next(state, emit.Concat([last, emit.Reshape(newCell!, 1, 1, Units)], 0));
        }

        if (isLstm && wholeState)
        {
            sketch.Next(cells, emit.Reshape(newCell!, 1, 1, Units));
        }

        sketch.Output("y", sketch.Sigmoid(emit.Reshape(y, 1, Units)));
        return state;
    }

    private static string Operator(SequenceCell cell) => $"{cell}".ToLowerInvariant();

    private static bool HasFeedback(RnnGraph graph)
    {
        using var model = RnnModel.FromGraph(graph);
        return model.Plan.HasFeedback;
    }

    /// <summary>An LSTM that has one thing that the cell node lacks.</summary>
    private sealed record SequenceCaseOf(string Kind)
    {
        public RnnGraph Graph() => (new Tests.Sessions.SequenceCase(1, SequenceCell.Lstm, Kind == "steps" ? 2 : 1, Kind == "streams" ? 2 : 1, 3, 7)
        {
            Lengths = Kind == "lengths",
            Clip = Kind == "clip" ? 0.5f : 0,
            Peepholes = Kind == "peepholes",
            InputForget = Kind == "input_forget",
            Activations = Kind == "activations" ? [new(UnaryOperator.HardSigmoid, 0.2f, 0.5f), new(UnaryOperator.Tanh), new(UnaryOperator.Tanh)] : SequenceNode.DefaultActivations(SequenceCell.Lstm),
        }).Graph();
    }
}
