using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Runs a float32 graph one step of one stream at a time, in double precision, as the nodes' definitions read.</summary>
internal sealed partial class ReferenceInterpreter
{
    private readonly RnnGraph _graph;
    private readonly Dictionary<StateVariable, double[]> _states = [];
    private readonly Dictionary<Value, double[]> _values = [];

    public ReferenceInterpreter(RnnGraph graph)
    {
        _graph = graph;
        foreach (var state in graph.StateVariables)
        {
            _states[state] = state.Initial is { } initial ? Numbers(initial) : new double[state.Input.Shape.ElementCount];
        }
    }

    /// <summary>Inputs and outputs in the graph's order; indices as numbers.</summary>
    public double[][] Step(double[][] inputs)
    {
        _values.Clear();
        for (var i = 0; i < inputs.Length; i++)
        {
            _values[_graph.InputValues[i]] = inputs[i];
        }

        foreach (var state in _graph.StateVariables)
        {
            _values[state.Input] = _states[state];
        }

        foreach (var node in _graph.Nodes)
        {
            Run(node);
        }

        foreach (var state in _graph.StateVariables)
        {
            _states[state] = _values[state.Output];
        }

        return [.. _graph.OutputValues.Select(output => _values[output.Value])];
    }

    private void Run(Node node)
    {
        switch (node)
        {
            case LstmNode lstm: Run(lstm); break;
            case GruNode gru: Run(gru); break;
            case RnnNode rnn:
                var sum = Plus(Product(rnn.InputWeights, _values[rnn.Input]), Product(rnn.RecurrentWeights, _values[rnn.Hidden]), Optional(rnn.Bias));
                _values[rnn.NewHidden] = Map(rnn.Activation, sum);
                break;
            case LinearNode linear:
                var rows = _values[linear.Input].Chunk(linear.Weights.Columns);
                _values[linear.Output] = [.. rows.SelectMany(row => Plus(Product(linear.Weights, row), Optional(linear.Bias)))];
                break;
            case EmbeddingNode embedding:
                var table = Numbers(embedding.Table.Values).Chunk(embedding.Table.Columns).ToArray();
                _values[embedding.Output] = [.. _values[embedding.Indices].SelectMany(index => table[(int)index])];
                break;
            case CausalConv1dNode convolution: Run(convolution); break;
            case DelayNode delay:
                var line = _values[delay.History].Concat(_values[delay.Input]).ToArray();
                var width = delay.Input.Shape.ElementCount;
                _values[delay.Output] = line[..width];
                _values[delay.NewHistory] = line[width..];
                break;
            case UnaryNode unary: _values[unary.Output] = Map(unary.Function, _values[unary.Input], unary.Alpha, unary.Beta); break;
            case SoftmaxNode softmax:
                _values[softmax.Output] = [.. _values[softmax.Input].Chunk(softmax.Input.Shape[-1]).SelectMany(row => Softmax(row, softmax.Logarithm))];
                break;
            case ConstantNode constant: _values[constant.Output] = Numbers(constant.Data); break;
            default: RunTensors(node); break;
        }
    }

    private void Run(LstmNode node)
    {
        var n = node.HiddenSize;
        var gates = Plus(Product(node.InputWeights, _values[node.Input]), Product(node.RecurrentWeights, _values[node.Hidden]), Optional(node.Bias));
        var c = new double[n];
        var h = new double[n];
        for (var u = 0; u < n; u++)
        {
            var (i, f, g, o) = (Sigmoid(gates[u]), Sigmoid(gates[n + u]), Math.Tanh(gates[(2 * n) + u]), Sigmoid(gates[(3 * n) + u]));
            c[u] = (f * _values[node.Cell][u]) + (i * g);
            h[u] = o * Math.Tanh(c[u]);
        }

        _values[node.NewCell] = c;
        _values[node.NewHidden] = h;
    }

    private void Run(GruNode node)
    {
        var n = node.HiddenSize;
        var hidden = _values[node.Hidden];
        var input = Plus(Product(node.InputWeights, _values[node.Input]), Optional(node.InputBias));
        var recurrent = Plus(Product(node.RecurrentWeights, hidden), Optional(node.RecurrentBias));
        var r = Enumerable.Range(0, n).Select(u => Sigmoid(input[u] + recurrent[u])).ToArray();
        var z = Enumerable.Range(n, n).Select(u => Sigmoid(input[u] + recurrent[u])).ToArray();
        var reset = Plus(Product(node.RecurrentWeights, [.. hidden.Zip(r, (h, factor) => h * factor)]), Optional(node.RecurrentBias));
        var h = new double[n];
        for (var u = 0; u < n; u++)
        {
            var candidate = Math.Tanh(input[(2 * n) + u] + (node.ResetAfter ? r[u] * recurrent[(2 * n) + u] : reset[(2 * n) + u]));
            h[u] = ((1 - z[u]) * candidate) + (z[u] * hidden[u]);
        }

        _values[node.NewHidden] = h;
    }

    private void Run(CausalConv1dNode node)
    {
        var channels = node.Input.Shape[0];
        var line = node.History is null ? _values[node.Input] : [.. _values[node.History], .. _values[node.Input]];
        var newest = (line.Length / channels) - 1;
        var taps = Enumerable.Range(0, node.KernelSize)
            .SelectMany(tap => line.Skip((newest - ((node.KernelSize - 1 - tap) * node.Dilation)) * channels).Take(channels));
        _values[node.Output] = Plus(Product(node.Weights, [.. taps]), Optional(node.Bias));
        if (node.NewHistory is not null)
        {
            _values[node.NewHistory] = line[channels..];
        }
    }

    private static double[] Product(Weights weights, double[] x)
    {
        Assert.False(weights.IsInt8, "the reference runs float32 graphs");
        return [.. Numbers(weights.Values).Chunk(weights.Columns).Select(row => row.Zip(x, (w, value) => w * value).Sum())];
    }

    private static double[] Plus(double[] first, params double[]?[] others) =>
        [.. first.Select((value, i) => value + others.Sum(other => other is null ? 0 : other[i]))];

    private static double[] Map(UnaryOperator function, double[] x, double alpha = 0, double beta = 0) =>
        [.. x.Select(value => Apply(function, value, alpha, beta))];

    private static double[] Softmax(double[] x, bool logarithm)
    {
        var largest = x.Max();
        var logSum = Math.Log(x.Sum(value => Math.Exp(value - largest))) + largest;
        return [.. x.Select(value => logarithm ? value - logSum : Math.Exp(value - logSum))];
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[]? Optional(Constant? constant) => constant is null ? null : Numbers(constant);

    private static double[] Numbers(Constant constant) => constant.Type == TensorType.Float32
        ? Array.ConvertAll(MemoryMarshal.Cast<byte, float>(constant.Data.Span).ToArray(), value => (double)value)
        : Array.ConvertAll(MemoryMarshal.Cast<byte, int>(constant.Data.Span).ToArray(), value => (double)value);
}
