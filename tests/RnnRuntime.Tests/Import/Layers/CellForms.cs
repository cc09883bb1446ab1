using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>One cell with random weights, in our order and written in every other form a file may have.</summary>
internal sealed class CellForms
{
    public const int Features = 3;
    public const int Hidden = 5;

    private readonly string _ours;

    public CellForms(string ours, int seed)
    {
        _ours = ours;
        var random = new Random(seed);
        Input = Fill(ours.Length * Hidden * Features);
        Recurrent = Fill(ours.Length * Hidden * Hidden);
        InputBias = Fill(ours.Length * Hidden);
        RecurrentBias = Fill(ours.Length * Hidden);

        float[] Fill(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    public float[] Input { get; }

    public float[] Recurrent { get; }

    public float[] InputBias { get; }

    public float[] RecurrentBias { get; }

    public float[] BothBiases => [.. InputBias.Zip(RecurrentBias, (a, b) => a + b)];

    /// <summary>Rows of a matrix or a bias with the gates in another order; in_out also transposes.</summary>
    public HostTensor Write(float[] ours, int columns, string gates, bool transpose)
    {
        var rows = gates.Length * Hidden;
        var written = new float[ours.Length];
        for (var row = 0; row < rows; row++)
        {
            var source = (_ours.IndexOf(gates[row / Hidden], StringComparison.Ordinal) * Hidden) + (row % Hidden);
            for (var column = 0; column < columns; column++)
            {
                written[transpose ? (column * rows) + row : (row * columns) + column] = ours[(source * columns) + column];
            }
        }

        return columns == 1 ? HostTensor.Floats([rows], written) : HostTensor.Floats(transpose ? [columns, rows] : [rows, columns], written);
    }

    public static float[] Signal(int steps) => [.. Enumerable.Range(0, steps * Features).Select(i => MathF.Sin(i * 0.7f))];

    public static IEnumerable<string> Orders(string letters) => letters.Length == 1
        ? [letters]
        : letters.SelectMany(first => Orders(letters.Replace($"{first}", "")).Select(rest => $"{first}{rest}"));
}
