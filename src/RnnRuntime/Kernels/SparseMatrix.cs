namespace RnnRuntime.Kernels;

/// <summary>
/// The weights of a matrix whose zeros are left out; the memory belongs to the plan. Lanes that are all zeros are dropped first, then columns that are,
/// where that leaves fewer blocks; what remains is cut into block rows of 8 lanes, and those into blocks of 4 columns. A block of zeros is not
/// stored. Inside a block, float32 is [column][lane], int8 [lane][column].
/// <para>
/// A segment takes 8, 4 or 1 block rows a number of rounds further, one block of each row a round, so that the chains of 8 rows hide each
/// other's latency and both streams are read from front to back: <see cref="Blocks"/> is [segment][round][row], and <see cref="Indices"/> is, for each
/// segment, the number of each block row, then [round][row], the number of the group of 4 columns. The segments of one row keep its columns in order.
/// A row with a block or two less than those beside it is filled up with zeros whose group of columns is <see cref="Quads"/>: that group of a vector is padding.
/// </para>
/// </summary>
internal unsafe struct SparseMatrix
{
    public const int BlockLanes = 8;
    public const int BlockColumns = 4;
    public const int BlockElements = BlockLanes * BlockColumns;

    /// <summary>Numbers of block rows and groups of columns are 16 bits.</summary>
    public const int MaximumGroups = 1 << 16;

    /// <summary>The most vectors that one pass over the segments takes.</summary>
    public const int TileVectors = 4;

    public SparseSegment* Segments;
    public int SegmentCount;

    /// <summary>64-byte aligned.</summary>
    public byte* Blocks;

    public ushort* Indices;

    /// <summary>The columns that are not dropped, in order; null where all are kept.</summary>
    public int* ColumnMap;

    public int KeptColumns;

    /// <summary>The lanes that are not dropped, in order; null where all are kept.</summary>
    public int* LaneMap;

    public int KeptLanes;

    /// <summary>Bytes of all that is stored.</summary>
    public nint Bytes;

    /// <summary>Groups of 4 kept columns; the last may be partly padding.</summary>
    public readonly int Quads => (KeptColumns + BlockColumns - 1) / BlockColumns;

    /// <summary>Groups of 8 kept lanes; the last may be partly padding.</summary>
    public readonly int BlockRows => (KeptLanes + BlockLanes - 1) / BlockLanes;
}

/// <summary>Rounds over block rows side by side; see <see cref="SparseMatrix"/>.</summary>
/// <param name="Rows">8, 4 or 1.</param>
/// <param name="Rounds">Blocks of each row.</param>
internal readonly record struct SparseSegment(int Rows, int Rounds)
{
    /// <summary>Blocks of all rows.</summary>
    public nint Blocks => (nint)Rows * Rounds;

    /// <summary>The numbers of the rows and of their groups of columns.</summary>
    public nint Indices => Rows + Blocks;
}
