using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>Measures how well two language models predict the next token.</summary>
internal sealed class CrossEntropyMeter
{
    private readonly RnnInputs _inputs;
    private readonly string _input;
    private readonly string _output;
    private readonly bool _isProbability;
    private double _reference;
    private double _candidate;
    private long _tokens;

    private CrossEntropyMeter(RnnInputs inputs, string input, string output, int index, bool isProbability) =>
        (_inputs, _input, _output, Output, _isProbability) = (inputs, input, output, index, isProbability);

    /// <summary>Index of the reference's output that is measured.</summary>
    public int Output { get; }

    public LanguageModelComparison? Result => _tokens == 0 ? null : new LanguageModelComparison(_output, _tokens, _reference / _tokens, _candidate / _tokens);

    /// <summary>For a graph with one scalar int32 input of indices and an output of one element for each index; null for others, and for random inputs.</summary>
    /// <exception cref="ArgumentException">There is no such graph, but an output is named.</exception>
    public static CrossEntropyMeter? Find(RnnGraph graph, RnnInputs inputs, string? logits)
    {
        var scalars = IndexSources.InputLimits(graph).Where(limit => limit.Key.Shape.ElementCount == 1).ToArray();
        var outputs = scalars is not [var (token, count)]
            ? []
            : graph.OutputValues.Select((output, index) => (output.Name, output.Value, Index: index))
                .Where(output => output.Value.Type == TensorType.Float32 && output.Value.Shape.ElementCount == count && (logits is null || output.Name == logits))
                .ToArray();
        if (logits is not null && outputs.Length == 0)
        {
            throw new ArgumentException(
                $"'{logits}' is not an output of logits: a float32 output is expected that has an element for each index of the network's only int32 input of one element.");
        }

        return outputs is [var found] && !inputs.IsRandom
            ? new CrossEntropyMeter(inputs, scalars[0].Key.Name, found.Name, found.Index, IsSoftmax(graph, found.Value))
            : null;
    }

    /// <summary>Takes what the models gave at a step of the inputs; after the last one there is no next token.</summary>
    public void Add(int inputStep, ReadOnlySpan<float> reference, ReadOnlySpan<float> candidate)
    {
        if (inputStep + 1 == _inputs.Steps)
        {
            return;
        }

        var next = _inputs.Integers(_input)[inputStep + 1];
        _reference += Bits(reference, next);
        _candidate += Bits(candidate, next);
        _tokens++;
    }

    private double Bits(ReadOnlySpan<float> values, int token)
    {
        if (_isProbability)
        {
            return -Math.Log2(values[token]);
        }

        double largest = float.NegativeInfinity;
        foreach (var value in values)
        {
            largest = Math.Max(largest, value);
        }

        var sum = 0.0;
        foreach (var value in values)
        {
            sum += Math.Exp(value - largest);
        }

        return Math.Log2(sum) + ((largest - values[token]) / Math.Log(2));
    }

    private static bool IsSoftmax(RnnGraph graph, Value value)
    {
        var maker = graph.Nodes.FirstOrDefault(node => node.Outputs.Contains(value));
        return maker is SoftmaxNode { Logarithm: false } || (maker is ViewNode view && IsSoftmax(graph, view.Input));
    }
}
