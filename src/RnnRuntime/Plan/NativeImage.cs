namespace RnnRuntime.Plan;

// The structs of native/include/rnn_image.h, field by field; that file says what they mean.

internal struct NativeIo
{
    public NativeBuffer Buffer;
    public int Elements;
    public int IsInt32;
    public int GivenSteps;
    public int Reserved;
}

internal unsafe struct NativeState
{
    public NativeBuffer Buffer;
    public NativeRing Ring;
    public float* Initial;
    public int Elements;
    public int Reserved;
}

internal unsafe struct NativeHostCall
{
    public delegate* unmanaged<nint, int, int> Execute;
    public nint Host;
    public int Status;
    public int Reserved;
}

internal unsafe struct NativeImageHeader
{
    public NativeProgramHeader Program;
    public NativeIo* Inputs;
    public NativeIo* Outputs;
    public NativeState* States;
    public NativeHostCall* Host;
    public int InputCount;
    public int OutputCount;
    public int StateCount;
    public int Reserved;
    public uint StateHash;
    public int RunSteps;
}

internal unsafe struct NativeBlueprint
{
    public ulong* Image;
    public long ImageBytes;
    public int* ArenaWords;
    public int* ImageWords;
    public int ArenaWordCount;
    public int ImageWordCount;
    public long ArenaBytes;
    public long PersistentBytes;
    public long StateBytes;
    public int Streams;
    public int ChunkLength;
    public byte* ManagedReason;
}

internal unsafe struct NativeTensor
{
    public byte* Name;
    public int* Dimensions;
    public int Rank;
    public int Elements;
    public int IsInt32;
    public int IndexLimit;
}

internal unsafe struct NativeModelDescription
{
    public NativeTensor* Inputs;
    public NativeTensor* Outputs;
    public NativeTensor* States;
    public byte* Kernel;
    public long WeightBytes;
    public int InputCount;
    public int OutputCount;
    public int StateCount;
    public int HasGolden;
    public int Threads;
    public int Reserved;
}
