namespace RnnRuntime.Import.Layers;

/// <summary>
/// A graph made layer by layer from weights as files hold them. Shapes are those of one step of one stream: features [F] and a token [], or
/// a signal that lies whole in a step: [T, F] and tokens [T].
/// </summary>
internal sealed partial class LayerGraph(RnnImportLimits limits)
{
    private readonly RnnGraphBuilder _builder = new();
    private long _bytes;
    private int _nodes;

    public RnnImportLimits Limits { get; } = limits;

    /// <param name="location">How errors name it.</param>
    /// <param name="name">The input's name.</param>
    /// <param name="size">F.</param>
    /// <param name="timeSteps">T of a signal; null for one step.</param>
    public TensorRef Input(string location, string name, int size, int? timeSteps = null)
    {
        Charge(location, (Int128)size * (timeSteps ?? 1));
        return Guard(location, () => timeSteps is { } steps ? _builder.Input(name, steps, size) : _builder.Input(name, size));
    }

    public TensorRef Tokens(string location, string name, int? timeSteps = null)
    {
        Charge(location, timeSteps ?? 1);
        return Guard(location, () => timeSteps is { } steps ? _builder.InputIndices(name, steps) : _builder.InputIndices(name));
    }

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
    public void SetInitialState(string name, float[] values) => Guard($"state {name}", () =>
    {
        _builder.SetInitialState(name, values);
        return name;
    });

    public RnnGraph Build(string location) => Guard(location, _builder.Build);

    /// <summary>Number of features of a float32 vector, or of each step of a signal.</summary>
    public static int Features(string location, TensorRef x) =>
        x is { Type: TensorType.Float32, Shape.Rank: 1 or 2 }
            ? x.Shape[-1]
            : throw new RnnImportException(location, $"{x} as the layer's input", "a float32 vector (tokens first go through an embedding)");

    public static bool IsSignal(TensorRef x) => x is { Type: TensorType.Float32, Shape.Rank: 2 };

    /// <summary>Steps and features of a signal.</summary>
    private static (int Steps, int Features) Signal(string location, TensorRef x) => IsSignal(x)
        ? (x.Shape[0], x.Shape[1])
        : throw new RnnImportException(location, $"{x} as the layer's input", "a signal [time steps, features]: a topology with \"time_steps\" has it");

    /// <summary>Makes a layer; counts it and its weights before anything is made for it, and a signal that it gives.</summary>
    private TensorRef Layer(string location, Int128 weights, Func<TensorRef> build)
    {
        Charge(location, weights);
        var y = Guard(location, build);
        if (y.Shape.Rank > 1)
        {
            ChargeElements(location, y.Shape.ElementCount);
        }

        return y;
    }

    private void Charge(string location, Int128 elements)
    {
        ChargeElements(location, elements);
        if (++_nodes > Limits.MaximumNodes)
        {
            throw new RnnImportException(
                location, $"layer {_nodes}", $"at most {Limits.MaximumNodes} layers ({nameof(RnnImportLimits)}.{nameof(RnnImportLimits.MaximumNodes)})");
        }
    }

    private void ChargeElements(string location, Int128 elements)
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
