using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Pooling: the elements of each window side by side, then a reduction of windows.</summary>
internal static class PoolingOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("MaxPool", MaxPool);
        handlers.Add("GlobalMaxPool", node => Global(node, ReduceOperator.ReduceMaximum));
        handlers.Add("GlobalAveragePool", node => Global(node, ReduceOperator.ReduceMean));
    }

    private static ImmutableArray<Operand?> Global(NodeContext node, ReduceOperator function)
    {
        var input = node.Float(0, "X");
        if (input.Shape.Rank < 2)
        {
            throw node.Refuse("X", $"{input.Shape}", "[N, channels, ...]");
        }

        var (n, channels) = (input.Shape[0], input.Shape[1]);
        var rows = node.Emit.Reshape(input, n, channels, input.Shape.ElementCount / (n * channels));
        return [Operand.Of(node.Emit.Reshape(node.Emit.Reduce(function, rows), [n, channels, .. Enumerable.Repeat(1, input.Shape.Rank - 2)]), ElementType.Float32)];
    }

    private static ImmutableArray<Operand?> MaxPool(NodeContext node)
    {
        var input = node.Float(0, "X");
        node.Attributes.Require("storage_order", 0);
        node.Attributes.Require("ceil_mode", 0);
        if (node.HasOutput(1))
        {
            throw node.Refuse($"output '{node.Node.Outputs[1]}'", "only the first output; indices of maxima are not computed");
        }

        var rank = input.Shape.Rank - 2;
        if (rank is < 1 or > 3 || !node.Attributes.Has("kernel_shape"))
        {
            throw node.Refuse("X", $"{input.Shape}", "3 to 5 extents, and a kernel_shape");
        }

        var window = WindowAttributes.Read(node, rank, WindowAttributes.Numbers(node, "kernel_shape", rank, 1), input.Shape.Dimensions.AsSpan()[2..]);
        int[] spatial = [.. input.Shape.Dimensions[2..]];
        int[] outputs = [.. Enumerable.Range(0, rank).Select(i => window.OutputExtent(i, spatial[i]))];
        if (outputs.Any(extent => extent < 1) || Enumerable.Range(0, rank).Any(i => window.Before[i] > window.Reach(i) || window.After[i] > window.Reach(i)))
        {
            throw node.Refuse("X", $"{input.Shape}", "windows that each hold an element");
        }

        var taps = window.Kernel.Aggregate(1, (product, extent) => checked(product * extent));
        var outer = input.Shape[0] * input.Shape[1];
        ImmutableArray<int> shape = [input.Shape[0], input.Shape[1], .. outputs, taps];
        var map = new int[node.Emit.ShapeOf(node.Location, shape).ElementCount];
        var places = map.Length / outer / taps;
        var plane = spatial.Aggregate(1, (product, extent) => product * extent);
        for (var i = 0; i < map.Length; i++)
        {
            var (rest, tap) = Math.DivRem(i, taps);
            var (channel, place) = Math.DivRem(rest, places);
            map[i] = Source(window, spatial, outputs, place, tap) is var source and >= 0 ? (channel * plane) + source : -1;
        }

        var windows = node.Emit.Pick([input], new TensorShape(shape.AsSpan()), map, float.MinValue);
        return [Operand.Of(node.Emit.Reduce(ReduceOperator.ReduceMaximum, windows), ElementType.Float32)];
    }

    /// <summary>The element of a plane under a tap of a window; -1 where it is padding.</summary>
    private static int Source(WindowAttributes window, int[] spatial, int[] outputs, int place, int tap)
    {
        var (source, unit) = (0, 1);
        for (var axis = spatial.Length - 1; axis >= 0; axis--)
        {
            (place, var position) = Math.DivRem(place, outputs[axis]);
            (tap, var offset) = Math.DivRem(tap, window.Kernel[axis]);
            var at = (position * window.Strides[axis]) + (offset * window.Dilations[axis]) - window.Before[axis];
            if (at < 0 || at >= spatial[axis])
            {
                return -1;
            }

            source += at * unit;
            unit *= spatial[axis];
        }

        return source;
    }
}
