using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

public sealed class GraphBuilderTests
{
    [Fact]
    public void StackedLayersHaveTheirOwnNamesStatesAndShapes()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        var first = builder.Lstm(x, 4, new float[16 * 3], new float[16 * 4], new float[16]);
        var second = builder.Lstm(first, 5, new float[20 * 4], new float[20 * 5]);
        var third = builder.Gru(second, 2, new float[6 * 5], new float[6 * 2], new float[6], new float[6], resetAfter: false);
        var fourth = builder.Rnn(third, 7, new float[7 * 2], new float[7 * 7], activation: RnnActivation.Relu);
        builder.Output("y", builder.Linear(fourth, 6, new float[6 * 7]));
        var graph = builder.Build();

        Assert.Equal(["lstm1", "lstm2", "gru1", "rnn1", "linear1"], graph.Nodes.Select(node => node.Name));
        Assert.Equal(["lstm1.h", "lstm1.c", "lstm2.h", "lstm2.c", "gru1.h", "rnn1.h"], graph.States.Select(state => state.Name));
        Assert.Equal([4, 4, 5, 5, 2, 7], graph.States.Select(state => state.Shape.ElementCount));
        Assert.Equal(new TensorShape(6), graph.Outputs.Single().Shape);
        Assert.False(Assert.IsType<GruNode>(graph.Nodes[2]).ResetAfter);
        Assert.Equal(UnaryOperator.Relu, Assert.IsType<RnnNode>(graph.Nodes[3]).Activation);
        Assert.Null(Assert.IsType<LstmNode>(graph.Nodes[1]).Bias);
        Assert.All(graph.StateVariables, state => Assert.Contains(graph.Nodes, node => node.Outputs.Contains(state.Output)));
    }

    [Fact]
    public void WeightsAreCopied()
    {
        float[] weights = [1, 2, 3, 4];
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Linear(builder.Input("x", 2), 2, weights));
        weights.AsSpan().Fill(9);
        var stored = builder.Build().Nodes[0].Constants[0].Data.ToArray();
        Assert.Equal([1f, 2f, 3f, 4f], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(stored).ToArray());
    }

    [Fact]
    public void ConvolutionAndDelayKeepTheirTapsAsState()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        builder.Output("pointwise", builder.CausalConv1d(x, 2, 1, new float[6], dilation: 4));
        builder.Output("wide", builder.CausalConv1d(x, 2, 3, new float[18], new float[2], dilation: 4));
        builder.Output("late", builder.Delay(x, 6));
        var graph = builder.Build();
        Assert.Equal(["causal_conv1d2.taps [8, 3]", "delay1.taps [6, 3]"], graph.States.Select(state => $"{state.Name} {state.Shape}"));
        Assert.Equal(new TensorShape(2, 9), graph.Nodes[1].Constants[0].Shape);
    }

    [Fact]
    public void ShapesFollowTheOperators()
    {
        var builder = new RnnGraphBuilder();
        var ids = builder.InputIndices("ids", 4);
        var rows = builder.Embedding(ids, 10, 3, new float[30]);
        var mixed = builder.Add(rows, builder.Constant([1, 2, 3], 3));
        var scaled = builder.Multiply(builder.Tanh(mixed), builder.Constant([2]));
        var projected = builder.Linear(scaled, 5, new float[15]);
        Assert.Equal(new TensorShape(4, 3), scaled.Shape);
        Assert.Equal(new TensorShape(4, 3), builder.Subtract(builder.Constant([1]), rows).Shape);
        Assert.Equal(new TensorShape(2, 4, 3), builder.Add(builder.Constant([1, 2], 2, 1, 1), rows).Shape);
        Assert.Equal(new TensorShape(4, 5), builder.LogSoftmax(projected).Shape);
        Assert.Equal(TensorType.Int32, ids.Type);
    }

    [Fact]
    public void FeedbackStateIsReadBeforeItIsReplaced()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 2);
        var sum = builder.State("sum", 2);
        var next = builder.Add(sum, x);
        builder.SetNextState(sum, next);
        builder.Output("y", next);
        var state = builder.Build().StateVariables.Single();
        Assert.Equal(("sum", "sum.in", next.Name), (state.Name, state.Input.Name, state.Output.Name));
    }

    [Theory]
    [InlineData("lstm input weights", "47 values", "[4 * hiddenSize, 3] = 48 values")]
    [InlineData("lstm recurrent weights", "63 values", "[4 * hiddenSize, hiddenSize] = 64 values")]
    [InlineData("lstm bias", "4 values", "[4 * hiddenSize] = 16 values or none")]
    [InlineData("gru recurrent bias", "1 values", "[3 * hiddenSize] = 12 values or none")]
    [InlineData("rnn input weights", "11 values", "[hiddenSize, 3] = 12 values")]
    [InlineData("linear weights", "5 values", "[outputSize, 3] = 6 values")]
    [InlineData("embedding table", "7 values", "[count, size] = 8 values")]
    [InlineData("embedding of floats", "float32", "int32")]
    [InlineData("convolution weights", "10 values", "[filters, kernelSize, 3] = 12 values")]
    [InlineData("convolution too long", "2147483646 steps of 3 channels", "at most 2147483647 elements")]
    [InlineData("constant", "2 values", "[3] = 3 values")]
    [InlineData("hidden size", "0", "at least 1")]
    [InlineData("huge hidden size", "0 values", "= 25769803764 values")]
    [InlineData("not a number", "NaN at index 1", "finite")]
    [InlineData("broadcast", "[2]", "a shape that broadcasts with [3]")]
    [InlineData("matrix into a cell", "float32 [2, 3]", "float32 of one extent")]
    [InlineData("delay steps", "0", "at least 1")]
    [InlineData("next state", "float32 [3]", "float32 [2]")]
    [InlineData("rank", "9", "at most 8")]
    [InlineData("layer norm scale", "2 values", "[3] = 3 values or none")]
    [InlineData("layer norm epsilon", "-1", "at least 0")]
    [InlineData("concat of nothing", "none", "at least one part")]
    [InlineData("concat of two ranks", "[2, 3]", "1 extents as the first part")]
    [InlineData("slope", "NaN", "finite")]
    [InlineData("slopes", "[2]", "a shape that broadcasts with [3]")]
    [InlineData("initial state name", "\"lstm1.x\"", "the name of a state")]
    [InlineData("initial state length", "2 values", "[4] = 4 values")]
    public void WrongArgumentNamesFoundAndExpected(string what, string found, string expected)
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        var exception = Assert.Throws<ArgumentException>(() => what switch
        {
            "lstm input weights" => builder.Lstm(x, 4, new float[47], new float[64]),
            "lstm recurrent weights" => builder.Lstm(x, 4, new float[48], new float[63]),
            "lstm bias" => builder.Lstm(x, 4, new float[48], new float[64], new float[4]),
            "gru recurrent bias" => builder.Gru(x, 4, new float[36], new float[48], recurrentBias: new float[1]),
            "rnn input weights" => builder.Rnn(x, 4, new float[11], new float[16]),
            "linear weights" => builder.Linear(x, 2, new float[5]),
            "embedding table" => builder.Embedding(builder.InputIndices("i"), 4, 2, new float[7]),
            "embedding of floats" => builder.Embedding(x, 4, 2, new float[8]),
            "convolution weights" => builder.CausalConv1d(x, 2, 2, new float[10]),
            "convolution too long" => builder.CausalConv1d(x, 1, 2, new float[6], dilation: int.MaxValue - 1),
            "constant" => builder.Constant([1, 2], 3),
            "hidden size" => builder.Lstm(x, 0, [], []),
            "huge hidden size" => builder.Lstm(x, int.MaxValue, [], []),
            "not a number" => builder.Linear(x, 1, [0, float.NaN, 0]),
            "broadcast" => builder.Add(x, builder.Constant([1, 2], 2)),
            "matrix into a cell" => builder.Rnn(builder.Input("matrix", 2, 3), 1, new float[3], new float[1]),
            "delay steps" => builder.Delay(x, 0),
            "next state" => SetNext(builder, builder.State("s", 2), x),
            "rank" => builder.Input("deep", 1, 1, 1, 1, 1, 1, 1, 1, 1),
            "layer norm scale" => builder.LayerNorm(x, new float[2]),
            "layer norm epsilon" => builder.LayerNorm(x, epsilon: -1),
            "concat of nothing" => builder.Concat(),
            "concat of two ranks" => builder.Concat(x, builder.Input("rows", 2, 3)),
            "slope" => builder.LeakyRelu(x, float.NaN),
            "slopes" => builder.PRelu(x, builder.Constant([1, 2], 2)),
            "initial state name" => WithInitial(builder, x, "lstm1.x", 4),
            "initial state length" => WithInitial(builder, x, "lstm1.c", 2),
            _ => throw new InvalidOperationException(what),
        });
        Assert.Contains(found, exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FailedCallLeavesTheBuilderAsItWas()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        Assert.Throws<ArgumentException>(() => builder.Lstm(x, 4, new float[1], new float[64], name: "cell"));
        Assert.Throws<ArgumentException>(() => builder.Add(x, builder.InputIndices("i", 3)));
        builder.Output("y", builder.Add(builder.Lstm(x, 3, new float[36], new float[36], name: "cell"), x));
        Assert.Equal(["cell", "add2"], builder.Build().Nodes.Select(node => node.Name));
    }

    [Fact]
    public void NamesAreUnique()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        builder.Rnn(x, 1, new float[3], new float[1], name: "rnn1");
        Assert.Equal("rnn2.h_out", builder.Rnn(x, 1, new float[3], new float[1]).Name);
        Assert.Throws<ArgumentException>(() => builder.Rnn(x, 1, new float[3], new float[1], name: "rnn1"));
        Assert.Throws<ArgumentException>(() => builder.Input("x", 2));
        Assert.Throws<ArgumentException>(() => builder.State("rnn1.h", 1));
        Assert.Throws<ArgumentException>(() => builder.Input("", 1));
        Assert.Throws<ArgumentException>(() => builder.Input("\ud800", 1));
        builder.Output("y", x);
        Assert.Throws<ArgumentException>(() => builder.Output("y", x));
    }

    [Fact]
    public void TensorsOfAnotherBuilderAreRefused()
    {
        var builder = new RnnGraphBuilder();
        var foreign = new RnnGraphBuilder().Input("x", 3);
        Assert.Contains("belongs to another", Assert.Throws<ArgumentException>(() => builder.Tanh(foreign)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => builder.Output("y", foreign));
    }

    [Fact]
    public void BuildRefusesAnUnfinishedGraph()
    {
        var builder = new RnnGraphBuilder();
        var state = builder.State("memory", 2);
        Assert.Contains("'memory' has no next value", Assert.Throws<InvalidOperationException>(() => builder.Build()).Message, StringComparison.Ordinal);
        builder.SetNextState(state, state);
        Assert.Throws<ArgumentException>(() => builder.SetNextState(state, state));
        Assert.Contains("at least one output", Assert.Throws<InvalidOperationException>(() => builder.Build()).Message, StringComparison.Ordinal);
        builder.Output("y", state);
        Assert.Single(builder.Build().Outputs);
    }

    [Fact]
    public void AStateBeginsWithItsInitialValues()
    {
        var builder = new RnnGraphBuilder();
        var sum = builder.State("sum", 2);
        var next = builder.Add(sum, builder.Input("x", 2));
        builder.SetNextState(sum, next);
        float[] values = [1, 2];
        builder.SetInitialState("sum", values);
        values[0] = 9;
        builder.Output("y", next);
        using var model = RnnModel.FromGraph(builder.Build());
        using var session = model.CreateSession();
        var y = new float[4];
        session.Run([10f, 20, 10, 20], y);
        Assert.Equal([11, 22, 21, 42], y);
        session.Reset();
        session.Run([0f, 0], y.AsSpan(0, 2));
        Assert.Equal([1, 2], y[..2]);
    }

    [Fact]
    public void NewElementwiseFunctionsAndNormsAreComputed()
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 2);
        var all = builder.Concat(
            builder.LeakyRelu(x, 0.5f), builder.Elu(x, 2), builder.PRelu(x, builder.Constant([3, 4], 2)), builder.Sqrt(builder.Abs(x)),
            builder.LayerNorm(x, [1, 2], [0, 1], epsilon: 0), builder.Log(builder.Abs(x)), builder.Softplus(x),
            builder.Round(builder.Multiply(x, builder.Constant([0.625f]))));
        builder.Output("y", all);
        using var model = RnnModel.FromGraph(builder.Build());
        using var session = model.CreateSession();
        var y = new float[16];
        session.Run([-4f, 2], y);
        double[] expected =
        [
            -2, 2, 2 * (Math.Exp(-4) - 1), 2, -12, 2, 2, Math.Sqrt(2), -1, 3, Math.Log(4), Math.Log(2), Math.Log(1 + Math.Exp(-4)), Math.Log(1 + Math.Exp(2)), -2, 1,
        ];
        Assert.All(y.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    /// <summary>A search through all states for each one would take minutes.</summary>
    [Fact]
    public void ManyStatesAreBuilt()
    {
        const int Count = 90_000;
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 1);
        for (var i = 0; i < Count; i++)
        {
            x = builder.Rnn(x, 1, [1], [1]);
        }

        builder.Output("y", x);
        Assert.Equal(Count, builder.Build().States.Length);
    }

    private static TensorRef WithInitial(RnnGraphBuilder builder, TensorRef x, string name, int count)
    {
        var y = builder.Lstm(x, 4, new float[48], new float[64]);
        builder.SetInitialState(name, new float[count]);
        return y;
    }

    private static TensorRef SetNext(RnnGraphBuilder builder, TensorRef state, TensorRef next)
    {
        builder.SetNextState(state, next);
        return next;
    }
}
