using System.Runtime.CompilerServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Kernels;

/// <summary>A number in double precision and how far a float32 computation of it may be off.</summary>
internal readonly record struct Bounded(double Value, double Error);

/// <summary>
/// One step of a cell in double precision, written like the formulas. With int8 weights the vectors of a product are quantised by the same
/// rule first; everything else stays double.
/// </summary>
internal sealed class CellReference
{
    private const double UnitRoundoff = 1.0 / (1 << 24);

    // Above the documented errors of sigmoid (9e-8) and tanh (1.2e-7) plus a rounding.
    private const double ActivationError = 2e-7;

    private readonly CellModel _model;
    private readonly double[] _input;
    private readonly double[] _recurrent;

    public CellReference(CellModel model)
    {
        _model = model;
        _input = Real(model.InputWeights);
        _recurrent = Real(model.RecurrentWeights);
    }

    /// <summary>The new hidden state; an LSTM's new cell state too.</summary>
    /// <param name="x">Input.</param>
    /// <param name="h">Hidden state before.</param>
    /// <param name="c">LSTM: cell state before. GRU that resets before: r * h as the variant computed it, which decides what int8 sees.</param>
    public (Bounded[] H, Bounded[] C) Step(ReadOnlySpan<float> x, ReadOnlySpan<float> h, ReadOnlySpan<float> c)
    {
        var (seenX, seenH) = (Seen(x), Seen(h));
        var newH = new Bounded[_model.Units];
        var newC = new Bounded[_model.Units];
        switch (_model.Cell)
        {
            case CellUnderTest.Lstm:
                for (var unit = 0; unit < _model.Units; unit++)
                {
                    var i = Sigmoid(Gate(0, unit, seenX, seenH));
                    var f = Sigmoid(Gate(1, unit, seenX, seenH));
                    var g = Tanh(Gate(2, unit, seenX, seenH));
                    var o = Sigmoid(Gate(3, unit, seenX, seenH));
                    newC[unit] = Add(Times(f, new Bounded(c[unit], 0)), Times(i, g));
                    newH[unit] = Times(o, Tanh(newC[unit]));
                }

                break;
            case CellUnderTest.GruResetAfter:
                for (var unit = 0; unit < _model.Units; unit++)
                {
                    var r = Sigmoid(Gate(0, unit, seenX, seenH));
                    var inner = Chain(Bias(_model.RecurrentBias, 2, unit), 2, unit, null, seenH);
                    var outer = Chain(Bias(_model.InputBias, 2, unit), 2, unit, seenX, null);
                    newH[unit] = Mix(Sigmoid(Gate(1, unit, seenX, seenH)), h[unit], Tanh(Add(outer, Times(r, inner))));
                }

                break;
            case CellUnderTest.GruResetBefore:
                var seenReset = Seen(c);
                for (var unit = 0; unit < _model.Units; unit++)
                {
                    newH[unit] = Mix(Sigmoid(Gate(1, unit, seenX, seenH)), h[unit], Tanh(Gate(2, unit, seenX, seenReset)));
                    newC[unit] = Times(Sigmoid(Gate(0, unit, seenX, seenH)), new Bounded(h[unit], 0));
                }

                break;
            default:
                for (var unit = 0; unit < _model.Units; unit++)
                {
                    var sum = Gate(0, unit, seenX, seenH);
                    newH[unit] = _model.Cell switch
                    {
                        CellUnderTest.RnnTanh => Tanh(sum),
                        CellUnderTest.RnnRelu => new Bounded(Math.Max(sum.Value, 0), sum.Error),
                        _ => sum,
                    };
                }

                break;
        }

        return (newH, newC);
    }

    /// <summary>W.x + U.h + all biases of one gate of one unit.</summary>
    private Bounded Gate(int gate, int unit, double[] x, double[] h)
    {
        var recurrentBias = _model.Gates == 3 ? Bias(_model.RecurrentBias, gate, unit) : 0;
        return Chain((double)Bias(_model.InputBias, gate, unit) + recurrentBias, gate, unit, x, h);
    }

    /// <summary>
    /// A sum over either vector or both. The error of a chain of n fused multiply-adds is at most n roundings of the sum of magnitudes; int8
    /// has five (scales, sum, result, twice) with the bias's; 8 covers them.
    /// </summary>
    private Bounded Chain(double start, int gate, int unit, double[]? x, double[]? h)
    {
        var (sum, magnitude) = (start, Math.Abs(start));
        var row = (gate * _model.Units) + unit;
        Accumulate(_input, row, x ?? [], ref sum, ref magnitude);
        Accumulate(_recurrent, row, h ?? [], ref sum, ref magnitude);
        return new Bounded(sum, ((x?.Length ?? 0) + (h?.Length ?? 0) + 8) * UnitRoundoff * magnitude);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(double[] weights, int row, double[] x, ref double sum, ref double magnitude)
    {
        var (total, absolute) = (sum, magnitude);
        var terms = weights.AsSpan(row * x.Length, x.Length);
        for (var column = 0; column < terms.Length; column++)
        {
            var product = terms[column] * x[column];
            total += product;
            absolute += Math.Abs(product);
        }

        (sum, magnitude) = (total, absolute);
    }

    private float Bias(float[] bias, int gate, int unit) => bias[(gate * _model.Units) + unit];

    private static Bounded Add(Bounded left, Bounded right) => new(
        left.Value + right.Value, left.Error + right.Error + (UnitRoundoff * Math.Abs(left.Value + right.Value)));

    private static Bounded Times(Bounded left, Bounded right) => new(
        left.Value * right.Value,
        (left.Error * (Math.Abs(right.Value) + right.Error)) + (right.Error * Math.Abs(left.Value)) + (UnitRoundoff * Math.Abs(left.Value * right.Value)));

    /// <summary>(1 - z) n + z h.</summary>
    private static Bounded Mix(Bounded z, float h, Bounded n) => new(
        ((1 - z.Value) * n.Value) + (z.Value * h),
        n.Error + (z.Error * (Math.Abs(h - n.Value) + n.Error)) + (3 * UnitRoundoff * (Math.Abs(h) + Math.Abs(n.Value))));

    /// <summary>The steepest slope is a quarter.</summary>
    private static Bounded Sigmoid(Bounded x) => new(1 / (1 + Math.Exp(-x.Value)), (x.Error / 4) + ActivationError);

    private static Bounded Tanh(Bounded x) => new(Math.Tanh(x.Value), x.Error + ActivationError);

    private double[] Seen(ReadOnlySpan<float> x)
    {
        var result = new double[x.Length];
        if (_model.Precision != Precision.Int8)
        {
            for (var i = 0; i < x.Length; i++)
            {
                result[i] = x[i];
            }

            return result;
        }

        var (quantized, unit) = ReferenceQuantizer.Quantize(x);
        for (var i = 0; i < x.Length; i++)
        {
            result[i] = (double)quantized[i] * unit;
        }

        return result;
    }

    private static double[] Real(Weights weights)
    {
        var result = new double[weights.Rows * weights.Columns];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = weights.IsInt8
                ? weights.Values.Bytes()[i] * (double)weights.Scales!.Floats()[i / weights.Columns]
                : HalfPrecision.Element(weights.Values, i);
        }

        return result;
    }
}
