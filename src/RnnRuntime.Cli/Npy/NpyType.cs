namespace RnnRuntime.Cli.Npy;

/// <summary>An element type of NumPy files that this program reads: little-endian only.</summary>
/// <param name="Descriptor">As the header's <c>descr</c> writes it.</param>
/// <param name="Size">Bytes of one element.</param>
internal sealed record NpyType(string Descriptor, int Size)
{
    public static readonly NpyType Float32 = new("<f4", 4);
    public static readonly NpyType Float64 = new("<f8", 8);
    public static readonly NpyType Int32 = new("<i4", 4);
    public static readonly NpyType Int64 = new("<i8", 8);
    public static readonly NpyType Int8 = new("|i1", 1);
    public static readonly NpyType UInt8 = new("|u1", 1);
    public static readonly NpyType Bool = new("|b1", 1);

    public static readonly NpyType[] All = [Float32, Float64, Int32, Int64, Int8, UInt8, Bool];

    public bool IsFloat => this == Float32 || this == Float64;
}
