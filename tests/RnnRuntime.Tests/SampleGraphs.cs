using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Formats;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>Small graphs that hold every kind of node, and their bytes.</summary>
internal static partial class SampleGraphs
{
    /// <summary>The nodes that the builder makes.</summary>
    public static RnnGraph Layers()
    {
        var random = new Random(7);
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        var token = builder.InputIndices("token");
        var sum = builder.Add(x, builder.Embedding(token, 4, 3, Random(random, 12)));
        var layer = builder.Lstm(sum, 5, Random(random, 60), Random(random, 100), Random(random, 20));
        layer = builder.Lstm(layer, 2, Random(random, 40), Random(random, 16), name: "Ünïcode \"quoted\" \\ \u0001 😀");
        layer = builder.Gru(layer, 3, Random(random, 18), Random(random, 27), Random(random, 9), Random(random, 9));
        layer = builder.Gru(layer, 2, Random(random, 18), Random(random, 12), resetAfter: false);
        foreach (var activation in Enum.GetValues<RnnActivation>())
        {
            layer = builder.Rnn(layer, 2, Random(random, 4), Random(random, 4), Random(random, 2), activation);
        }

        layer = builder.CausalConv1d(layer, 3, 3, Random(random, 18), Random(random, 3), dilation: 2);
        layer = builder.CausalConv1d(layer, 3, 1, Random(random, 9));
        layer = builder.Delay(layer, 2);
        foreach (var function in new Func<TensorRef, TensorRef>[] { builder.Tanh, builder.Sigmoid, builder.Relu, builder.Exp, builder.Negate, builder.Abs })
        {
            layer = function(layer);
        }

        var constant = builder.Constant(Random(random, 3), 3);
        foreach (var function in new Func<TensorRef, TensorRef, TensorRef>[] { builder.Subtract, builder.Multiply, builder.Divide, builder.Minimum, builder.Maximum })
        {
            layer = function(layer, constant);
        }

        layer = builder.Add(layer, builder.Constant([0.5f]));
        var memory = builder.State("memory", 3);
        builder.SetNextState(memory, layer);
        layer = builder.Linear(builder.Add(layer, memory), 4, Random(random, 12), Random(random, 4));
        builder.Output("probabilities", builder.Softmax(layer));
        builder.Output("logarithms", builder.LogSoftmax(layer));
        builder.Output("memory", memory);
        builder.Metadata("vocabulary", "abc\n\"é😀");
        builder.Metadata("author", "");
        var graph = builder.Build();
        var initial = new Constant("memory.initial", TensorType.Float32, new TensorShape(3), MemoryMarshal.AsBytes<float>([1, 2, 3]).ToArray());
        var identity = new UnaryNode("identity1", UnaryOperator.Identity, graph.OutputValues[0].Value, new Value("identity1.output", TensorType.Float32, new TensorShape(4)));
        return new RnnGraph(
            graph.InputValues, graph.OutputValues.Add(("same", identity.Output)),
            [.. graph.StateVariables.Select(state => state.Name == "memory" ? state with { Initial = initial } : state)],
            graph.Nodes.Add(identity), graph.Metadata);
    }

    /// <summary>One LSTM and a linear layer, int8, with golden vectors.</summary>
    public static RnnFile Small()
    {
        var random = new Random(11);
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 2);
        builder.Output("y", builder.Linear(builder.Lstm(x, 3, Random(random, 24), Random(random, 36), Random(random, 12)), 1, Random(random, 3), [0.5f]));
        builder.Metadata("title", "small");
        var graph = ToInt8(builder.Build());
        return new RnnFile(graph, Golden(graph, 2));
    }

    public static GoldenVectors Golden(RnnGraph graph, int timeSteps)
    {
        return new GoldenVectors(timeSteps, Zeros(graph.Inputs), Zeros(graph.Outputs));

        ImmutableDictionary<string, Constant> Zeros(ImmutableArray<TensorInfo> infos) => infos.ToImmutableDictionary(
            info => info.Name,
            info => new Constant(info.Name, info.Type, new TensorShape([timeSteps, .. info.Shape.Dimensions]), new byte[4 * timeSteps * info.Shape.ElementCount]));
    }

    /// <summary>The graph with every matrix as int8 of arbitrary numbers, scales, ranges and factors; tables have the first two.</summary>
    public static RnnGraph ToInt8(RnnGraph graph)
    {
        return new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables, [.. graph.Nodes.Select(node => NodeWeights.Map(node, matrix => Convert(matrix)))], graph.Metadata);

        static Weights Convert(NodeMatrix matrix)
        {
            var weights = matrix.Weights;
            var bytes = new byte[weights.Values.Shape.ElementCount];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(sbyte)((i * 37 % 255) - 127);
            }

            var int8 = new Weights(
                weights.Values with { Type = TensorType.Int8, Data = bytes }, Floats("scales", weights.Rows, row => row / 8f));
            return matrix.Role == "table" ? int8 : int8 with
            {
                Range = matrix.Role == "recurrent" ? 0.75f : 0,
                Factors = matrix.Role == "recurrent" ? null : Floats("factors", weights.Columns, column => 1 << (column % 3)),
            };

            Constant Floats(string kind, int count, Func<int, float> value) => new(
                $"{weights.Values.Name}.{kind}", TensorType.Float32, new TensorShape(count), MemoryMarshal.AsBytes<float>(Enumerable.Range(0, count).Select(value).ToArray()).ToArray());
        }
    }

    /// <summary>The graph with every matrix rounded to 16 bits.</summary>
    public static RnnGraph ToHalf(RnnGraph graph, RnnPrecision precision) =>
        RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = precision, NeverSlower = false }).Graph;

    public static byte[] Write(RnnGraph graph, GoldenVectors? golden = null)
    {
        using var stream = new MemoryStream();
        RnnFileWriter.Write(stream, graph, golden);
        return stream.ToArray();
    }

    public static byte[] Write(RnnFile file) => Write(file.Graph, file.Golden);

    private static float[] Random(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)];
}
