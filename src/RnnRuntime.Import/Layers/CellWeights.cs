using System.Collections.Immutable;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// The weights of a recurrent cell as the graph has them: rows are gates of H units in our order, matrices row-major [gates * H, columns].
/// An LSTM and an RNN have one bias; a GRU has two.
/// </summary>
internal sealed record CellWeights(
    CellFormat Format, int Hidden, float[] Input, float[] Recurrent, float[] InputBias, float[] RecurrentBias)
{
    /// <summary>Converts what a file holds.</summary>
    /// <param name="format">How it holds it.</param>
    /// <param name="features">Size of the cell's input.</param>
    /// <param name="input">Weights of the input.</param>
    /// <param name="recurrent">Weights of the hidden state.</param>
    /// <param name="biases">None, one or two, as the format says.</param>
    public static CellWeights Convert(CellFormat format, int features, Weight input, Weight recurrent, params ReadOnlySpan<Weight> biases)
    {
        var gates = CellFormat.GateCount(format.Kind);
        var hidden = HiddenSize(format, recurrent);
        var rows = (long)gates * hidden;
        if (format.Layout == MatrixLayout.OutIn)
        {
            recurrent.Expect([rows, hidden], $"[{gates} * hidden, hidden]");
            input.Expect([rows, features], $"[{gates} * hidden, input size]");
        }
        else
        {
            recurrent.Expect([hidden, rows], $"[hidden, {gates} * hidden]");
            input.Expect([features, rows], $"[input size, {gates} * hidden]");
        }

        var (inputBias, recurrentBias) = Biases(format, hidden, gates, biases);
        if (format.Kind != CellKind.Gru && recurrentBias.Length > 0)
        {
            for (var i = 0; i < inputBias.Length; i++)
            {
                inputBias[i] += recurrentBias[i];
                if (!float.IsFinite(inputBias[i]))
                {
                    throw new RnnImportException($"{biases[0].Name}, element {i}", "a sum of both biases that float32 does not hold", "a finite sum");
                }
            }

            recurrentBias = [];
        }

        return new CellWeights(
            format, hidden, Rows(input, format, hidden), Rows(recurrent, format, hidden),
            Permute(inputBias, format.Gates, hidden), Permute(recurrentBias, format.Gates, hidden));
    }

    private static int HiddenSize(CellFormat format, Weight recurrent)
    {
        recurrent.ExpectRank(2, "the recurrent weights, a matrix");
        return recurrent.Tensor.Shape[format.Layout == MatrixLayout.OutIn ? 1 : 0];
    }

    private static (float[] Input, float[] Recurrent) Biases(CellFormat format, int hidden, int gates, ReadOnlySpan<Weight> biases)
    {
        var rows = (long)gates * hidden;
        switch (format.Biases)
        {
            case BiasForm.One:
                return (biases[0].Expect([rows], $"[{gates} * hidden]").ToFloats(), []);
            case BiasForm.Two:
                return (biases[0].Expect([rows], $"[{gates} * hidden]").ToFloats(), biases[1].Expect([rows], $"[{gates} * hidden]").ToFloats());
            case BiasForm.Merged:
                var both = biases[0].Expect([2, rows], $"[2, {gates} * hidden]").ToFloats();
                return (both[..(int)rows], both[(int)rows..]);
            default:
                return ([], []);
        }
    }

    private static float[] Rows(Weight matrix, CellFormat format, int hidden)
    {
        var values = matrix.ToFloats();
        if (format.Layout == MatrixLayout.InOut)
        {
            values = Matrices.Transpose(values, matrix.Tensor.Shape[0], matrix.Tensor.Shape[1]);
        }

        return Permute(values, format.Gates, values.Length / format.Gates.Length);
    }

    /// <summary>Puts blocks, one a gate, into our order.</summary>
    private static float[] Permute(float[] source, ImmutableArray<int> gates, int block)
    {
        if (source.Length == 0)
        {
            return source;
        }

        var target = new float[source.Length];
        for (var gate = 0; gate < gates.Length; gate++)
        {
            Array.Copy(source, gates[gate] * block, target, gate * block, block);
        }

        return target;
    }
}
