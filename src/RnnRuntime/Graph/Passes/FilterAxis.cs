using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>Which filter made an element of a layer's output, or of a view of it: (row-major position / Inner) % Count.</summary>
internal readonly record struct FilterAxis(int Count, int Inner)
{
    /// <summary>The same for a view's output; null where no axis of the view is that of the filters.</summary>
    public FilterAxis? Through(ViewNode view)
    {
        var block = (long)Count * Inner;
        if (Count == 1 || (view.IsContiguous && view.Offset % block == 0))
        {
            return this;
        }

        // Where all other axes together stay inside one filter's run of Inner elements, or go whole blocks of all filters, the filter is
        // the index on this axis.
        var filterAxis = -1;
        var (least, greatest) = (view.Offset % block, view.Offset % block);
        for (var axis = 0; axis < view.Strides.Length; axis++)
        {
            var (extent, stride) = (view.Output.Shape[axis], (long)view.Strides[axis]);
            if (filterAxis < 0 && extent == Count && stride == Inner)
            {
                filterAxis = axis;
            }
            else if (extent > 1 && stride % block != 0)
            {
                least += Math.Min(0, stride * (extent - 1));
                greatest += Math.Max(0, stride * (extent - 1));
            }
        }

        return filterAxis < 0 || least < 0 || greatest >= Inner ? null : this with { Inner = ExtentBehind(view.Output.Shape, filterAxis) };
    }

    /// <summary>A number for each filter, where a constant that broadcasts to a value of this shape is that; otherwise null.</summary>
    public float[]? NumbersOf(Constant constant, TensorShape shape)
    {
        var values = MemoryMarshal.Cast<byte, float>(constant.Data.Span);
        if (values.Length == 1)
        {
            var numbers = new float[Count];
            numbers.AsSpan().Fill(values[0]);
            return numbers;
        }

        for (var axis = 0; axis < constant.Shape.Rank; axis++)
        {
            if (values.Length == Count && constant.Shape[axis] == Count && ExtentBehind(shape, shape.Rank - constant.Shape.Rank + axis) == Inner)
            {
                return values.ToArray();
            }
        }

        return null;
    }

    private static int ExtentBehind(TensorShape shape, int axis) => shape.Dimensions[(axis + 1)..].Aggregate(1, (product, extent) => product * extent);
}
