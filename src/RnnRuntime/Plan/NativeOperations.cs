using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

// The structs of native/include/rnn_program.h, field by field; that file says what they mean.

/// <summary>rnn_operation_kind: one for each form of plan step.</summary>
internal enum NativeOperationKind
{
    Recurrent,
    Linear,
    Elementwise,
    Embedding,
    Softmax,
    Reduce,
    LayerNorm,
    Cast,
    Copy,
    Flush,
    StridedCopy,
    BlockCopy,
    Gather,
    Compare,
    CausalConvolution,
    Delay,
    Convolution,
    Depthwise,
    MatMul,
    Sequence,
    GeneralSequence,
    Host,
}

internal unsafe struct NativeBuffer
{
    public float* Start;
    public nint TimeStride;
    public nint Stride;
}

internal unsafe struct NativeRing
{
    public float* Data;
    public nint Stride;
    public int* Position;
    public int Length;
    public int Width;
}

internal struct NativeRecurrent
{
    public CellWeights Weights;
    public ProductScratch Scratch;
    public int Cell;
    public int Activation;
    public int Units;
    public int Reserved;
    public NativeBuffer X;
    public NativeBuffer Gates;
    public NativeBuffer Hidden;
    public NativeBuffer CellState;
    public NativeBuffer Y;
    public NativeBuffer HiddenInput;
    public NativeBuffer CellInput;
    public NativeBuffer CellOutput;
}

internal unsafe struct NativeLinear
{
    public PackedMatrix Matrix;
    public ProductScratch Scratch;
    public float* Bias;
    public float* Lanes;
    public int Outputs;
    public int RowsPerFrame;
    public NativeBuffer X;
    public NativeBuffer Y;
}

internal struct NativeElementOperation
{
    public int Operands;
    public int Function;
    public int First;
    public int Second;
    public int Third;
    public int Result;
    public int FirstIsScalar;
    public int SecondIsScalar;
    public int ResultIsScalar;
    public float Alpha;
    public float Beta;
}

internal unsafe struct NativeElementInput
{
    public NativeBuffer Buffer;
    public int* RowOffsets;
    public nint IsScalar;
}

internal unsafe struct NativeElementwise
{
    public NativeElementInput* Inputs;
    public NativeElementOperation* Operations;
    public float** Slots;
    public float* Registers;
    public int InputCount;
    public int OperationCount;
    public int RegisterCount;
    public int BlockLength;
    public int Rows;
    public int RowLength;
    public NativeBuffer Y;
}

internal unsafe struct NativeEmbedding
{
    public void* Table;
    public float* Scales;
    public int Format;
    public int Size;
    public int IndexCount;
    public int Reserved;
    public NativeBuffer Indices;
    public NativeBuffer Y;
}

internal unsafe struct NativeRows
{
    public NativeBuffer X;
    public NativeBuffer Y;
    public float* Scale;
    public float* Bias;
    public int Elements;
    public int Length;
    public int Function;
    public float Epsilon;
}

internal unsafe struct NativeStridedCopy
{
    public NativeBuffer X;
    public NativeBuffer Y;
    public int* Offsets;
    public int Rows;
    public int Length;
    public int Stride;
    public int Run;
}

internal struct NativeMove
{
    public NativeBuffer Source;
    public int SourceOffset;
    public int SourceStride;
    public int TargetOffset;
    public int TargetStride;
    public int Rows;
    public int Length;
}

internal unsafe struct NativeBlockCopy
{
    public NativeMove* Moves;
    public int MoveCount;
    public float Fill;
    public NativeBuffer Y;
}

internal struct NativeGather
{
    public NativeBuffer Data;
    public NativeBuffer Indices;
    public NativeBuffer Y;
    public int Outer;
    public int Count;
    public int Inner;
    public int IndexCount;
}

internal unsafe struct NativeCompare
{
    public NativeBuffer Left;
    public NativeBuffer Right;
    public NativeBuffer Y;
    public int* LeftOffsets;
    public int* RightOffsets;
    public int LeftStride;
    public int RightStride;
    public int Function;
    public int Rows;
    public int RowLength;
    public int Reserved;
}

internal unsafe struct NativeRingStep
{
    public PackedMatrix Matrix;
    public ProductScratch Scratch;
    public float* Bias;
    public NativeBuffer X;
    public NativeBuffer Y;
    public NativeBuffer Taps;
    public NativeBuffer HistoryInput;
    public NativeBuffer HistoryOutput;
    public NativeRing Ring;
    public int KernelSize;
    public int Dilation;
    public int Channels;
    public int Reserved;
}

internal struct NativeAxis
{
    public int Length;
    public int Output;
    public int Kernel;
    public int Stride;
    public int Dilation;
    public int Start;
    public nint ElementStride;
}

/// <summary>An array of four in C.</summary>
internal struct NativeAxes
{
    public NativeAxis First;
    public NativeAxis Second;
    public NativeAxis Third;
    public NativeAxis Fourth;
}

internal unsafe struct NativeConvolution
{
    public PackedMatrix* Matrices;
    public nint* Biases;
    public float* Rows;
    public float* Columns;
    public nint* RowOffsets;
    public ProductScratch Scratch;
    public NativeBuffer X;
    public NativeBuffer Y;
    public NativeBuffer Padded;
    public NativeAxes Axes;
    public int Groups;
    public int Filters;
    public int GroupFilters;
    public int GroupChannels;
    public int Block;
    public int RowCount;
    public int Positions;
    public int WindowColumns;
    public int AcrossFrames;
    public int PaddingSkipped;
    public int PaddingBefore;
    public int PaddingCopied;
    public int PaddingAfter;
    public int Reserved;
    public nint WindowStride;
    public nint PaddedRow;
}

internal unsafe struct NativeDepthwise
{
    public float* Weights;
    public float* Bias;
    public NativeBuffer X;
    public NativeBuffer Y;
    public NativeAxes Axes;
    public int Channels;
    public int Positions;
}

internal unsafe struct NativeMatmul
{
    public NativeBuffer Left;
    public NativeBuffer Right;
    public NativeBuffer Y;
    public int* Pairs;
    public float* Panels;
    public float* Lanes;
    public float* Zeros;
    public int PairCount;
    public int M;
    public int K;
    public int N;
}

internal unsafe struct NativeSequence
{
    public CellWeights Weights;
    public ProductScratch Scratch;
    public NativeBuffer X;
    public NativeBuffer Hidden;
    public NativeBuffer CellState;
    public NativeBuffer Y;
    public NativeBuffer NewHidden;
    public NativeBuffer NewCell;
    public float* Gates;
    public float* Candidate;
    public float* PaddedHidden;
    public float* PaddedCell;
    public float* PaddedY;
    public nint GatesStride;
    public int Cell;
    public int Activation;
    public int TimeSteps;
    public int Streams;
    public int Inputs;
    public int Units;
    public int IsReversed;
    public int IsOneRow;
}

/// <summary>An array of three in C.</summary>
internal struct NativeActivations
{
    public GeneralActivation First;
    public GeneralActivation Second;
    public GeneralActivation Third;
}

internal unsafe struct NativeGeneralSequence
{
    public CellWeights Weights;
    public PackedMatrix Projection;
    public ProductScratch Scratch;
    public NativeBuffer X;
    public NativeBuffer Lengths;
    public NativeBuffer Hidden;
    public NativeBuffer CellState;
    public NativeBuffer Y;
    public NativeBuffer NewHidden;
    public NativeBuffer NewCell;
    public float* Zeros;
    public float* Peepholes;
    public float* Gates;
    public float* Rows;
    public nint GatesStride;
    public NativeActivations Activations;
    public float Clip;
    public int Cell;
    public int InputForget;
    public int ResetAfter;
    public int IsReversed;
    public int RowWidth;
    public int TimeSteps;
    public int Streams;
    public int Inputs;
    public int Units;
    public int Outputs;
}

internal unsafe struct NativeOperation
{
    public NativeOperationKind Kind;
    public int Reserved;
    public void* Arguments;
}

internal struct NativePort
{
    public NativeBuffer Buffer;
    public int Elements;
    public int IsInt32;
}

internal unsafe struct NativeProgramHeader
{
    public Interop.NativeTable* Kernels;
    public NativeOperation* Operations;
    public int OperationCount;
    public int Streams;
    public int ChunkLength;
    public int HasFeedback;
    public NativePort Input;
    public NativePort Output;
    public int Backwards;
}
