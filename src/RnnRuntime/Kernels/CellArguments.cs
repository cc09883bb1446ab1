namespace RnnRuntime.Kernels;

/// <summary>
/// What every recurrent cell works on: vectors of T time steps of B streams, time outermost, and states of B streams. H is the number of
/// units, padded to whole groups of 8 in every buffer; strides are in floats.
/// </summary>
internal unsafe struct CellArguments
{
    /// <summary>[T * B] input vectors.</summary>
    public float* X;
    public nint XStride;

    /// <summary>[T * B] vectors of pre-activations, as many lanes as the input matrix.</summary>
    public float* Gates;
    public nint GatesStride;

    /// <summary>[B] hidden states, read and replaced.</summary>
    public float* Hidden;

    /// <summary>[B] cell states (LSTM) or scratch of H floats (GRU).</summary>
    public float* Cell;
    public nint StateStride;

    /// <summary>[T * B] outputs: the hidden state after each step.</summary>
    public float* Y;
    public nint YStride;

    public int TimeSteps;
    public int Streams;
    public ProductScratch Scratch;
}

/// <summary>Packed weights of a cell. Units in groups of 8; lanes are [group][gate][unit].</summary>
internal readonly unsafe struct CellWeights(
    int groups, PackedMatrix input, PackedMatrix recurrent, PackedMatrix candidate, float* bias, float* candidateBias)
{
    /// <summary>Units / 8, rounded up.</summary>
    public int Groups { get; } = groups;

    /// <summary>W, all gates; a GRU has [group][r, z] first and [group][n] behind.</summary>
    public PackedMatrix Input { get; } = input;

    /// <summary>U, all gates; a GRU: r and z.</summary>
    public PackedMatrix Recurrent { get; } = recurrent;

    /// <summary>GRU only: U of the gate n.</summary>
    public PackedMatrix Candidate { get; } = candidate;

    /// <summary>Starts the sum of every lane of Input.</summary>
    public float* Bias { get; } = bias;

    /// <summary>GRU only: starts U.h of the gate n.</summary>
    public float* CandidateBias { get; } = candidateBias;
}

/// <summary>Functions of one argument, as kernels know them.</summary>
internal enum UnaryFunction
{
    Identity,
    Tanh,
    Sigmoid,
    Relu,
    Exp,
    Negate,
    Abs,

    /// <summary>Magnitudes below 2^-80 become zero.</summary>
    Flush,
}

/// <summary>Functions of two arguments, as kernels know them.</summary>
internal enum BinaryFunction
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Minimum,
    Maximum,
}
