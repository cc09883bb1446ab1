namespace RnnRuntime.Tests.Sessions;

/// <summary>
/// A random graph of all node kinds: a few layers over random earlier tensors, with feedback states, several inputs and outputs of
/// several ranks.
/// </summary>
internal sealed class RandomGraph
{
    private static readonly string[] s_layers =
    [
        "lstm", "gru-reset-after", "gru-reset-before", "rnn-tanh", "rnn-relu", "rnn-identity", "linear", "linear", "conv", "delay", "unary", "unary",
        "binary", "binary", "divide", "softmax", "exp",
    ];

    private readonly WeightSource _random;
    private readonly RnnGraphBuilder _builder = new();
    private readonly List<TensorRef> _values = [];
    private readonly List<TensorRef> _states = [];

    private RandomGraph(int seed) => _random = new WeightSource(seed);

    /// <summary>
    /// Every second graph has exposed states (see <see cref="TestModels.WithExposedStates"/>), and half of those of each kind go on with
    /// <see cref="RandomTensors"/>.
    /// </summary>
    public static RnnGraph Make(int seed)
    {
        var graph = new RandomGraph(seed).Make();
        graph = seed % 4 < 2 ? graph : RandomTensors.Extend(graph, seed, steps: 5 + (seed % 20));
        return seed % 2 == 0 ? graph : TestModels.WithExposedStates(graph, seed);
    }

    /// <summary>A graph of a hundred nodes and more.</summary>
    public static RnnGraph MakeLong(int seed) => RandomTensors.Extend(new RandomGraph(seed).Make(), seed, steps: 120);

    private RnnGraph Make()
    {
        _values.Add(_builder.Input("x", Size()));
        if (Chance(3))
        {
            _values.Add(_builder.Input("scalar"));
        }

        if (Chance(3))
        {
            _values.Add(_builder.Input("matrix", 2, Size()));
        }

        if (Chance(2))
        {
            var (count, size) = (_random.Next(2, 9), Size());
            var tokens = Chance(2) ? _builder.InputIndices("tokens") : _builder.InputIndices("tokens", 3);
            _values.Add(_builder.Embedding(tokens, count, size, _random.Matrix(count, size)));
        }

        for (var i = _random.Next(-1, 2); i > 0; i--)
        {
            var state = _builder.State($"state{i}", Size());
            _states.Add(state);
            _values.Add(state);
        }

        for (var i = _random.Next(3, 9); i > 0; i--)
        {
            _values.Add(Layer(s_layers[_random.Next(0, s_layers.Length - 1)]));
        }

        foreach (var state in _states)
        {
            _builder.SetNextState(state, Next(state));
        }

        _builder.Output("y0", _values[^1]);
        for (var i = _random.Next(0, 2); i > 0; i--)
        {
            _builder.Output($"y{i}", Any());
        }

        return _builder.Build();
    }

    private TensorRef Layer(string kind)
    {
        switch (kind)
        {
            case "linear":
                var x = AnyOfRank1OrMore();
                var (rows, columns) = (Size(), x.Shape[-1]);
                return _builder.Linear(x, rows, _random.Matrix(rows, columns), _random.Bias(rows, Chance(2)));
            case "conv":
                var channels = Vector();
                var (filters, kernelSize) = (Size(), _random.Next(1, 4));
                return _builder.CausalConv1d(
                    channels, filters, kernelSize, _random.Matrix(filters, kernelSize * channels.Shape[0]), _random.Bias(filters, Chance(2)), _random.Next(1, 3));
            case "delay":
                return _builder.Delay(Any(), _random.Next(1, 5));
            case "unary":
                return _random.Next(0, 4) switch
                {
                    0 => _builder.Tanh(Any()),
                    1 => _builder.Sigmoid(Any()),
                    2 => _builder.Relu(Any()),
                    3 => _builder.Negate(Any()),
                    _ => _builder.Abs(Any()),
                };
            case "exp":
                return _builder.Exp(_builder.Tanh(Any()));
            case "binary":
                var left = Any();
                var right = Right(left);
                return _random.Next(0, 4) switch
                {
                    0 => _builder.Add(left, right),
                    1 => _builder.Subtract(left, right),
                    2 => _builder.Multiply(_builder.Tanh(left), _builder.Sigmoid(right)),
                    3 => _builder.Minimum(left, right),
                    _ => _builder.Maximum(left, right),
                };
            case "divide":
                var numerator = Any();
                return _builder.Divide(numerator, _builder.Add(_builder.Sigmoid(Right(numerator)), _builder.Constant([0.75f])));
            case "softmax":
                var row = AnyOfRank1OrMore();
                return Chance(2) ? _builder.Softmax(row) : _builder.LogSoftmax(row);
            default:
                return TestModels.Cell(_builder, kind, Vector(), Size(), _random, Chance(2));
        }
    }

    /// <summary>What replaces a state: any tensor of its shape (an input, another state, a cell's output), or a bounded function of a new one.</summary>
    private TensorRef Next(TensorRef state)
    {
        var fitting = _values.Where(value => value.Shape == state.Shape).ToArray();
        if (Chance(3))
        {
            return fitting[_random.Next(0, fitting.Length - 1)];
        }

        var size = state.Shape[0];
        if (Chance(2))
        {
            return TestModels.Cell(_builder, TestModels.Cells[_random.Next(0, 3)], Vector(), size, _random, bias: true);
        }

        var x = Vector();
        return _builder.Tanh(_builder.Add(_builder.Linear(x, size, _random.Matrix(size, x.Shape[0])), state));
    }

    /// <summary>A tensor whose shape is a trailing part of the left one's.</summary>
    private TensorRef Right(TensorRef left)
    {
        var dimensions = left.Shape.Dimensions;
        var fitting = _values.Where(value => value.Shape.Rank <= dimensions.Length && dimensions[^value.Shape.Rank..].SequenceEqual(value.Shape.Dimensions)).ToArray();
        if (!Chance(3))
        {
            return fitting[_random.Next(0, fitting.Length - 1)];
        }

        var rank = _random.Next(0, dimensions.Length);
        var shape = new TensorShape([.. dimensions[^rank..]]);
        return _builder.Constant(_random.Matrix(1, shape.ElementCount), [.. shape.Dimensions]);
    }

    private TensorRef Any() => _values[_random.Next(0, _values.Count - 1)];

    private TensorRef AnyOfRank1OrMore()
    {
        var fitting = _values.Where(value => value.Shape.Rank >= 1).ToArray();
        return fitting[_random.Next(0, fitting.Length - 1)];
    }

    private TensorRef Vector()
    {
        var fitting = _values.Where(value => value.Shape.Rank == 1).ToArray();
        return fitting[_random.Next(0, fitting.Length - 1)];
    }

    private int Size() => _random.Next(0, 9) switch
    {
        0 => 1,
        1 => 8,
        2 => _random.Next(30, 40),
        _ => _random.Next(2, 19),
    };

    private bool Chance(int oneIn) => _random.Next(1, oneIn) == 1;
}
