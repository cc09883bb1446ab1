using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests;

/// <summary>Small graphs with random weights. The same arguments give the same graph.</summary>
internal static class TestModels
{
    /// <summary>What <see cref="Single"/> makes: a graph with one input "x" and one output "y".</summary>
    public static ImmutableArray<string> Kinds { get; } =
    [
        "lstm", "gru-reset-after", "gru-reset-before", "rnn-tanh", "rnn-relu", "rnn-identity", "linear", "conv", "delay", "softmax", "elementwise",
        "feedback",
    ];

    public static ImmutableArray<string> Cells { get; } = Kinds[..6];

    public static IEnumerable<string> Kernels => Variants.Names;

    /// <summary>Skips the test where the kernel cannot run.</summary>
    public static void Require(string kernel)
    {
        var info = RnnKernels.All.Single(each => each.Name == kernel);
        Assert.SkipUnless(info.IsAvailable, $"kernel {kernel} cannot run here: {info.UnavailableReason}");
    }

    /// <inheritdoc cref="Require(string)"/>
    public static RnnModel Bind(RnnGraph graph, string kernel)
    {
        Require(kernel);
        return RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
    }

    public static RnnGraph Quantized(this RnnGraph graph, bool quantized) => quantized ? ToInt8(graph) : graph;

    /// <summary>Every node in int8, also those that it slows down.</summary>
    public static RnnGraph ToInt8(RnnGraph graph, params string[] keepFloat) =>
        RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { KeepFloat = keepFloat, NeverSlower = false }).Graph;

    /// <summary>One layer (or a few of a kind) from [features] to [size].</summary>
    public static RnnGraph Single(string kind, int features, int size, int seed, bool bias = true)
    {
        var random = new WeightSource(seed);
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", features);
        builder.Output("y", kind switch
        {
            "linear" => builder.Linear(x, size, random.Matrix(size, features), random.Bias(size, bias)),
            "conv" => builder.CausalConv1d(x, size, 3, random.Matrix(size, 3 * features), random.Bias(size, bias), dilation: 2),
            "delay" => builder.Delay(x, 3),
            "softmax" => builder.LogSoftmax(builder.Softmax(x)),
            "elementwise" => Elementwise(builder, x, random),
            "feedback" => Feedback(builder, x, size, random),
            _ => Cell(builder, kind, x, size, random, bias),
        });
        return builder.Build();
    }

    /// <summary>A token model: embedding, LSTM, linear, log-softmax.</summary>
    public static RnnGraph Tokens(int count, int size, int seed)
    {
        var random = new WeightSource(seed);
        var builder = new RnnGraphBuilder();
        var embedded = builder.Embedding(builder.InputIndices("x"), count, size, random.Matrix(count, size));
        var hidden = Cell(builder, "lstm", embedded, size, random, bias: true);
        builder.Output("y", builder.LogSoftmax(builder.Linear(hidden, count, random.Matrix(count, size), random.Bias(count, true))));
        return builder.Build();
    }

    /// <summary>Two inputs "x" [3] and "z" [3], two outputs "sum" [3] and "h" [size].</summary>
    public static RnnGraph TwoPorts(int size, int seed)
    {
        var builder = new RnnGraphBuilder();
        var sum = builder.Add(builder.Input("x", 3), builder.Input("z", 3));
        builder.Output("sum", sum);
        builder.Output("h", Cell(builder, "lstm", sum, size, new WeightSource(seed), bias: true));
        return builder.Build();
    }

    public static TensorRef Cell(RnnGraphBuilder builder, string kind, TensorRef x, int size, WeightSource random, bool bias)
    {
        var gates = kind == "lstm" ? 4 : kind.StartsWith("gru", StringComparison.Ordinal) ? 3 : 1;
        var input = random.Matrix(gates * size, x.Shape[0]);
        var recurrent = random.Matrix(gates * size, size);
        var first = random.Bias(gates * size, bias);
        return kind switch
        {
            "lstm" => builder.Lstm(x, size, input, recurrent, first),
            "gru-reset-after" => builder.Gru(x, size, input, recurrent, first, random.Bias(gates * size, bias)),
            "gru-reset-before" => builder.Gru(x, size, input, recurrent, first, random.Bias(gates * size, bias), resetAfter: false),
            "rnn-tanh" => builder.Rnn(x, size, input, recurrent, first),
            "rnn-relu" => builder.Rnn(x, size, input, recurrent, first, RnnActivation.Relu),
            "rnn-identity" => builder.Rnn(x, size, input, recurrent, first, RnnActivation.Identity),
            _ => throw new ArgumentException($"Unknown kind '{kind}'."),
        };
    }

    /// <summary>
    /// The same graph as an importer may make it: cell states and histories are outputs, some states are read from outside their node, and
    /// states start at random values.
    /// </summary>
    public static RnnGraph WithExposedStates(RnnGraph graph, int seed)
    {
        var random = new Random(seed);
        var outputs = graph.OutputValues.ToBuilder();
        foreach (var state in graph.StateVariables)
        {
            if (random.Next(2) == 0)
            {
                outputs.Add(($"{state.Name} after", state.Output));
            }

            if (random.Next(3) == 0)
            {
                outputs.Add(($"{state.Name} before", state.Input));
            }
        }

        var states = graph.StateVariables.Select(state => state with { Initial = random.Next(2) == 0 ? null : Initial(state) });
        var exposed = new RnnGraph(graph.InputValues, outputs.ToImmutable(), [.. states], graph.Nodes, graph.Metadata);
        GraphValidator.Validate(exposed);
        return exposed;

        Constant Initial(StateVariable state)
        {
            var values = new float[state.Input.Shape.ElementCount];
            foreach (ref var value in values.AsSpan())
            {
                value = (random.NextSingle() * 2) - 1;
            }

            return new Constant($"{state.Name}.initial", TensorType.Float32, state.Input.Shape, MemoryMarshal.AsBytes<float>(values).ToArray());
        }
    }

    private static TensorRef Elementwise(RnnGraphBuilder builder, TensorRef x, WeightSource random)
    {
        var y = builder.Multiply(builder.Tanh(x), builder.Sigmoid(builder.Negate(x)));
        y = builder.Divide(builder.Exp(y), builder.Add(builder.Abs(x), builder.Constant([1.5f])));
        y = builder.Subtract(y, builder.Constant(random.Matrix(1, x.Shape[0]), x.Shape[0]));
        return builder.Maximum(builder.Minimum(y, builder.Relu(x)), builder.Constant([-0.25f]));
    }

    private static TensorRef Feedback(RnnGraphBuilder builder, TensorRef x, int size, WeightSource random)
    {
        var state = builder.State("memory", size);
        var input = builder.Linear(x, size, random.Matrix(size, x.Shape[0]));
        var next = builder.Tanh(builder.Add(builder.Linear(state, size, random.Matrix(size, size)), input));
        builder.SetNextState(state, next);
        return builder.Subtract(next, state);
    }
}

/// <summary>Random weights that keep a network's values within a few units.</summary>
internal sealed class WeightSource(int seed)
{
    private readonly Random _random = new(seed);

    public int Next(int minimum, int maximum) => _random.Next(minimum, maximum + 1);

    /// <summary>Uniform; the rows' products with a vector of ones stay around 1.</summary>
    public float[] Matrix(int rows, int columns)
    {
        var scale = 1.2f / MathF.Sqrt(columns);
        var values = new float[rows * columns];
        foreach (ref var value in values.AsSpan())
        {
            value = ((_random.NextSingle() * 2) - 1) * scale;
        }

        return values;
    }

    public float[] Bias(int rows, bool present) => present ? Matrix(rows, 1) : [];
}
