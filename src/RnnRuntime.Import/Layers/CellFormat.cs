using System.Collections.Immutable;

namespace RnnRuntime.Import.Layers;

internal enum CellKind
{
    Lstm,
    Gru,
    Rnn,
}

/// <summary>How a matrix lies in a file.</summary>
internal enum MatrixLayout
{
    /// <summary>[outputs, inputs], a row an output: PyTorch, and ours.</summary>
    OutIn,

    /// <summary>[inputs, outputs]: Keras.</summary>
    InOut,
}

/// <summary>How a file holds a cell's biases.</summary>
internal enum BiasForm
{
    None,

    /// <summary>[gates * H], added to the input's product.</summary>
    One,

    /// <summary>Two tensors [gates * H]: input's and recurrent.</summary>
    Two,

    /// <summary>One tensor [2, gates * H]: input's and recurrent.</summary>
    Merged,
}

/// <summary>How a file holds a cell.</summary>
/// <param name="Kind">The cell.</param>
/// <param name="Gates">For each gate in our order (LSTM i, f, g, o; GRU r, z, n), its place in the file's order.</param>
/// <param name="Layout">Of both matrices.</param>
/// <param name="Biases">Their form.</param>
/// <param name="ResetAfter">GRU only: r scales the recurrent product, not the state.</param>
/// <param name="Nonlinearity">Of a plain RNN.</param>
internal sealed record CellFormat(
    CellKind Kind, ImmutableArray<int> Gates, MatrixLayout Layout, BiasForm Biases, bool ResetAfter = true,
    RnnActivation Nonlinearity = RnnActivation.Tanh)
{
    public const string PyTorchLstm = "ifgo";
    public const string KerasLstm = "ifco";
    public const string PyTorchGru = "rzn";
    public const string KerasGru = "zrh";

    public static int GateCount(CellKind kind) => kind switch
    {
        CellKind.Lstm => 4,
        CellKind.Gru => 3,
        _ => 1,
    };

    /// <summary>A cell as a PyTorch state dict has it.</summary>
    public static CellFormat PyTorch(CellKind kind, bool biases, RnnActivation nonlinearity = RnnActivation.Tanh) =>
        new(kind, ParseGates(kind, PyTorchGates(kind), ""), MatrixLayout.OutIn, biases ? BiasForm.Two : BiasForm.None, Nonlinearity: nonlinearity);

    /// <summary>A cell as Keras has it.</summary>
    public static CellFormat Keras(CellKind kind, BiasForm biases, bool resetAfter = true) =>
        new(kind, ParseGates(kind, KerasGates(kind), ""), MatrixLayout.InOut, biases, resetAfter);

    public static string PyTorchGates(CellKind kind) => kind switch
    {
        CellKind.Lstm => PyTorchLstm,
        CellKind.Gru => PyTorchGru,
        _ => "h",
    };

    public static string KerasGates(CellKind kind) => kind switch
    {
        CellKind.Lstm => KerasLstm,
        CellKind.Gru => KerasGru,
        _ => "h",
    };

    /// <summary>
    /// A gate order as text: each gate's letter once. The LSTM's candidate is <c>g</c> or <c>c</c>, the GRU's <c>n</c> or <c>h</c>.
    /// </summary>
    public static ImmutableArray<int> ParseGates(CellKind kind, string text, string location)
    {
        var (ours, written) = kind switch
        {
            CellKind.Lstm => (PyTorchLstm, text.Replace('c', 'g')),
            CellKind.Gru => (PyTorchGru, text.Replace('h', 'n')),
            _ => ("h", text),
        };
        if (written.Length != ours.Length || ours.Any(gate => !written.Contains(gate, StringComparison.Ordinal)))
        {
            throw new RnnImportException(location, JsonText.Quote(text), kind switch
            {
                CellKind.Lstm => "the letters i, f, g (or c), o in the file's order: ifgo is PyTorch's, ifco Keras', iofc that of ONNX",
                CellKind.Gru => "the letters r, z, n (or h) in the file's order: rzn is PyTorch's, zrh that of Keras and ONNX",
                _ => "h, as this cell has no gates",
            });
        }

        return [.. ours.Select(gate => written.IndexOf(gate, StringComparison.Ordinal))];
    }
}
