using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>Which blocks of a matrix are not all zeros, in the lanes and columns that are left when lanes and columns of zeros are dropped.</summary>
internal sealed unsafe class BlockPattern : IDisposable
{
    // A byte a weight: native memory, which is not bounded as an array is.
    private readonly Lazy<AlignedBlock> _isSet;
    private readonly int _columns;

    private BlockPattern(Lazy<AlignedBlock> isSet, int[] laneRows, int columns)
    {
        _isSet = isSet;
        _columns = columns;
        AllBlocks = laneRows.Chunk(SparseMatrix.BlockLanes).LongCount(rows => rows.Any(row => row >= 0)) * Groups(columns, SparseMatrix.BlockColumns);
    }

    /// <summary>Blocks of the whole matrix, zero or not, but for those of padding only.</summary>
    public long AllBlocks { get; }

    public long StoredBlocks { get; private set; }

    public double Density => (double)StoredBlocks / AllBlocks;

    /// <summary>Lanes that are not dropped, in order.</summary>
    public int[] KeptLanes { get; private set; } = [];

    /// <summary>Columns that are not dropped, in order.</summary>
    public int[] KeptColumns { get; private set; } = [];

    /// <summary>Columns of the whole matrix.</summary>
    public int Columns => _columns;

    public int Quads => Groups(KeptColumns.Length, SparseMatrix.BlockColumns);

    /// <summary>Whether <see cref="SparseMatrix.Indices"/> can number all groups.</summary>
    public bool FitsIndices => BlockRows <= SparseMatrix.MaximumGroups && Quads < SparseMatrix.MaximumGroups;

    public int BlockRows => Groups(KeptLanes.Length, SparseMatrix.BlockLanes);

    /// <summary>
    /// Drops what leaves the fewest blocks, and nothing where that is as good: lanes and columns that are left move together, which can tear
    /// blocks apart.
    /// </summary>
    public static BlockPattern Of(Weights weights, int[] laneRows)
    {
        var pattern = new BlockPattern(new Lazy<AlignedBlock>(() => Mask(weights, laneRows)), laneRows, weights.Columns);
        int[] allLanes = [.. Enumerable.Range(0, laneRows.Length)], allColumns = [.. Enumerable.Range(0, weights.Columns)];
        var scan = BlockScan.Of(weights, laneRows);
        if (!scan.HasZeroLanesOrColumns)
        {
            // As a rule; then nothing needs a mask unless the matrix is stored without its zeros.
            (pattern.KeptLanes, pattern.KeptColumns, pattern.StoredBlocks) = (allLanes, allColumns, scan.Blocks);
            return pattern;
        }

        var (someLanes, someColumns) = pattern.NonZero(laneRows);
        (int[] Lanes, int[] Columns)[] choices = [(allLanes, allColumns), (allLanes, someColumns), (someLanes, allColumns), (someLanes, someColumns)];
        pattern.StoredBlocks = long.MaxValue;
        foreach (var (lanes, columns) in choices.DistinctBy(choice => (choice.Lanes.Length, choice.Columns.Length)))
        {
            var count = pattern.CountBlocks(lanes, columns);
            if (count < pattern.StoredBlocks)
            {
                (pattern.KeptLanes, pattern.KeptColumns, pattern.StoredBlocks) = (lanes, columns, count);
            }
        }

        return pattern;
    }

    /// <summary>The groups of 4 kept columns in which a block row is not all zeros.</summary>
    public ushort[] QuadsOf(int blockRow)
    {
        var quads = new List<ushort>();
        for (var quad = 0; quad < Quads; quad++)
        {
            if (IsBlockSet(KeptLanes, KeptColumns, blockRow, quad))
            {
                quads.Add((ushort)quad);
            }
        }

        return [.. quads];
    }

    public void Dispose()
    {
        if (_isSet.IsValueCreated)
        {
            _isSet.Value.Dispose();
        }
    }

    private static int Groups(int count, int size) => (count + size - 1) / size;

    private static AlignedBlock Mask(Weights weights, int[] laneRows)
    {
        var isSet = new AlignedBlock(checked((nint)laneRows.Length * weights.Columns));
        for (var lane = 0; lane < laneRows.Length; lane++)
        {
            if (laneRows[lane] >= 0)
            {
                MarkRow(weights, laneRows[lane], new Span<byte>(isSet.Pointer + ((nint)lane * weights.Columns), weights.Columns));
            }
        }

        return isSet;
    }

    private static void MarkRow(Weights weights, int row, Span<byte> isSet)
    {
        if (weights.IsInt8)
        {
            weights.Values.Data.Span.Slice(row * weights.Columns, weights.Columns).CopyTo(isSet);
            return;
        }

        var values = new float[weights.Columns];
        WeightValues.CopyRow(weights, row, values);
        for (var column = 0; column < values.Length; column++)
        {
            isSet[column] = values[column] != 0 ? (byte)1 : (byte)0;
        }
    }

    /// <summary>Padding stays: it is no sign of a matrix that has zeros.</summary>
    private (int[] Lanes, int[] Columns) NonZero(int[] laneRows)
    {
        var columnIsSet = new byte[_columns];
        var kept = new List<int>();
        for (var lane = 0; lane < laneRows.Length; lane++)
        {
            var row = Row(lane);
            if (laneRows[lane] < 0 || row.IndexOfAnyExcept((byte)0) >= 0)
            {
                kept.Add(lane);
                for (var column = 0; column < row.Length; column++)
                {
                    columnIsSet[column] |= row[column];
                }
            }
        }

        return ([.. kept], [.. Enumerable.Range(0, _columns).Where(column => columnIsSet[column] != 0)]);
    }

    private ReadOnlySpan<byte> Row(int lane) => new(_isSet.Value.Pointer + ((nint)lane * _columns), _columns);

    private long CountBlocks(int[] lanes, int[] columns)
    {
        var count = 0L;
        for (var row = 0; row < Groups(lanes.Length, SparseMatrix.BlockLanes); row++)
        {
            for (var quad = 0; quad < Groups(columns.Length, SparseMatrix.BlockColumns); quad++)
            {
                count += IsBlockSet(lanes, columns, row, quad) ? 1 : 0;
            }
        }

        return count;
    }

    private bool IsBlockSet(int[] lanes, int[] columns, int blockRow, int quad)
    {
        var lastLane = Math.Min((blockRow + 1) * SparseMatrix.BlockLanes, lanes.Length);
        var lastColumn = Math.Min((quad + 1) * SparseMatrix.BlockColumns, columns.Length);
        for (var lane = blockRow * SparseMatrix.BlockLanes; lane < lastLane; lane++)
        {
            var row = Row(lanes[lane]);
            for (var column = quad * SparseMatrix.BlockColumns; column < lastColumn; column++)
            {
                if (row[columns[column]] != 0)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
