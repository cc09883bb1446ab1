using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>A sequence node in double precision, one stream, unit and time step at a time, as its definition reads. Float32 weights.</summary>
internal sealed class SequenceReference
{
    private readonly SequenceNode _node;
    private readonly double[] _inputWeights;
    private readonly double[] _recurrentWeights;
    private readonly double[] _inputBias;
    private readonly double[] _recurrentBias;
    private readonly double[] _peepholes;
    private readonly double[]? _projection;
    private readonly int _units;
    private readonly int _outputs;

    public SequenceReference(SequenceNode node)
    {
        _node = node;
        _units = node.HiddenSize;
        _outputs = node.Hidden.Shape[1];
        _inputWeights = Numbers(node.InputWeights.Values);
        _recurrentWeights = Numbers(node.RecurrentWeights.Values);
        _inputBias = node.InputBias is null ? new double[node.Gates * _units] : Numbers(node.InputBias);
        _recurrentBias = node.RecurrentBias is null ? new double[node.Gates * _units] : Numbers(node.RecurrentBias);
        _peepholes = node.Peepholes is null ? new double[3 * _units] : Numbers(node.Peepholes);
        _projection = node.Projection is null ? null : Numbers(node.Projection.Values);
    }

    /// <summary>One frame: the output, the final hidden state and the final cell state (empty but for an LSTM).</summary>
    public double[][] Run(ReadOnlySpan<float> input, ReadOnlySpan<int> lengths, ReadOnlySpan<float> hidden, ReadOnlySpan<float> cell)
    {
        var (steps, streams, features) = (_node.Input.Shape[0], _node.Input.Shape[1], _node.Input.Shape[2]);
        var y = new double[steps * streams * _outputs];
        var finalHidden = new double[streams * _outputs];
        var finalCell = new double[cell.Length];
        for (var stream = 0; stream < streams; stream++)
        {
            var h = Numbers(hidden.Slice(stream * _outputs, _outputs));
            var c = cell.IsEmpty ? [] : Numbers(cell.Slice(stream * _units, _units));
            var length = lengths.IsEmpty ? steps : Math.Max(0, Math.Min(steps, lengths[stream]));
            for (var step = 0; step < length; step++)
            {
                var t = _node.Reverse ? length - 1 - step : step;
                var x = Numbers(input.Slice(((t * streams) + stream) * features, features));
                (h, c) = _node.Cell switch
                {
                    SequenceCell.Lstm => Lstm(x, h, c),
                    SequenceCell.Gru => (Gru(x, h), c),
                    _ => (Units(unit => Activate(0, FromInput(0, unit, x) + FromHidden(0, unit, h))), c),
                };
                h.CopyTo(y, ((t * streams) + stream) * _outputs);
            }

            h.CopyTo(finalHidden, stream * _outputs);
            c.CopyTo(finalCell.AsSpan(Math.Min(stream * _units, finalCell.Length)));
        }

        return [y, finalHidden, finalCell];
    }

    private (double[] Hidden, double[] Cell) Lstm(double[] x, double[] h, double[] c)
    {
        var i = Units(unit => Activate(0, FromInput(0, unit, x) + FromHidden(0, unit, h) + (_peepholes[unit] * c[unit])));
        var f = _node.InputForget
            ? Units(unit => 1 - i[unit])
            : Units(unit => Activate(0, FromInput(1, unit, x) + FromHidden(1, unit, h) + (_peepholes[_units + unit] * c[unit])));
        var g = Units(unit => Activate(1, FromInput(2, unit, x) + FromHidden(2, unit, h)));
        var next = Units(unit => (f[unit] * c[unit]) + (i[unit] * g[unit]));
        var o = Units(unit => Activate(0, FromInput(3, unit, x) + FromHidden(3, unit, h) + (_peepholes[(2 * _units) + unit] * next[unit])));
        var result = Units(unit => o[unit] * Apply(2, next[unit]));
        return (_projection is null ? result : [.. Enumerable.Range(0, _outputs).Select(row => Product(_projection, row, result))], next);
    }

    private double[] Gru(double[] x, double[] h)
    {
        var r = Units(unit => Activate(0, FromInput(0, unit, x) + FromHidden(0, unit, h)));
        var z = Units(unit => Activate(0, FromInput(1, unit, x) + FromHidden(1, unit, h)));
        var reset = Units(unit => r[unit] * h[unit]);
        var n = Units(unit => Activate(1, FromInput(2, unit, x) + (_node.ResetAfter ? r[unit] * FromHidden(2, unit, h) : FromHidden(2, unit, reset))));
        return Units(unit => ((1 - z[unit]) * n[unit]) + (z[unit] * h[unit]));
    }

    private double FromInput(int gate, int unit, double[] x) =>
        Product(_inputWeights, (gate * _units) + unit, x) + _inputBias[(gate * _units) + unit];

    private double FromHidden(int gate, int unit, double[] h) =>
        Product(_recurrentWeights, (gate * _units) + unit, h) + _recurrentBias[(gate * _units) + unit];

    private double Activate(int index, double x) => Apply(index, _node.Clip == 0 ? x : Math.Clamp(x, -_node.Clip, _node.Clip));

    private double Apply(int index, double x)
    {
        var (function, alpha, beta) = _node.Activations[index];
        return function switch
        {
            UnaryOperator.Identity => x,
            UnaryOperator.Tanh => Math.Tanh(x),
            UnaryOperator.Sigmoid => 1 / (1 + Math.Exp(-x)),
            UnaryOperator.Relu => Math.Max(0, x),
            UnaryOperator.Affine => (alpha * x) + beta,
            UnaryOperator.LeakyRelu => x >= 0 ? x : alpha * x,
            UnaryOperator.ThresholdedRelu => x > alpha ? x : 0,
            UnaryOperator.ScaledTanh => alpha * Math.Tanh(beta * x),
            UnaryOperator.HardSigmoid => Math.Max(0, Math.Min(1, (alpha * x) + beta)),
            UnaryOperator.Elu => x >= 0 ? x : alpha * (Math.Exp(x) - 1),
            UnaryOperator.Softsign => x / (1 + Math.Abs(x)),
            UnaryOperator.Softplus => Math.Log(1 + Math.Exp(x)),
            _ => throw new ArgumentException($"No activation: {function}."),
        };
    }

    private double[] Units(Func<int, double> value) => [.. Enumerable.Range(0, _units).Select(value)];

    private static double Product(double[] weights, int row, double[] x)
    {
        var sum = 0.0;
        for (var column = 0; column < x.Length; column++)
        {
            sum += weights[(row * x.Length) + column] * x[column];
        }

        return sum;
    }

    private static double[] Numbers(Constant constant) => Numbers(MemoryMarshal.Cast<byte, float>(constant.Data.Span));

    private static double[] Numbers(ReadOnlySpan<float> values) => Array.ConvertAll(values.ToArray(), value => (double)value);
}
