using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Operators that change shape or order, never a value.</summary>
internal static class ShapeOperators
{
    public static HostTensor Identity(NodeArguments node)
    {
        node.Expect(1, 1);
        return node.Required(0, "input");
    }

    public static HostTensor Reshape(NodeArguments node)
    {
        var data = node.Required(0, "data");
        return Shaped(node, data, ReshapeArguments.Read(node).Target(node.Location, data.Shape));
    }

    public static HostTensor Squeeze(NodeArguments node)
    {
        var data = node.Required(0, "data");
        return Shaped(node, data, ShapeArithmetic.SqueezeShape(node.Location, data.Shape, SqueezeAxes.Read(node)));
    }

    public static HostTensor Unsqueeze(NodeArguments node)
    {
        var data = node.Required(0, "data");
        return Shaped(node, data, ShapeArithmetic.UnsqueezeShape(node.Location, data.Shape, UnsqueezeAxes.Read(node)));
    }

    public static HostTensor Flatten(NodeArguments node)
    {
        node.Expect(1, 1);
        var data = node.Required(0, "input");
        return Shaped(node, data, ShapeArithmetic.FlattenShape(node.Location, data.Shape, node.Attributes.Integer("axis", 1)));
    }

    public static HostTensor Transpose(NodeArguments node)
    {
        node.Expect(1, 1);
        var data = node.Required(0, "data");
        return DataMovement.Transposed(node, data, ShapeArithmetic.Permutation(node.Location, node.Attributes.Integers("perm"), data.Rank));
    }

    public static HostTensor Expand(NodeArguments node)
    {
        node.Expect(2, 2);
        var data = node.Required(0, "input");
        var requested = ShapeArithmetic.Extents(node.Location, node.Integers(1, "shape"));
        return DataMovement.Stretched(node, data, ShapeArithmetic.BroadcastShape(node.Location, data.Shape, requested));
    }

    public static HostTensor Tile(NodeArguments node)
    {
        node.Expect(2, 2);
        var data = node.Required(0, "input");
        var repeats = ShapeArithmetic.Extents($"{node.Location}, input repeats", node.Integers(1, "repeats"));
        if (repeats.Length != data.Rank)
        {
            throw node.Error("repeats", $"{repeats.Length} numbers", $"{data.Rank}, the rank of the input");
        }

        // Each axis becomes two, the first of which repeats; neighbours merge again without a copy.
        var own = Walker.RowMajor(data.Shape);
        var (shape, split, strides) = (new int[data.Rank], new int[2 * data.Rank], new int[2 * data.Rank]);
        for (var axis = 0; axis < data.Rank; axis++)
        {
            var extent = (long)data.Shape[axis] * repeats[axis];
            shape[axis] = extent <= int.MaxValue ? (int)extent : throw node.Error($"an extent of {extent}", $"at most {int.MaxValue}");
            (split[2 * axis], split[(2 * axis) + 1]) = (repeats[axis], data.Shape[axis]);
            strides[(2 * axis) + 1] = own[axis];
        }

        ShapeArithmetic.CountElements(node.Location, [.. shape], node.Limits);
        return DataMovement.View(node, data, [.. split], strides).Reshaped([.. shape]);
    }

    public static HostTensor Slice(NodeArguments node)
    {
        var data = node.Required(0, "data");
        return DataMovement.Sliced(node, data, SliceArguments.Read(node).Ranges(node.Location, data.Shape));
    }

    public static HostTensor Concat(NodeArguments node)
    {
        node.Expect(1, int.MaxValue);
        ImmutableArray<HostTensor> parts = [.. Enumerable.Range(0, node.Inputs).Select(i => node.Required(i, $"{i}"))];
        foreach (var part in parts)
        {
            NumberTypes.CheckSame(node, parts[0], part);
        }

        if (!node.Attributes.Has("axis"))
        {
            throw node.Attributes.Error("axis", "nothing", "the axis to join along");
        }

        return DataMovement.Concatenated(node, parts, ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), parts[0].Rank));
    }

    public static ImmutableArray<HostTensor?> Split(NodeArguments node)
    {
        var data = node.Required(0, "input");
        var sizes = SplitArguments.Read(node).Resolve(node.Location, data.Shape, out var axis);
        ImmutableArray<SliceRange> whole = [.. data.Shape.Select(extent => new SliceRange(0, 1, extent))];
        var outputs = new HostTensor?[sizes.Length];
        for (int i = 0, start = 0; i < outputs.Length; start += sizes[i++])
        {
            outputs[i] = node.HasOutput(i) ? DataMovement.Sliced(node, data, whole.SetItem(axis, new SliceRange(start, 1, sizes[i]))) : null;
        }

        return [.. outputs];
    }

    private static HostTensor Shaped(NodeArguments node, HostTensor data, ImmutableArray<int> shape)
    {
        ShapeArithmetic.CountElements(node.Location, shape, node.Limits);
        return data.Reshaped(shape);
    }
}
