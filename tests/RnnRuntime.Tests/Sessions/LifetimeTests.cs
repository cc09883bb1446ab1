using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>What outlives what, and graphs that only an importer or a file would make.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void AQuantisedModelOutlivesItsSourcesFile()
    {
        using var folder = new TemporaryDirectory();
        using (var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 4, seed: 1)))
        {
            model.Save(folder["source.rnn"]);
        }

        RnnModel copy;
        using (var model = RnnModel.Load(folder["source.rnn"]))
        {
            copy = RnnQuantizer.Quantize(model).CreateModel();
        }

        using (copy)
        {
            copy.Save(folder["copy.rnn"]);
        }

        using var again = RnnModel.Load(folder["copy.rnn"]);
        Assert.Equal(copy.Inputs, again.Inputs);
    }

    [Fact]
    public void AnInitialStateOutlivesItsFile()
    {
        using var folder = new TemporaryDirectory();
        using (var model = RnnModel.FromGraph(Accumulator(initial: 2f, out _)))
        {
            model.Save(folder["model.rnn"]);
        }

        RnnModel copy;
        using (var model = RnnModel.Load(folder["model.rnn"]))
        {
            copy = RnnModel.FromGraph(model.Graph);
        }

        using (copy)
        {
            using var session = copy.CreateSession();
            var output = new float[1];
            session.Run([1f], output);
            Assert.Equal(3f, output[0]);
        }
    }

    [Fact]
    public void AStateMayRememberALayersState()
    {
        var graph = Accumulator(initial: 0f, out var hidden);
        var previous = Scalar("previous");
        var output = Scalar("delayed");
        graph = new RnnGraph(
            graph.InputValues, [("delayed", output)], [.. graph.StateVariables, new StateVariable("previous", previous, hidden, null)],
            [.. graph.Nodes, new UnaryNode("copy", UnaryOperator.Identity, previous, output)], graph.Metadata);
        GraphValidator.Validate(graph);
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession(1, 4);
        var found = new float[5];
        session.Run([1f, 1f, 1f, 1f, 1f], found);
        Assert.Equal([0f, 0f, 1f, 2f, 3f], found);
    }

    [Fact]
    public void ConstantIndicesAreRefused()
    {
        var indices = new Value("indices", TensorType.Int32, new TensorShape(1));
        var y = new Value("y", TensorType.Float32, new TensorShape(1, 4));
        var graph = new RnnGraph(
            [], [("y", y)], [],
            [
                new ConstantNode("constant", indices, Data("indices", TensorType.Int32, [1_000_000_000], 1)),
                new EmbeddingNode("embedding", indices, y, new Weights(Data("table", TensorType.Float32, new float[8], 2, 4))),
            ],
            ImmutableSortedDictionary<string, string>.Empty);
        var exception = Assert.Throws<RnnFormatException>(() => GraphValidator.Validate(graph));
        Assert.Contains("1000000000", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(133_144, true)]
    [InlineData(133_145, false)]
    public void Int8ColumnsAreAsManyAsInt32CanSum(int columns, bool isValid)
    {
        var weights = new sbyte[columns];
        Array.Fill(weights, (sbyte)127);
        var x = new Value("x", TensorType.Float32, new TensorShape(columns));
        var y = Scalar("y");
        var matrix = new Weights(Data("w", TensorType.Int8, weights, 1, columns), Data("s", TensorType.Float32, [1f], 1));
        var graph = new RnnGraph([x], [("y", y)], [], [new LinearNode("linear", x, y, matrix, null)], ImmutableSortedDictionary<string, string>.Empty);
        if (!isValid)
        {
            Assert.Contains("133144", Assert.Throws<RnnFormatException>(() => GraphValidator.Validate(graph)).Message, StringComparison.Ordinal);
            return;
        }

        foreach (var kernel in RnnKernels.All.Where(kernel => kernel.IsAvailable))
        {
            foreach (var sign in new[] { 1f, -1f })
            {
                using var model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel.Name });
                using var session = model.CreateSession(1, 1);
                var input = new float[columns];
                Array.Fill(input, sign);
                var output = new float[1];
                session.Run(input, output);
                Assert.Equal(sign * 127f * columns, output[0], 1f);
            }
        }
    }

    [Fact]
    public void ASessionInUseIsNotDisposed()
    {
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 8, 64, seed: 1));
        for (var steps = 4_000; ; steps *= 2)
        {
            var session = model.CreateSession();
            using var started = new ManualResetEventSlim();
            var input = new float[steps * 8];
            var output = new float[steps * 64];
            var thread = new Thread(() =>
            {
                started.Set();
                try
                {
                    session.Run(input, output);
                }
                catch (ObjectDisposedException)
                {
                    // Disposed before the call began: the next round has more steps.
                }
            });
            thread.Start();
            started.Wait(TestContext.Current.CancellationToken);
            Thread.Sleep(2);
            var refused = Record.Exception(session.Dispose) is InvalidOperationException;
            thread.Join();
            session.Dispose();
            if (refused)
            {
                return;
            }

            Assert.True(steps < 4_000_000, "Disposing a session inside a long call was never refused.");
        }
    }

    /// <summary>h' = x + h, from the given start.</summary>
    private static RnnGraph Accumulator(float initial, out Value hidden)
    {
        var x = Scalar("x");
        hidden = Scalar("h");
        var next = Scalar("h_next");
        return new RnnGraph(
            [x], [("y", next)], [new StateVariable("h", hidden, next, Data("h_initial", TensorType.Float32, [initial], 1))],
            [new RnnNode("rnn", x, hidden, next, One("w"), One("u"), null, UnaryOperator.Identity)], ImmutableSortedDictionary<string, string>.Empty);
    }

    private static Value Scalar(string name) => new(name, TensorType.Float32, new TensorShape(1));

    private static Weights One(string name) => new(Data(name, TensorType.Float32, [1f], 1, 1), null);

    private static Constant Data<T>(string name, TensorType type, T[] data, params int[] shape)
        where T : struct => new(name, type, new TensorShape(shape), MemoryMarshal.AsBytes<T>(data).ToArray());
}
