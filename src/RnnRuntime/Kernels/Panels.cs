using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// How packed weights lie in memory. The rows ("lanes", padded to a multiple of 8) are cut into panels of 96, 64, 32, 16 or 8 lanes;
/// the panel that starts at lane L starts at element L * columns. Inside a panel, float32 is [column][lane], int8 is
/// [column / 4][lane][4 columns]. A recurrent cell orders its rows [group of 8 units][gate][unit], so that a group's gates
/// come out side by side. The layout is the same for all variants. <see cref="SparseMatrix"/> is another, without zeros.
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
}

/// <summary>How the elements of a packed matrix are stored.</summary>
internal enum WeightFormat
{
    Float32,
    Int8,
}

/// <summary>A packed weight matrix; the memory belongs to the plan.</summary>
internal readonly unsafe struct PackedMatrix(
    byte* data, WeightFormat format, float* rowScales, int lanes, int columns, float range = 0, SparseMatrix* sparse = null, float density = 1)
{
    /// <summary>Panels; 64-byte aligned. Null where <see cref="Sparse"/> holds the weights.</summary>
    public readonly byte* Data = data;

    /// <summary>Int8 only: a scale per lane.</summary>
    public readonly float* RowScales = rowScales;

    /// <summary>Rows, a multiple of 8.</summary>
    public readonly int Lanes = lanes;

    public readonly int Columns = columns;

    public readonly WeightFormat Format = format;

    /// <summary>Int8 only: vectors of magnitudes up to this have the scale Range / 127; 0 gives each vector its own.</summary>
    public readonly float Range = range;

    /// <summary>The weights without their zeros, or null.</summary>
    public readonly SparseMatrix* Sparse = sparse;

    /// <summary>The share of blocks of 8 lanes and 4 columns that are not all zeros, whether they are stored so or not.</summary>
    public readonly float Density = density;

    public bool IsInt8 => Format == WeightFormat.Int8;

    /// <summary>Columns as stored: int8 columns are padded with zeros to a multiple of 4.</summary>
    public int StoredColumns => IsInt8 ? checked(Columns + 3) & ~3 : Columns;

    public bool IsSparse => Sparse != null;

    public nint DataBytes => IsSparse ? Sparse->Bytes : (nint)Lanes * StoredColumns * (IsInt8 ? 1 : sizeof(float));

    /// <summary>Bytes of a quantised vector of this many columns; see <see cref="IInt8Kernel"/>.</summary>
    public static int QuantizedBytes(int columns) => checked(((columns + 3) / 4 * 8) + sizeof(int));

    public PackedMatrix WithData(byte* data) => new(data, Format, RowScales, Lanes, Columns, Range, Sparse, Density);

    public PackedMatrix WithRange(float range) => new(Data, Format, RowScales, Lanes, Columns, range, Sparse, Density);

    public PackedMatrix WithSparse(SparseMatrix* sparse) => new(null, Format, RowScales, Lanes, Columns, Range, sparse, Density);
}
