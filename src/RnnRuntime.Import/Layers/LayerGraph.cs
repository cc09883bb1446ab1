using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// A graph made layer by layer from weights as files hold them. Shapes are those of one step of one stream: features [F], a token [].
/// </summary>
internal sealed class LayerGraph(RnnImportLimits limits)
{
    private readonly RnnGraphBuilder _builder = new();
    private readonly Dictionary<string, float[]> _initialStates = new(StringComparer.Ordinal);
    private long _bytes;
    private int _nodes;

    public RnnImportLimits Limits { get; } = limits;

    public TensorRef Input(string location, string name, params int[] shape)
    {
        Charge(location, shape.Aggregate((Int128)1, (product, extent) => product * extent));
        return Guard(location, () => _builder.Input(name, shape));
    }

    public TensorRef Tokens(string location, string name) => Guard(location, () => _builder.InputIndices(name));

    public void Output(string location, string name, TensorRef value) => Guard(location, () =>
    {
        _builder.Output(name, value);
        return value;
    });

    public void Metadata(string location, string key, string text) => Guard(location, () =>
    {
        _builder.Metadata(key, text);
        return text;
    });

    /// <summary>What a state holds after a reset, instead of zeros.</summary>
    public void SetInitialState(string name, float[] values) => _initialStates[name] = values;

    /// <summary>A recurrent layer; the state's names begin with <paramref name="name"/>.</summary>
    public TensorRef Cell(string location, TensorRef x, CellWeights cell, string name)
    {
        Features(location, x);
        Charge(location, (Int128)cell.Input.Length + cell.Recurrent.Length + cell.InputBias.Length + cell.RecurrentBias.Length);
        return Guard(location, () => cell.Format.Kind switch
        {
            CellKind.Lstm => _builder.Lstm(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, name),
            CellKind.Gru => _builder.Gru(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, cell.RecurrentBias, cell.Format.ResetAfter, name),
            _ => _builder.Rnn(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, cell.Format.Nonlinearity, name),
        });
    }

    public TensorRef Linear(string location, TensorRef x, Weight weight, Weight? bias, MatrixLayout layout)
    {
        var features = Features(location, x);
        weight.ExpectRank(2, "a matrix");
        var outputs = weight.Tensor.Shape[layout == MatrixLayout.OutIn ? 0 : 1];
        if (layout == MatrixLayout.OutIn)
        {
            weight.Expect([outputs, features], "[outputs, inputs]");
        }
        else
        {
            weight.Expect([features, outputs], "[inputs, outputs]");
        }

        bias?.Expect([outputs], "[outputs]");
        Charge(location, (Int128)outputs * (features + 1));
        var values = weight.ToFloats();
        var rows = layout == MatrixLayout.OutIn ? values : Matrices.Transpose(values, features, outputs);
        var added = bias?.ToFloats();
        return Guard(location, () => _builder.Linear(x, outputs, rows, added));
    }

    public TensorRef Embedding(string location, TensorRef tokens, Weight table)
    {
        if (tokens.Type != TensorType.Int32)
        {
            throw new RnnImportException(location, $"{tokens}", "a token, int32, as the layer's input");
        }

        table.ExpectRank(2, "a table [count, size]");
        Charge(location, table.Tensor.Count);
        var values = table.ToFloats();
        return Guard(location, () => _builder.Embedding(tokens, table.Tensor.Shape[0], table.Tensor.Shape[1], values));
    }

    /// <summary>Causal convolution over time: zeros before the first step. The weights' layout is that of <see cref="Matrices.Convolution"/>.</summary>
    public TensorRef Convolution(string location, TensorRef x, Weight weight, Weight? bias, int dilation, int groups, bool kernelFirst)
    {
        var channels = Features(location, x);
        weight.ExpectRank(3, kernelFirst ? "[kernel, channels / groups, filters]" : "[filters, channels / groups, kernel]");
        var (kernel, filters) = kernelFirst ? (weight.Tensor.Shape[0], weight.Tensor.Shape[2]) : (weight.Tensor.Shape[2], weight.Tensor.Shape[0]);
        if (channels % groups != 0 || filters % groups != 0)
        {
            throw new RnnImportException(location, $"{groups} groups of {channels} channels and {filters} filters", "groups that divide both");
        }

        var channelsOfGroup = channels / groups;
        if (kernelFirst)
        {
            weight.Expect([kernel, channelsOfGroup, filters], "[kernel, channels / groups, filters]");
        }
        else
        {
            weight.Expect([filters, channelsOfGroup, kernel], "[filters, channels / groups, kernel]");
        }

        bias?.Expect([filters], "[filters]");
        Charge(location, ((Int128)filters * kernel * channels) + filters + ((kernel - 1) * (Int128)dilation * channels));
        var rows = Matrices.Convolution(weight.ToFloats(), filters, kernel, channels, groups, kernelFirst);
        var added = bias?.ToFloats();
        return Guard(location, () => _builder.CausalConv1d(x, filters, kernel, rows, added, dilation));
    }

    /// <summary>
    /// Batch normalisation with its running statistics, as a scale and a shift: gamma / sqrt(variance + epsilon), computed in float64.
    /// </summary>
    public TensorRef BatchNorm(string location, TensorRef x, Weight? gamma, Weight? beta, Weight mean, Weight variance, double epsilon)
    {
        var features = Features(location, x);
        foreach (var weight in new[] { gamma, beta, mean, variance })
        {
            weight?.Expect([features], "[channels]");
        }

        Charge(location, features * 2);
        var (means, variances, gammas, betas) = (mean.ToFloats(), variance.ToFloats(), gamma?.ToFloats(), beta?.ToFloats());
        var (scale, shift) = (new float[features], new float[features]);
        for (var i = 0; i < features; i++)
        {
            if (!(variances[i] + epsilon > 0))
            {
                throw new RnnImportException($"{variance.Name}, element {i}", $"{variances[i]} with epsilon {epsilon}", "a positive sum of both");
            }

            var factor = (gammas is null ? 1.0 : gammas[i]) / Math.Sqrt(variances[i] + epsilon);
            scale[i] = (float)factor;
            shift[i] = (float)((betas is null ? 0.0 : betas[i]) - (means[i] * factor));
        }

        return Guard(location, () => _builder.Add(_builder.Multiply(x, _builder.Constant(scale, features)), _builder.Constant(shift, features)));
    }

    /// <summary>x where it is positive, else alpha * x; one alpha, or one a channel.</summary>
    public TensorRef PRelu(string location, TensorRef x, Weight alpha)
    {
        var features = Features(location, x);
        if (alpha.Tensor.Count != 1 && (alpha.Tensor.Count != features || alpha.Tensor.Shape[^1] != features))
        {
            throw new RnnImportException(alpha.Name, $"{alpha.Tensor}", $"1 slope or {features}, one a channel");
        }

        Charge(location, alpha.Tensor.Count);
        var slopes = alpha.ToFloats();
        return Guard(location, () =>
        {
            var slope = slopes.Length == 1 ? _builder.Constant(slopes) : _builder.Constant(slopes, features);
            return _builder.Subtract(_builder.Relu(x), _builder.Multiply(_builder.Relu(_builder.Negate(x)), slope));
        });
    }

    public TensorRef Unary(string location, TensorRef x, Func<RnnGraphBuilder, Func<TensorRef, TensorRef>> function)
    {
        Features(location, x);
        Charge(location, 0);
        return Guard(location, () => function(_builder)(x));
    }

    /// <summary>Elementwise combination of tensors of one shape.</summary>
    public TensorRef Combine(string location, TensorRef left, TensorRef right, Func<RnnGraphBuilder, Func<TensorRef, TensorRef, TensorRef>> function)
    {
        var (a, b) = (Features(location, left), Features(location, right));
        if (a != b)
        {
            throw new RnnImportException(location, $"inputs of sizes {a} and {b}", "inputs of one size");
        }

        Charge(location, 0);
        return Guard(location, () => function(_builder)(left, right));
    }

    /// <summary>Size of a float32 vector.</summary>
    public static int Features(string location, TensorRef x) =>
        x is { Type: TensorType.Float32, Shape.Rank: 1 }
            ? x.Shape[0]
            : throw new RnnImportException(location, $"{x} as the layer's input", "a float32 vector (tokens first go through an embedding)");

    public RnnGraph Build(string location)
    {
        var graph = Guard(location, _builder.Build);
        if (_initialStates.Count == 0)
        {
            return graph;
        }

        var states = graph.StateVariables.Select(state => _initialStates.TryGetValue(state.Name, out var values)
            ? state with { Initial = new Constant($"{state.Name}.initial", TensorType.Float32, state.Input.Shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()) }
            : state).ToImmutableArray();
        var started = new RnnGraph(graph.InputValues, graph.OutputValues, states, graph.Nodes, graph.Metadata);
        return Guard(location, () =>
        {
            GraphValidator.Validate(started);
            return started;
        });
    }

    /// <summary>Counts a layer and its weights, before anything is made for it.</summary>
    private void Charge(string location, Int128 elements)
    {
        var maximum = Math.Min(Limits.MaximumElements, Array.MaxLength / sizeof(float));
        if (elements > maximum)
        {
            throw new RnnImportException(
                location, $"{elements} elements", $"at most {maximum} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumElements)})");
        }

        _bytes = (long)Int128.Min(long.MaxValue, _bytes + (elements * sizeof(float)));
        if (_bytes > Limits.MaximumTensorBytes)
        {
            throw new RnnImportException(
                location, $"{_bytes} bytes of tensors so far",
                $"at most {Limits.MaximumTensorBytes} ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumTensorBytes)})");
        }

        if (++_nodes > Limits.MaximumNodes)
        {
            throw new RnnImportException(
                location, $"layer {_nodes}", $"at most {Limits.MaximumNodes} layers ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumNodes)})");
        }
    }

    private static T Guard<T>(string location, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or RnnFormatException)
        {
            throw new RnnImportException(location, $"what a graph cannot hold ({exception.Message.TrimEnd('.')})", "layers that make a valid graph", exception);
        }
    }
}
