using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>A look at every weight of a matrix that is quick where there is little to find: it is taken of each matrix when a model is loaded.</summary>
/// <param name="Blocks">Blocks of 8 lanes and 4 columns that are not all zeros.</param>
/// <param name="HasZeroLanesOrColumns">Whether a lane that is no padding, or a column, is all zeros.</param>
internal readonly record struct BlockScan(long Blocks, bool HasZeroLanesOrColumns)
{
    public static BlockScan Of(Weights weights, int[] laneRows) => weights.Values.Type switch
    {
        TensorType.Int8 => Of<byte>(weights, laneRows, 0xff),
        TensorType.Float32 => Of(weights, laneRows, 0x7fff_ffffu),
        _ => Of<ushort>(weights, laneRows, 0x7fff),
    };

    /// <param name="weights">The matrix.</param>
    /// <param name="laneRows">The row of each lane; -1 is padding.</param>
    /// <param name="magnitude">The bits of an element that tell whether it is zero.</param>
    private static BlockScan Of<T>(Weights weights, int[] laneRows, T magnitude)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(weights.Values.Data.Span);
        var (ofBlockRow, ofAll) = (new T[weights.Columns], new T[weights.Columns]);
        var hasZeroLanes = false;
        var blocks = 0L;
        foreach (var lanes in laneRows.Chunk(SparseMatrix.BlockLanes))
        {
            Array.Clear(ofBlockRow);
            foreach (var row in lanes.Where(row => row >= 0))
            {
                hasZeroLanes |= !Gather(values.Slice(row * weights.Columns, weights.Columns), ofBlockRow, magnitude);
            }

            Gather<T>(ofBlockRow, ofAll, magnitude);
            for (var column = 0; column < ofBlockRow.Length; column += SparseMatrix.BlockColumns)
            {
                var block = ofBlockRow.AsSpan(column, Math.Min(SparseMatrix.BlockColumns, ofBlockRow.Length - column));
                blocks += block.IndexOfAnyExcept(T.Zero) >= 0 ? 1 : 0;
            }
        }

        return new BlockScan(blocks, hasZeroLanes || ofAll.Contains(T.Zero));
    }

    /// <summary>Sets the bits that the row has; returns whether it has any.</summary>
    private static bool Gather<T>(ReadOnlySpan<T> row, Span<T> bits, T magnitude)
        where T : unmanaged, IBinaryInteger<T>
    {
        var mask = new Vector<T>(magnitude);
        var any = Vector<T>.Zero;
        var i = 0;
        for (; i <= row.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var found = new Vector<T>(row[i..]) & mask;
            any |= found;
            (new Vector<T>(bits[i..]) | found).CopyTo(bits[i..]);
        }

        var rest = T.Zero;
        for (; i < row.Length; i++)
        {
            var found = row[i] & magnitude;
            rest |= found;
            bits[i] |= found;
        }

        return rest != T.Zero || any != Vector<T>.Zero;
    }
}
