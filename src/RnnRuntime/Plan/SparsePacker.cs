using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// Lays a matrix out as <see cref="SparseMatrix"/> says. Block rows are sorted by their number of blocks, so that rows side by side have about as many; what
/// a longer one has beyond the shared rounds goes to segments of fewer rows.
/// </summary>
internal sealed unsafe class SparsePacker
{
    private readonly Weights _weights;
    private readonly int[] _laneRows;
    private readonly BlockPattern _pattern;
    private readonly ushort[][] _quads;
    private readonly int[] _order;
    private readonly List<SparseSegment> _segments = [];
    private readonly List<ushort> _indices = [];
    private readonly List<(int Row, int Quad)> _blocks = [];

    private SparsePacker(Weights weights, int[] laneRows, BlockPattern pattern)
    {
        _weights = weights;
        _laneRows = laneRows;
        _pattern = pattern;
        _quads = [.. Enumerable.Range(0, pattern.BlockRows).Select(pattern.QuadsOf)];
        _order = [.. Enumerable.Range(0, _quads.Length).OrderByDescending(row => _quads[row].Length)];
        for (int first = 0, width; first < _order.Length; first += width)
        {
            width = _order.Length - first >= 8 ? 8 : _order.Length - first >= 4 ? 4 : 1;
            AddSegments(first, width, 0);
        }
    }

    /// <summary>The matrix in memory of <paramref name="allocate"/>.</summary>
    public static SparseMatrix* Pack(Weights weights, int[] laneRows, BlockPattern pattern, Func<nint, nint> allocate) =>
        new SparsePacker(weights, laneRows, pattern).Write(allocate);

    /// <summary>
    /// Rows of the order from <paramref name="first"/> on, of which <paramref name="done"/> blocks are taken already. Where it takes at most a block a
    /// row, shorter ones are filled up: another segment would cost more.
    /// </summary>
    private void AddSegments(int first, int width, int done)
    {
        var rows = _order.AsSpan(first, width);
        var (longest, shortest, missing) = (_quads[rows[0]].Length, _quads[rows[^1]].Length, 0);
        foreach (var row in rows)
        {
            missing += longest - Math.Max(_quads[row].Length, done);
        }

        var end = missing <= width ? longest : shortest;
        if (end > done)
        {
            AddSegment(rows, done, end);
        }

        var half = width == 8 ? 4 : 1;
        for (var i = 0; i < width && end < longest; i += half)
        {
            AddSegments(first + i, half, Math.Max(end, done));
        }
    }

    private void AddSegment(ReadOnlySpan<int> rows, int done, int end)
    {
        _segments.Add(new SparseSegment(rows.Length, end - done));
        foreach (var row in rows)
        {
            _indices.Add((ushort)row);
        }

        for (var round = done; round < end; round++)
        {
            foreach (var row in rows)
            {
                var quad = round < _quads[row].Length ? _quads[row][round] : (ushort)_pattern.Quads;
                _indices.Add(quad);
                _blocks.Add((row, quad));
            }
        }
    }

    private SparseMatrix* Write(Func<nint, nint> allocate)
    {
        var elementBytes = _weights.IsInt8 ? sizeof(sbyte) : sizeof(float);
        var blockBytes = (nint)_blocks.Count * SparseMatrix.BlockElements * elementBytes;
        var columns = _pattern.KeptColumns.Length == _weights.Columns ? [] : _pattern.KeptColumns;
        var lanes = _pattern.KeptLanes.Length == _laneRows.Length ? [] : _pattern.KeptLanes;
        var matrix = (SparseMatrix*)allocate(sizeof(SparseMatrix));
        matrix->Blocks = (byte*)allocate(blockBytes);
        matrix->Segments = Copy<SparseSegment>(CollectionsMarshal.AsSpan(_segments), allocate);
        matrix->SegmentCount = _segments.Count;
        matrix->Indices = Copy<ushort>(CollectionsMarshal.AsSpan(_indices), allocate);
        matrix->ColumnMap = columns.Length == 0 ? null : Copy<int>(columns, allocate);
        matrix->KeptColumns = _pattern.KeptColumns.Length;
        matrix->LaneMap = lanes.Length == 0 ? null : Copy<int>(lanes, allocate);
        matrix->KeptLanes = _pattern.KeptLanes.Length;
        matrix->Bytes = blockBytes + (_segments.Count * sizeof(SparseSegment)) + (_indices.Count * sizeof(ushort)) +
            ((columns.Length + lanes.Length) * sizeof(int));
        for (var i = 0; i < _blocks.Count; i++)
        {
            WriteBlock(_blocks[i].Row, _blocks[i].Quad, matrix->Blocks + ((nint)i * SparseMatrix.BlockElements * elementBytes));
        }

        return matrix;
    }

    private void WriteBlock(int blockRow, int quad, byte* block)
    {
        var data = _weights.Values.Data.Span;
        var columns = _pattern.KeptColumns.AsSpan(Math.Min(quad * SparseMatrix.BlockColumns, _pattern.KeptColumns.Length));
        columns = columns[..Math.Min(columns.Length, SparseMatrix.BlockColumns)];
        var lanes = _pattern.KeptLanes.AsSpan(blockRow * SparseMatrix.BlockLanes);
        for (var lane = 0; lane < Math.Min(lanes.Length, SparseMatrix.BlockLanes); lane++)
        {
            var row = _laneRows[lanes[lane]];
            for (var column = 0; row >= 0 && column < columns.Length; column++)
            {
                var at = (row * _weights.Columns) + columns[column];
                if (_weights.IsInt8)
                {
                    block[(lane * SparseMatrix.BlockColumns) + column] = data[at];
                }
                else
                {
                    ((float*)block)[(column * SparseMatrix.BlockLanes) + lane] = HalfPrecision.Element(_weights.Values, at) + 0f;
                }
            }
        }
    }

    private static T* Copy<T>(ReadOnlySpan<T> source, Func<nint, nint> allocate)
        where T : unmanaged
    {
        var target = (T*)allocate((nint)source.Length * sizeof(T));
        source.CopyTo(new Span<T>(target, source.Length));
        return target;
    }
}
