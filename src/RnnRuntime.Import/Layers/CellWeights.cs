using System.Collections.Immutable;

namespace RnnRuntime.Import.Layers;

/// <summary>
/// The weights of a recurrent cell as the graph has them: rows are gates of H units in our order, matrices row-major [gates * H, columns].
/// An LSTM and an RNN have one bias; a GRU has two.
/// </summary>
internal sealed record CellWeights(
    CellFormat Format, int Hidden, float[] Input, float[] Recurrent, float[] InputBias, float[] RecurrentBias)
{
    /// <summary>LSTM: [P, H], or null for none.</summary>
    public float[]? Projection { get; private init; }

    /// <summary>LSTM: [3 * H], i, f, o, or empty.</summary>
    public float[] Peepholes { get; private init; } = [];

    /// <summary>Converts what a file holds.</summary>
    /// <param name="format">How it holds it.</param>
    /// <param name="features">Size of the cell's input.</param>
    /// <param name="input">Weights of the input.</param>
    /// <param name="recurrent">Weights of the hidden state.</param>
    /// <param name="biases">None, one or two, as the format says.</param>
    public static CellWeights Convert(CellFormat format, int features, Weight input, Weight recurrent, params ReadOnlySpan<Weight> biases) =>
        Convert(format, features, new CellTensors(input, recurrent, [.. biases], null, []));

    /// <summary>Converts what a file holds, of an LSTM also a projection and peepholes.</summary>
    public static CellWeights Convert(CellFormat format, int features, CellTensors tensors)
    {
        var (input, recurrent, projection) = (tensors.Input, tensors.Recurrent, tensors.Projection);
        var biases = tensors.Biases.AsSpan();
        var gates = CellFormat.GateCount(format.Kind);
        var size = OutputSize(format, recurrent);
        var hidden = projection is { } matrix ? HiddenOf(format, matrix) : size;
        var rows = (long)gates * hidden;
        var output = projection is null ? "hidden" : "projection size";
        if (format.Layout == MatrixLayout.OutIn)
        {
            recurrent.Expect([rows, size], $"[{gates} * hidden, {output}]");
            input.Expect([rows, features], $"[{gates} * hidden, input size]");
            projection?.Expect([size, hidden], "[projection size, hidden]");
        }
        else
        {
            recurrent.Expect([size, rows], $"[{output}, {gates} * hidden]");
            input.Expect([features, rows], $"[input size, {gates} * hidden]");
            projection?.Expect([hidden, size], "[hidden, projection size]");
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
            format, hidden, Rows(input, format), Rows(recurrent, format),
            Permute(inputBias, format.Gates, hidden), Permute(recurrentBias, format.Gates, hidden))
        {
            Projection = projection is { } values ? RowsOf(values, format.Layout) : null,
            Peepholes = [.. tensors.Peepholes.SelectMany(weight => weight.Expect([hidden], "[hidden]").ToFloats())],
        };
    }

    private static int HiddenOf(CellFormat format, Weight projection) =>
        projection.ExpectRank(2, "the projection, a matrix").Tensor.Shape[format.Layout == MatrixLayout.OutIn ? 1 : 0];

    private static int OutputSize(CellFormat format, Weight recurrent)
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

    private static float[] Rows(Weight matrix, CellFormat format)
    {
        var values = RowsOf(matrix, format.Layout);
        return Permute(values, format.Gates, values.Length / format.Gates.Length);
    }

    private static float[] RowsOf(Weight matrix, MatrixLayout layout)
    {
        var values = matrix.ToFloats();
        return layout == MatrixLayout.OutIn ? values : Matrices.Transpose(values, matrix.Tensor.Shape[0], matrix.Tensor.Shape[1]);
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

/// <summary>A cell's tensors as a file has them.</summary>
/// <param name="Input">Weights of the input.</param>
/// <param name="Recurrent">Weights of the hidden state.</param>
/// <param name="Biases">None, one or two.</param>
/// <param name="Projection">LSTM: of the output to the hidden state; null for none.</param>
/// <param name="Peepholes">LSTM: none, or three vectors: of the input, the forget and the output gate.</param>
internal sealed record CellTensors(Weight Input, Weight Recurrent, ImmutableArray<Weight> Biases, Weight? Projection, ImmutableArray<Weight> Peepholes);
