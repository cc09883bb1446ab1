namespace RnnRuntime.Plan;

/// <summary>The extents of a sequence inside a frame.</summary>
/// <param name="TimeSteps">T.</param>
/// <param name="Streams">N, the node's own streams.</param>
/// <param name="Inputs">Features of a row of the input.</param>
/// <param name="Units">H, the cell's size.</param>
/// <param name="Outputs">P, the size of a row of the output.</param>
internal sealed record SequenceSize(int TimeSteps, int Streams, int Inputs, int Units, int Outputs)
{
    public int Rows { get; } = checked(TimeSteps * Streams);

    /// <summary>H in whole groups of 8, as kernels write it.</summary>
    public int PaddedUnits { get; } = checked(Units + 7) & ~7;
}

/// <summary>Where a sequence step finds its values; all frames, rows lie close together.</summary>
/// <param name="X">[T, N, I].</param>
/// <param name="Lengths">Int32 [N], or null.</param>
/// <param name="Hidden">Initial hidden state [N, P]; may be the memory of <paramref name="NewHidden"/>.</param>
/// <param name="Cell">Initial cell state [N, H] (LSTM).</param>
/// <param name="Y">[T, N, P].</param>
/// <param name="NewHidden">[N, P].</param>
/// <param name="NewCell">[N, H] (LSTM).</param>
internal sealed record SequenceBuffers(
    BufferInfo X, BufferInfo? Lengths, BufferInfo Hidden, BufferInfo? Cell, BufferInfo Y, BufferInfo NewHidden, BufferInfo? NewCell)
{
    public IEnumerable<BufferInfo> All => new[] { X, Lengths, Hidden, Cell, Y, NewHidden, NewCell }.OfType<BufferInfo>();
}

/// <summary>Rows of one frame, padded to whole groups of 8: states of N streams (a cell state for an LSTM only) and outputs of T * N.</summary>
internal sealed record SequenceRows(BufferInfo Hidden, BufferInfo? Cell, BufferInfo Y);

/// <summary>What the packed cells need beside a sequence's values.</summary>
/// <param name="Gates">Pre-activations of a frame's rows, or, where a frame is one row, of all frames.</param>
/// <param name="Candidate">GRU only: scratch of a row a stream.</param>
/// <param name="Padded">Where rows are padded, if they cannot be written in their place.</param>
/// <param name="IsOneRow">T and N are 1: all frames run at once, as streams.</param>
internal sealed record SequenceWork(BufferInfo Gates, BufferInfo? Candidate, SequenceRows? Padded, bool IsOneRow)
{
    public IEnumerable<BufferInfo> All => new[] { Gates, Candidate, Padded?.Hidden, Padded?.Cell, Padded?.Y }.OfType<BufferInfo>();
}
