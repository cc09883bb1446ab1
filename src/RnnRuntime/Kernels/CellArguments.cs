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

    /// <summary>
    /// 1 where weights are read from their end at the first time step, at the next from their start, and so on; else 0. It changes no bit: what a step read
    /// last is still in a cache when the next one starts there.
    /// </summary>
    public int Backwards;
}

/// <summary>
/// Packed weights of a cell. Units in groups of 8; lanes are [group][gate][unit]. Fields, not properties: a property would copy a matrix on every use.
/// </summary>
internal readonly unsafe struct CellWeights(
    int groups, PackedMatrix input, PackedMatrix recurrent, PackedMatrix candidate, float* bias, float* candidateBias)
{
    /// <summary>Units / 8, rounded up.</summary>
    public readonly int Groups = groups;

    /// <summary>W, all gates; a GRU has [group][r, z] first and [group][n] behind.</summary>
    public readonly PackedMatrix Input = input;

    /// <summary>U, all gates; a GRU: r and z.</summary>
    public readonly PackedMatrix Recurrent = recurrent;

    /// <summary>GRU only: U of the gate n.</summary>
    public readonly PackedMatrix Candidate = candidate;

    /// <summary>Starts the sum of every lane of Input.</summary>
    public readonly float* Bias = bias;

    /// <summary>GRU only: starts U.h of the gate n.</summary>
    public readonly float* CandidateBias = candidateBias;
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
    Sqrt,
    Reciprocal,
    Log,
    LeakyRelu,
    Elu,
    HardSigmoid,
    ThresholdedRelu,
    ScaledTanh,
    Affine,
    Softplus,
    Softsign,
    Not,
    Round,
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
    Power,
    PRelu,
    Equal,
    Less,
    Greater,
}

/// <summary>Reductions of rows, as kernels know them.</summary>
internal enum ReduceFunction
{
    Sum,
    Mean,
    Maximum,
    Minimum,
}
