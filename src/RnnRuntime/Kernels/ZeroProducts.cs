using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// What the products of zero weights do to a float32 sum where it is not nothing, so that leaving them out changes no bit: zero times infinity or NaN
/// is NaN, and -0 plus 0 is 0. Both are rare, and off the path of finite vectors and sums.
/// </summary>
internal static unsafe class ZeroProducts
{
    /// <summary>Makes NaN of the sums of each block row that leaves out a column which is not finite in x.</summary>
    /// <param name="matrix">The weights.</param>
    /// <param name="columns">Number of columns, dropped ones included.</param>
    /// <param name="x">All columns.</param>
    /// <param name="kept">The kept columns of the same vector, in whole groups of 4.</param>
    /// <param name="sums">Sums of the kept lanes.</param>
    /// <param name="counts">Scratch: an int32 a block row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadNonFinite(in SparseMatrix matrix, int columns, float* x, float* kept, float* sums, int* counts)
    {
        var all = CountNonFinite(x, columns);
        new Span<int>(counts, matrix.BlockRows).Clear();
        var indices = matrix.Indices;
        for (var i = 0; i < matrix.SegmentCount; i++)
        {
            var segment = matrix.Segments[i];
            for (nint block = 0; block < segment.Blocks; block++)
            {
                counts[indices[block % segment.Rows]] += CountNonFinite(kept + (indices[segment.Rows + block] * 4), 4);
            }

            indices += segment.Indices;
        }

        for (var row = 0; row < matrix.BlockRows; row++)
        {
            if (counts[row] < all)
            {
                new Span<float>(sums + (row * 8), 8).Fill(float.NaN);
            }
        }
    }

    /// <summary>
    /// Whether the sum of a lane, -0 without the products of zero weights, is 0 with them: whether one of them is 0 and not -0, and comes after the last
    /// product that is not zero, before which no sign of a zero matters.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool MakePositive(in SparseMatrix matrix, int columns, float* x, int lane)
    {
        var place = matrix.LaneMap == null ? lane : new ReadOnlySpan<int>(matrix.LaneMap, matrix.KeptLanes).BinarySearch(lane);
        var positive = false;
        var next = 0;
        var blocks = (float*)matrix.Blocks;
        var indices = matrix.Indices;
        for (var i = 0; i < matrix.SegmentCount && place >= 0; i++)
        {
            var segment = matrix.Segments[i];
            var at = new ReadOnlySpan<ushort>(indices, segment.Rows).IndexOf((ushort)(place / 8));
            for (nint block = at; at >= 0 && block < segment.Blocks; block += segment.Rows)
            {
                var quad = indices[segment.Rows + block];
                for (var column = quad * 4; column < Math.Min((quad + 1) * 4, matrix.KeptColumns); column++)
                {
                    var original = matrix.ColumnMap == null ? column : matrix.ColumnMap[column];
                    var weight = blocks[(block * 32) + (column % 4 * 8) + (place % 8)];
                    positive |= AnyPositive(x + next, original - next);
                    positive = (double)weight * x[original] == 0 && (positive || float.IsNegative(weight) == float.IsNegative(x[original]));
                    next = original + 1;
                }
            }

            blocks += segment.Blocks * SparseMatrix.BlockElements;
            indices += segment.Indices;
        }

        return positive || AnyPositive(x + next, columns - next);
    }

    private static bool AnyPositive(float* x, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (!float.IsNegative(x[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static int CountNonFinite(float* x, int count)
    {
        var result = 0;
        for (var i = 0; i < count; i++)
        {
            result += float.IsFinite(x[i]) ? 0 : 1;
        }

        return result;
    }
}
