namespace RnnRuntime.Graph.Passes;

/// <summary>Element positions of views.</summary>
internal static class ViewStrides
{
    /// <summary>The position in the input of every element of a view, in row-major order of its output.</summary>
    public static int[] Positions(TensorShape shape, ReadOnlySpan<int> strides, int offset)
    {
        var positions = new int[shape.ElementCount];
        var index = new int[shape.Rank];
        var position = offset;
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = position;
            for (var axis = shape.Rank - 1; axis >= 0; axis--)
            {
                position += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                position -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return positions;
    }

    /// <summary>The strides that give these positions from the first on, or null where none do.</summary>
    public static int[]? Find(ReadOnlySpan<int> positions, TensorShape shape)
    {
        var strides = new int[shape.Rank];
        var unit = 1;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = shape[axis] == 1 ? 0 : positions[unit] - positions[0];
            unit *= shape[axis];
        }

        return positions.SequenceEqual(Positions(shape, strides, positions[0])) ? strides : null;
    }
}
