using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// How packed weights lie in memory. The rows ("lanes", padded to a multiple of 8) are cut into panels of 96, 64, 32, 16 or 8 lanes;
/// the panel that starts at lane L starts at element L * columns. Inside a panel, float32 is [column][lane], int8 is
/// [column / 4][lane][4 columns]; 16-bit weights are [column][block of 16 lanes][8 words of 32 bits], where word i holds lane i in its low half
/// and lane i + 8 in its high half, and [column][lane] in a panel of 8 lanes. A recurrent cell orders its rows [group of 8 units][gate][unit], so
/// that a group's gates come out side by side. The layout is the same for all variants. <see cref="SparseMatrix"/> is another, without zeros.
/// </summary>
internal static class Panels
{
    public const int MaximumWidth = 96;

    /// <summary>The most vectors that a tile of any variant may take; scratch is sized for it.</summary>
    public const int MaximumTileVectors = 8;

    /// <summary>
    /// Width of the panel that starts where this many lanes are left. 64 lanes are 8 chains of 8: enough to hide the latency of a
    /// fused multiply-add; 96 at the end avoids a last panel with too few.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Width(int remaining) => remaining switch
    {
        96 => 96,
        >= 64 => 64,
        >= 32 => 32,
        >= 16 => 16,
        _ => 8,
    };

    // Most of a first-level cache of 32 KB.
    private const int CacheBytes = 28 * 1024;

    /// <summary>
    /// Lanes of a block of a walk over a matrix: two panels of 64, which 512-bit kernels walk together; one where that is what a first-level cache keeps until the
    /// block is read again, and two are not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WalkLanes(nint bytesPerLane) => 64 * bytesPerLane <= CacheBytes && 128 * bytesPerLane > CacheBytes ? 64 : 128;

    /// <summary>How many such blocks a matrix starts with; each of them, and what is left behind them, is by itself laid out as a matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Blocks(int lanes, int walkLanes)
    {
        var blocks = lanes / walkLanes;
        return blocks > 0 && !IsCut(lanes, blocks * walkLanes) ? blocks - 1 : blocks;
    }

    /// <summary>
    /// Whether a matrix may be cut before this lane, so that the panels on either side are those of a matrix of its own: at whole panels of 64, but not inside
    /// the panel of 96 at the end.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsCut(int lanes, int lane) => lane % 64 == 0 && lanes - lane != 32;

    /// <summary>Where a column of 16-bit weights holds a lane of its panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HalfPlace(int lane, int width) => width == 8 ? lane : (lane & ~15) + (lane % 8 * 2) + (lane / 8 % 2);
}

/// <summary>How the elements of a packed matrix are stored.</summary>
internal enum WeightFormat
{
    Float32,
    BFloat16,
    Float16,
    Int8,
}

/// <summary>A packed weight matrix; the memory belongs to the plan.</summary>
internal readonly unsafe struct PackedMatrix
{
    /// <summary>Panels; 64-byte aligned. Null where <see cref="Sparse"/> holds the weights.</summary>
    public byte* Data { get; init; }

    /// <summary>Int8 only: a scale per lane.</summary>
    public float* RowScales { get; init; }

    /// <summary>Rows, a multiple of 8.</summary>
    public int Lanes { get; init; }

    public int Columns { get; init; }

    public WeightFormat Format { get; init; }

    /// <summary>Int8 only: vectors of magnitudes up to this have the scale Range / 127; 0 gives each vector its own.</summary>
    public float Range { get; init; }

    /// <summary>Int8 only: a factor per column, by which vectors are multiplied before they are quantised; null means ones.</summary>
    public float* Factors { get; init; }

    /// <summary>
    /// Int8 only: the largest magnitude of two adjacent products before they are widened, whatever the signs of x (see <see cref="IInt8Kernel"/>):
    /// the proof that 16 bits hold them.
    /// </summary>
    public int LargestPair { get; init; }

    /// <summary>Float16 only: 2^(112-k); see <see cref="Float16Bits"/>.</summary>
    public float Factor { get; init; }

    /// <summary>The weights without their zeros, or null.</summary>
    public SparseMatrix* Sparse { get; init; }

    /// <summary>The share of blocks of 8 lanes and 4 columns that are not all zeros, whether they are stored so or not.</summary>
    public float Density { get; init; }

    public bool IsSparse => Sparse != null;

    public bool IsInt8 => Format == WeightFormat.Int8;

    /// <summary>Columns as stored: int8 columns are padded with zeros to a multiple of 4.</summary>
    public int StoredColumns => IsInt8 ? checked(Columns + 3) & ~3 : Columns;

    /// <summary>Bytes of one stored weight.</summary>
    public int ElementBytes => Format switch
    {
        WeightFormat.Float32 => sizeof(float),
        WeightFormat.Int8 => sizeof(sbyte),
        _ => sizeof(ushort),
    };

    public nint DataBytes => IsSparse ? Sparse->Bytes : (nint)Lanes * StoredColumns * ElementBytes;

    /// <summary>Where the weights of the lanes from this cut on begin.</summary>
    public byte* DataAt(nint lane) => Data + (lane * StoredColumns * ElementBytes);

    /// <summary>The lanes from one cut to another (<see cref="Panels.IsCut"/>), of a matrix that is not sparse.</summary>
    public PackedMatrix Part(int start, int end) => this with
    {
        Data = DataAt(start),
        RowScales = RowScales == null ? null : RowScales + start,
        Lanes = end - start,
    };

    /// <summary>Bytes of a quantised vector of this many columns; see <see cref="IInt8Kernel"/>.</summary>
    public static int QuantizedBytes(int columns) => checked(((columns + 3) / 4 * 8) + sizeof(int));
}
