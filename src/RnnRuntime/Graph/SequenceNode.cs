using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>Recurrent cells.</summary>
internal enum SequenceCell
{
    Lstm,
    Gru,
    Rnn,
}

/// <summary>A function of a cell with its parameters.</summary>
internal readonly record struct CellActivation(UnaryOperator Function, float Alpha = 0, float Beta = 0);

/// <summary>
/// A recurrent layer over a sequence that lies whole in its input, with everything that ONNX allows: input [T, N, I], hidden [N, P], cell
/// [N, H] (LSTM), output [T, N, P]; P is H, or the projection's size. Rows of the weights [gates * H, I] and [gates * H, P], of the biases
/// and of the peepholes are the gates in our order: LSTM i, f, g, o and peepholes [3 * H] i, f, o; GRU r, z, n; RNN one.
/// An LSTM and an RNN have one bias, a GRU two. Rows of the output past a sequence's length are 0; the final states are those at its end.
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Input">[T, N, I].</param>
/// <param name="Lengths">Int32 [N], each 0 to T; absent means T. Values outside are taken as the nearer end.</param>
/// <param name="Hidden">Initial hidden state [N, P].</param>
/// <param name="CellState">Initial cell state [N, H]; LSTM only.</param>
/// <param name="Output">[T, N, P].</param>
/// <param name="NewHidden">Final hidden state [N, P].</param>
/// <param name="NewCell">Final cell state [N, H]; LSTM only.</param>
/// <param name="InputWeights">[gates * H, I].</param>
/// <param name="RecurrentWeights">[gates * H, P].</param>
/// <param name="InputBias">[gates * H].</param>
/// <param name="RecurrentBias">[gates * H]; GRU only.</param>
/// <param name="Peepholes">[3 * H]; LSTM only.</param>
/// <param name="Projection">[P, H]: h = Projection . (o * h(c)); LSTM only.</param>
/// <param name="Activations">LSTM: gates, candidate, output. GRU: gates, candidate. RNN: one.</param>
/// <param name="Clip">The sums of gates and candidates are clipped to [-Clip, Clip], the cell state on its way to the output is not (as in ONNX Runtime); 0 means not.</param>
/// <param name="Reverse">Whether the sequence runs from its end; the output keeps the input's order.</param>
/// <param name="InputForget">LSTM only: the forget gate is 1 - i.</param>
/// <param name="ResetAfter">GRU only: r applied to Un.h + bUn.</param>
internal sealed record SequenceNode(
    string Name, SequenceCell Cell, Value Input, Value? Lengths, Value Hidden, Value? CellState, Value Output, Value NewHidden, Value? NewCell,
    Weights InputWeights, Weights RecurrentWeights, Constant? InputBias, Constant? RecurrentBias, Constant? Peepholes, Weights? Projection,
    ImmutableArray<CellActivation> Activations, float Clip, bool Reverse, bool InputForget, bool ResetAfter) : Node(Name)
{
    public int Gates => GatesOf(Cell);

    public int HiddenSize => InputWeights.Rows / Gates;

    public override string Operator => Cell switch
    {
        SequenceCell.Lstm => "lstm_sequence",
        SequenceCell.Gru => "gru_sequence",
        _ => "rnn_sequence",
    };

    public override ImmutableArray<Value> Inputs => PresentValues(Input, Lengths, Hidden, CellState);

    public override ImmutableArray<Value> Outputs => PresentValues(Output, NewHidden, NewCell);

    public override ImmutableArray<Constant> Constants => Present(
        InputWeights.Values, InputWeights.Scales, InputWeights.Factors, RecurrentWeights.Values, RecurrentWeights.Scales, RecurrentWeights.Factors,
        InputBias, RecurrentBias, Peepholes, Projection?.Values, Projection?.Scales, Projection?.Factors);

    public static int GatesOf(SequenceCell cell) => cell switch
    {
        SequenceCell.Lstm => 4,
        SequenceCell.Gru => 3,
        _ => 1,
    };

    /// <summary>What a cell does unless told otherwise.</summary>
    public static ImmutableArray<CellActivation> DefaultActivations(SequenceCell cell) => cell switch
    {
        SequenceCell.Lstm => [new(UnaryOperator.Sigmoid), new(UnaryOperator.Tanh), new(UnaryOperator.Tanh)],
        SequenceCell.Gru => [new(UnaryOperator.Sigmoid), new(UnaryOperator.Tanh)],
        _ => [new(UnaryOperator.Tanh)],
    };
}
