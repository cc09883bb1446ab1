namespace RnnRuntime.Tests.Import.Translation;

/// <summary>
/// How far an LSTM whose activations are quantised can be from one in float32 with the same weights. A quantised activation is at most
/// <c>e</c> away: half a step of max|x| / 127 where it is symmetric, a whole step of range / 255 where it has a zero point, since the range
/// with 0 in it and the rounded zero point may cost another half. So a gate's sum is at most D = sum |W| e_x + sum |U| (e_h + error of h)
/// away. With slopes of at most 1/4 (sigmoid) and 1 (tanh) and gates within [-1, 1]: the cell state is at most
/// error of c + |c| D_f / 4 + D_i / 4 + D_g away, h at most that + D_o / 4.
/// </summary>
/// <param name="Hidden">Of every h.</param>
/// <param name="Cell">Of every c.</param>
internal readonly record struct ActivationBound(double Hidden, double Cell)
{
    /// <summary>For the roundings of float32 and the polynomials of both activations.</summary>
    private const double Roundings = 1e-5;

    public static ActivationBound Of(QuantizedLstm lstm, float[] x, float[] h, float[] c, bool symmetric)
    {
        var input = LargestRow(lstm.Weights(lstm.Inputs), lstm.Inputs);
        var recurrent = LargestRow(lstm.Weights(lstm.Hidden), lstm.Hidden);
        var (ofX, ofH) = (Step(x, symmetric), Math.Max(Step(h, symmetric), Step([-1, 1], symmetric)));
        var (hidden, cell, largestCell) = (0.0, 0.0, (double)c.Max(MathF.Abs));
        if (lstm.TimeSteps == 1)
        {
            ofH = Step(h, symmetric);
        }

        for (var step = 0; step < lstm.TimeSteps; step++)
        {
            var sum = (input * ofX) + (recurrent * (ofH + hidden));
            cell += (largestCell * sum / 4) + (sum / 4) + sum;
            hidden = cell + (sum / 4);
            largestCell += 1;
        }

        return new ActivationBound(hidden + Roundings, cell + Roundings);
    }

    private static double Step(float[] values, bool symmetric) => symmetric
        ? values.Max(MathF.Abs) / 254.0
        : (Math.Max(0, values.Max()) - Math.Min(0, values.Min())) / 255.0;

    private static double LargestRow(float[] weights, int columns) => weights.Chunk(columns).Max(row => row.Sum(weight => (double)Math.Abs(weight)));
}
