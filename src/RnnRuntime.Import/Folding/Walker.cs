using System.Collections.Immutable;

namespace RnnRuntime.Import.Folding;

/// <summary>
/// Walks the positions of a shape in row-major order and knows the offset of each operand there, by its own strides. After the last
/// position it stands at the first again.
/// </summary>
internal sealed class Walker
{
    private readonly int[] _extents;
    private readonly int[] _position;
    private readonly int[][] _strides;
    private readonly int[] _offsets;

    public Walker(ImmutableArray<int> shape, params ReadOnlySpan<int[]> strides)
    {
        int[] moving = [.. Enumerable.Range(0, shape.Length).Where(axis => shape[axis] != 1)];
        _extents = [.. moving.Select(axis => shape[axis])];
        _position = new int[moving.Length];
        _offsets = new int[strides.Length];
        _strides = new int[strides.Length][];
        for (var operand = 0; operand < strides.Length; operand++)
        {
            var all = strides[operand];
            _strides[operand] = [.. moving.Select(axis => all[axis])];
        }
    }

    public int this[int operand] => _offsets[operand];

    public void Next()
    {
        for (var axis = _extents.Length - 1; axis >= 0; axis--)
        {
            if (++_position[axis] < _extents[axis])
            {
                for (var operand = 0; operand < _offsets.Length; operand++)
                {
                    _offsets[operand] += _strides[operand][axis];
                }

                return;
            }

            _position[axis] = 0;
            for (var operand = 0; operand < _offsets.Length; operand++)
            {
                _offsets[operand] -= _strides[operand][axis] * (_extents[axis] - 1);
            }
        }
    }

    /// <summary>Elements between neighbours along each axis.</summary>
    public static int[] RowMajor(ImmutableArray<int> shape)
    {
        var strides = new int[shape.Length];
        for (int axis = shape.Length - 1, stride = 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(shape[axis], 1);
        }

        return strides;
    }

    /// <summary>Strides of an operand that is stretched to <paramref name="target"/>: 0 along stretched axes.</summary>
    public static int[] Broadcast(ImmutableArray<int> shape, ImmutableArray<int> target)
    {
        var own = RowMajor(shape);
        var strides = new int[target.Length];
        for (var axis = 1; axis <= shape.Length; axis++)
        {
            strides[^axis] = shape[^axis] == 1 ? 0 : own[^axis];
        }

        return strides;
    }
}
