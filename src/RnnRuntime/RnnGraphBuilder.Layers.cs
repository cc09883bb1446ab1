using RnnRuntime.Graph;

namespace RnnRuntime;

/// <content>Layers with weights or memory.</content>
public sealed partial class RnnGraphBuilder
{
    /// <summary>
    /// Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000). Gates in the order i, f, g, o, as PyTorch has them;
    /// PyTorch's two biases are added into one.
    /// </summary>
    /// <param name="input">float32 [F].</param>
    /// <param name="hiddenSize">H, the number of units.</param>
    /// <param name="inputWeights">[4H, F], row-major.</param>
    /// <param name="recurrentWeights">[4H, H], row-major.</param>
    /// <param name="bias">[4H], or empty for none.</param>
    /// <param name="name">The node's name; null for lstm1, lstm2, ...</param>
    /// <returns>The hidden state of this step, [H]. The states are <c>NAME.h</c> and <c>NAME.c</c>.</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a weight is not finite.</exception>
    public TensorRef Lstm(
        TensorRef input, int hiddenSize, ReadOnlySpan<float> inputWeights, ReadOnlySpan<float> recurrentWeights,
        ReadOnlySpan<float> bias = default, string? name = null)
    {
        var x = Vector(input, nameof(input));
        CheckCell(x, hiddenSize, gates: 4, inputWeights, recurrentWeights);
        CheckData(bias, 4L * hiddenSize, "[4 * hiddenSize]", nameof(bias), optional: true);

        name = NodeName(name, "lstm");
        var units = new TensorShape(hiddenSize);
        var hidden = AddState($"{name}.h", $"{name}.h_in", units);
        var cell = AddState($"{name}.c", $"{name}.c_in", units);
        var node = new LstmNode(
            name, x, hidden, cell, Float32($"{name}.h_out", units), Float32($"{name}.c_out", units),
            Matrix($"{name}.input_weights", inputWeights, 4 * hiddenSize), Matrix($"{name}.recurrent_weights", recurrentWeights, 4 * hiddenSize),
            OptionalVector($"{name}.bias", bias));
        SetStateOutput(hidden, node.NewHidden);
        SetStateOutput(cell, node.NewCell);
        return Add(node);
    }

    /// <summary>Gated recurrent unit (Cho et al. 2014). Gates in the order r, z, n, as PyTorch has them.</summary>
    /// <param name="input">float32 [F].</param>
    /// <param name="hiddenSize">H, the number of units.</param>
    /// <param name="inputWeights">[3H, F], row-major.</param>
    /// <param name="recurrentWeights">[3H, H], row-major.</param>
    /// <param name="inputBias">[3H], or empty for none.</param>
    /// <param name="recurrentBias">[3H], or empty for none.</param>
    /// <param name="resetAfter">
    /// True: the reset gate scales the recurrent product with its bias (PyTorch, Keras' default). False: it scales the state before the product.
    /// </param>
    /// <param name="name">The node's name; null for gru1, gru2, ...</param>
    /// <returns>The hidden state of this step, [H]. The state is <c>NAME.h</c>.</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a weight is not finite.</exception>
    public TensorRef Gru(
        TensorRef input, int hiddenSize, ReadOnlySpan<float> inputWeights, ReadOnlySpan<float> recurrentWeights,
        ReadOnlySpan<float> inputBias = default, ReadOnlySpan<float> recurrentBias = default, bool resetAfter = true, string? name = null)
    {
        var x = Vector(input, nameof(input));
        CheckCell(x, hiddenSize, gates: 3, inputWeights, recurrentWeights);
        CheckData(inputBias, 3L * hiddenSize, "[3 * hiddenSize]", nameof(inputBias), optional: true);
        CheckData(recurrentBias, 3L * hiddenSize, "[3 * hiddenSize]", nameof(recurrentBias), optional: true);

        name = NodeName(name, "gru");
        var units = new TensorShape(hiddenSize);
        var hidden = AddState($"{name}.h", $"{name}.h_in", units);
        var node = new GruNode(
            name, x, hidden, Float32($"{name}.h_out", units),
            Matrix($"{name}.input_weights", inputWeights, 3 * hiddenSize), Matrix($"{name}.recurrent_weights", recurrentWeights, 3 * hiddenSize),
            OptionalVector($"{name}.input_bias", inputBias), OptionalVector($"{name}.recurrent_bias", recurrentBias), resetAfter);
        SetStateOutput(hidden, node.NewHidden);
        return Add(node);
    }

    /// <summary>Plain recurrence (Elman 1990): <c>h' = activation(W.x + U.h + b)</c>.</summary>
    /// <param name="input">float32 [F].</param>
    /// <param name="hiddenSize">H, the number of units.</param>
    /// <param name="inputWeights">[H, F], row-major.</param>
    /// <param name="recurrentWeights">[H, H], row-major.</param>
    /// <param name="bias">[H], or empty for none.</param>
    /// <param name="activation">The function of the sum.</param>
    /// <param name="name">The node's name; null for rnn1, rnn2, ...</param>
    /// <returns>The hidden state of this step, [H]. The state is <c>NAME.h</c>.</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a weight is not finite.</exception>
    public TensorRef Rnn(
        TensorRef input, int hiddenSize, ReadOnlySpan<float> inputWeights, ReadOnlySpan<float> recurrentWeights,
        ReadOnlySpan<float> bias = default, RnnActivation activation = RnnActivation.Tanh, string? name = null)
    {
        var x = Vector(input, nameof(input));
        CheckCell(x, hiddenSize, gates: 1, inputWeights, recurrentWeights);
        CheckData(bias, hiddenSize, "[hiddenSize]", nameof(bias), optional: true);
        var function = activation switch
        {
            RnnActivation.Tanh => UnaryOperator.Tanh,
            RnnActivation.Relu => UnaryOperator.Relu,
            RnnActivation.Identity => UnaryOperator.Identity,
            _ => throw new ArgumentException($"Expected Tanh, Relu or Identity; found {activation}.", nameof(activation)),
        };

        name = NodeName(name, "rnn");
        var units = new TensorShape(hiddenSize);
        var hidden = AddState($"{name}.h", $"{name}.h_in", units);
        var node = new RnnNode(
            name, x, hidden, Float32($"{name}.h_out", units),
            Matrix($"{name}.input_weights", inputWeights, hiddenSize), Matrix($"{name}.recurrent_weights", recurrentWeights, hiddenSize),
            OptionalVector($"{name}.bias", bias), function);
        SetStateOutput(hidden, node.NewHidden);
        return Add(node);
    }

    /// <summary>Affine map of the last axis: <c>y = W.x + b</c>.</summary>
    /// <param name="input">float32 [..., C].</param>
    /// <param name="outputSize">R.</param>
    /// <param name="weights">[R, C], row-major.</param>
    /// <param name="bias">[R], or empty for none.</param>
    /// <param name="name">The node's name; null for linear1, linear2, ...</param>
    /// <returns>float32 [..., R].</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a weight is not finite.</exception>
    public TensorRef Linear(TensorRef input, int outputSize, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias = default, string? name = null)
    {
        var x = Own(input, nameof(input));
        Require(x is { Type: TensorType.Float32, Shape.Rank: >= 1 }, nameof(input), Names.Describe(x.Type, x.Shape), "float32 [..., C]");
        CheckSize(outputSize, nameof(outputSize));
        CheckData(weights, (long)outputSize * x.Shape[-1], $"[outputSize, {x.Shape[-1]}]", nameof(weights));
        CheckData(bias, outputSize, "[outputSize]", nameof(bias), optional: true);

        name = NodeName(name, "linear");
        var matrix = Matrix($"{name}.weights", weights, outputSize);
        return Add(new LinearNode(
            name, x, Float32($"{name}.output", Fit(() => ShapeRules.LinearOutput(name, x, matrix))), matrix, OptionalVector($"{name}.bias", bias)));
    }

    /// <summary>Table look-up.</summary>
    /// <param name="indices">int32 of any shape S.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="size">Length of a row.</param>
    /// <param name="table">[count, size], row-major.</param>
    /// <param name="name">The node's name; null for embedding1, embedding2, ...</param>
    /// <returns>float32 [S..., size].</returns>
    /// <exception cref="ArgumentException">A length, shape, type or name is not as said here, or a weight is not finite.</exception>
    public TensorRef Embedding(TensorRef indices, int count, int size, ReadOnlySpan<float> table, string? name = null)
    {
        var index = Own(indices, nameof(indices));
        Require(index.Type == TensorType.Int32, nameof(indices), Names.Of(index.Type), "int32");
        CheckSize(count, nameof(count));
        CheckSize(size, nameof(size));
        CheckData(table, (long)count * size, "[count, size]", nameof(table));

        name = NodeName(name, "embedding");
        var rows = new Weights(CopyConstant($"{name}.table", table, new TensorShape(count, size)));
        return Add(new EmbeddingNode(name, index, Float32($"{name}.output", Fit(() => ShapeRules.EmbeddingOutput(name, index, rows))), rows));
    }

    /// <summary>Streaming causal 1-D convolution over time; the taps of past steps are state.</summary>
    /// <param name="input">float32 [C], one frame.</param>
    /// <param name="filters">R.</param>
    /// <param name="kernelSize">k, at least 1.</param>
    /// <param name="weights">[R, k, C], row-major, the oldest tap first. (PyTorch's [R, C, k] with the last two axes exchanged.)</param>
    /// <param name="bias">[R], or empty for none.</param>
    /// <param name="dilation">Steps from tap to tap, at least 1.</param>
    /// <param name="name">The node's name; null for causal_conv1d1, causal_conv1d2, ...</param>
    /// <returns>float32 [R]. The state <c>NAME.taps</c> is [(k-1) * dilation, C]; a kernel of size 1 has none.</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a weight is not finite.</exception>
    public TensorRef CausalConv1d(
        TensorRef input, int filters, int kernelSize, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias = default, int dilation = 1, string? name = null)
    {
        var x = Vector(input, nameof(input));
        var channels = x.Shape[0];
        CheckSize(filters, nameof(filters));
        CheckSize(kernelSize, nameof(kernelSize));
        CheckSize(dilation, nameof(dilation));
        CheckData(weights, Product(filters, kernelSize, channels), $"[filters, kernelSize, {channels}]", nameof(weights));
        CheckData(bias, filters, "[filters]", nameof(bias), optional: true);
        var steps = (kernelSize - 1L) * dilation;
        Require(Product(steps, channels) <= int.MaxValue, nameof(dilation), $"{steps} steps of {channels} channels", $"at most {int.MaxValue} elements");

        name = NodeName(name, "causal_conv1d");
        Value? history = null, newHistory = null;
        if (steps > 0)
        {
            var taps = new TensorShape((int)steps, channels);
            history = AddState($"{name}.taps", $"{name}.taps_in", taps);
            newHistory = Float32($"{name}.taps_out", taps);
            SetStateOutput(history, newHistory);
        }

        return Add(new CausalConv1dNode(
            name, x, history, Float32($"{name}.output", new TensorShape(filters)), newHistory,
            Matrix($"{name}.weights", weights, filters), OptionalVector($"{name}.bias", bias), kernelSize, dilation));
    }

    /// <summary>Delay line: the output is the input of <paramref name="steps"/> steps ago, zeros before that.</summary>
    /// <param name="input">float32 of any shape S.</param>
    /// <param name="steps">At least 1.</param>
    /// <param name="name">The node's name; null for delay1, delay2, ...</param>
    /// <returns>float32 [S...]. The state <c>NAME.taps</c> is [steps, S...].</returns>
    /// <exception cref="ArgumentException">A shape, type or name is not as said here.</exception>
    public TensorRef Delay(TensorRef input, int steps, string? name = null)
    {
        var x = Own(input, nameof(input));
        Require(x.Type == TensorType.Float32, nameof(input), Names.Of(x.Type), "float32");
        CheckSize(steps, nameof(steps));
        var taps = Fit(() => ShapeRules.Shape(name ?? "delay", "steps", [steps, .. x.Shape.Dimensions]));

        name = NodeName(name, "delay");
        var history = AddState($"{name}.taps", $"{name}.taps_in", taps);
        var node = new DelayNode(name, x, history, Float32($"{name}.output", x.Shape), Float32($"{name}.taps_out", taps), steps);
        SetStateOutput(history, node.NewHistory);
        return Add(node);
    }

    private Value Vector(TensorRef reference, string parameter)
    {
        var value = Own(reference, parameter);
        Require(value is { Type: TensorType.Float32, Shape.Rank: 1 }, parameter, Names.Describe(value.Type, value.Shape), "float32 of one extent");
        return value;
    }

    private Value Float32(string name, TensorShape shape) => NewValue(name, TensorType.Float32, shape);

    private static void CheckCell(Value input, int hiddenSize, int gates, ReadOnlySpan<float> inputWeights, ReadOnlySpan<float> recurrentWeights)
    {
        CheckSize(hiddenSize, nameof(hiddenSize));
        var rows = gates == 1 ? "hiddenSize" : $"{gates} * hiddenSize";
        CheckData(inputWeights, Product(gates, hiddenSize, input.Shape[0]), $"[{rows}, {input.Shape[0]}]", nameof(inputWeights));
        CheckData(recurrentWeights, Product(gates, hiddenSize, hiddenSize), $"[{rows}, hiddenSize]", nameof(recurrentWeights));
    }

    private static void CheckSize(int size, string parameter) => Require(size >= 1, parameter, $"{size}", "at least 1");

    private static void CheckData(ReadOnlySpan<float> data, long length, string shape, string parameter, bool optional = false)
    {
        if (optional && data.IsEmpty)
        {
            return;
        }

        Require(data.Length == length, parameter, $"{data.Length} values", $"{shape} = {length} values{(optional ? " or none" : "")}");
        for (var i = 0; i < data.Length; i++)
        {
            if (!float.IsFinite(data[i]))
            {
                throw new ArgumentException($"Expected finite numbers; found {data[i]} at index {i}.", parameter);
            }
        }
    }

    /// <summary>The product, or long.MaxValue where it does not fit: no length equals that.</summary>
    private static long Product(params ReadOnlySpan<long> factors)
    {
        var product = (Int128)1;
        foreach (var factor in factors)
        {
            product = Int128.Min(product * factor, long.MaxValue);
        }

        return (long)product;
    }

    private static TensorShape Fit(Func<TensorShape> shape)
    {
        try
        {
            return shape();
        }
        catch (RnnFormatException exception)
        {
            throw new ArgumentException(exception.Message, exception);
        }
    }

    private static void Require(bool condition, string parameter, string found, string expected)
    {
        if (!condition)
        {
            throw new ArgumentException($"Expected {expected}; found {found}.", parameter);
        }
    }

    private static Weights Matrix(string name, ReadOnlySpan<float> data, int rows) =>
        new(CopyConstant(name, data, new TensorShape(rows, data.Length / rows)), Scales: null);

    private static Constant? OptionalVector(string name, ReadOnlySpan<float> data) =>
        data.IsEmpty ? null : CopyConstant(name, data, new TensorShape(data.Length));
}
