using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Operators that take or give positions. A negative index counts from the end.</summary>
internal static class IndexOperators
{
    public static HostTensor Gather(NodeArguments node)
    {
        node.Expect(2, 2);
        var (data, indices) = (node.Required(0, "data"), node.Required(1, "indices"));
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), data.Rank);
        var positions = Positions(node, indices, _ => data.Shape[axis]);
        ImmutableArray<int> shape = [.. data.Shape[..axis], .. indices.Shape, .. data.Shape[(axis + 1)..]];
        var result = node.Allocate(data.Type, shape);
        var block = DataMovement.Product(data.Shape, axis + 1, data.Rank) * HostTensor.SizeOf(data.Type);
        var target = result.AsSpan();
        for (var outer = 0; target.Length > 0; outer++)
        {
            foreach (var position in positions)
            {
                data.Data.Span.Slice(((outer * data.Shape[axis]) + position) * block, block).CopyTo(target);
                target = target[block..];
            }
        }

        return new HostTensor(data.Type, shape, result);
    }

    public static HostTensor GatherElements(NodeArguments node)
    {
        node.Expect(2, 2);
        var (data, indices) = (node.Required(0, "data"), node.Required(1, "indices"));
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", 0), data.Rank);
        if (indices.Rank != data.Rank || indices.Shape.Where((extent, i) => i != axis && extent > data.Shape[i]).Any())
        {
            throw node.Error("indices", $"{indices}", $"extents of at most {ShapeArithmetic.Text(data.Shape)} but along axis {axis}");
        }

        var positions = Positions(node, indices, _ => data.Shape[axis]);
        var strides = Walker.RowMajor(data.Shape);
        var (along, size) = (strides[axis], HostTensor.SizeOf(data.Type));
        strides[axis] = 0;
        var result = node.Allocate(data.Type, indices.Shape);
        var walker = new Walker(indices.Shape, strides);
        for (var i = 0; i < positions.Length; i++, walker.Next())
        {
            data.Data.Span.Slice((walker[0] + (positions[i] * along)) * size, size).CopyTo(result.AsSpan(i * size));
        }

        return new HostTensor(data.Type, indices.Shape, result);
    }

    public static HostTensor GatherND(NodeArguments node)
    {
        node.Expect(2, 2);
        var (data, indices) = (node.Required(0, "data"), node.Required(1, "indices"));
        var batchAxes = node.Opset < 12 ? 0 : node.Attributes.Integer("batch_dims", 0);
        if (batchAxes < 0 || batchAxes >= Math.Min(data.Rank, indices.Rank) || indices.Shape[^1] == 0 || indices.Shape[^1] > data.Rank - batchAxes
            || !data.Shape[..(int)batchAxes].SequenceEqual(indices.Shape[..(int)batchAxes]))
        {
            throw node.Error($"data {data}, indices {indices} and batch_dims {batchAxes}", "index tuples no longer than the rank, below equal batch axes");
        }

        var (batch, length) = ((int)batchAxes, indices.Shape[^1]);
        ImmutableArray<int> shape = [.. indices.Shape[..^1], .. data.Shape[(batch + length)..]];
        var offsets = Offsets(node, data, indices, batch);
        var block = DataMovement.Product(data.Shape, batch + length, data.Rank) * HostTensor.SizeOf(data.Type);
        var result = node.Allocate(data.Type, shape);
        for (var i = 0; block > 0 && i < offsets.Length; i++)
        {
            data.Data.Span.Slice(offsets[i] * HostTensor.SizeOf(data.Type), block).CopyTo(result.AsSpan(i * block));
        }

        return new HostTensor(data.Type, shape, result);
    }

    /// <summary>Places of <paramref name="data"/> that tuples of indices point at, as element offsets; axes before <paramref name="batch"/> are in step.</summary>
    internal static int[] Offsets(NodeArguments node, HostTensor data, HostTensor indices, int batch)
    {
        var length = indices.Shape[^1];
        var positions = Positions(node, indices, i => data.Shape[batch + (i % length)]);
        var strides = Walker.RowMajor(data.Shape);
        var offsets = new int[positions.Length / length];
        var perBatch = DataMovement.Product(indices.Shape, batch, indices.Rank - 1);
        var batchStride = DataMovement.Product(data.Shape, batch, data.Rank);
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = i / perBatch * batchStride;
            for (var j = 0; j < length; j++)
            {
                offsets[i] += positions[(i * length) + j] * strides[batch + j];
            }
        }

        return offsets;
    }

    public static HostTensor NonZero(NodeArguments node)
    {
        node.Expect(1, 1);
        var input = node.Required(0, "X");
        if (input.Rank == 0)
        {
            throw node.Error("a scalar", "a tensor of rank 1 or more");
        }

        var flags = CastOperator.Convert(node, input, ElementType.Bool).Values<byte>();
        var count = flags.Length - flags.Count((byte)0);
        ImmutableArray<int> shape = [input.Rank, count];
        var data = node.Allocate(ElementType.Int64, shape);
        var results = MemoryMarshal.Cast<byte, long>(data.AsSpan());
        for (int i = 0, found = 0; i < flags.Length; i++)
        {
            if (flags[i] == 0)
            {
                continue;
            }

            for (int axis = input.Rank - 1, rest = i; axis >= 0; axis--)
            {
                (rest, var position) = Math.DivRem(rest, input.Shape[axis]);
                results[(axis * count) + found] = position;
            }

            found++;
        }

        return new HostTensor(ElementType.Int64, shape, data);
    }

    /// <summary>Indices outside the depth give a row of "off" only, as the operator has it.</summary>
    public static HostTensor OneHot(NodeArguments node)
    {
        node.Expect(3, 3);
        var (indices, values) = (node.Required(0, "indices"), node.Required(2, "values"));
        var depths = CastOperator.Convert(node, node.Required(1, "depth"), ElementType.Int64).Values<long>();
        if (depths.Length != 1 || depths[0] is < 0 or > int.MaxValue || values.Count != 2)
        {
            throw node.Error($"depth {node.Required(1, "depth")} and values {values}", $"a depth of 0 to {int.MaxValue}, and two values");
        }

        var depth = (int)depths[0];
        var axis = ShapeArithmetic.NormalizeAxis(node.Location, node.Attributes.Integer("axis", -1), indices.Rank + 1);
        var shape = indices.Shape.Insert(axis, depth);
        var size = HostTensor.SizeOf(values.Type);
        var (off, on) = (values.Data[..size], values.Data[size..]);
        var result = DataMovement.View(node, new HostTensor(values.Type, [], off), shape, new int[shape.Length]);
        var data = MemoryMarshal.AsMemory(result.Data);
        var positions = CastOperator.Convert(node, indices, ElementType.Int64).Values<long>();
        var inner = DataMovement.Product(indices.Shape, axis, indices.Rank);
        for (var i = 0; i < positions.Length; i++)
        {
            var position = positions[i] < 0 ? positions[i] + depth : positions[i];
            if (position >= 0 && position < depth)
            {
                on.CopyTo(data[(((((i / inner * depth) + (int)position) * inner) + (i % inner)) * size)..]);
            }
        }

        return result;
    }

    public static HostTensor Trilu(NodeArguments node)
    {
        node.Expect(1, 2);
        var data = node.Required(0, "input");
        var diagonal = node.Has(1) ? node.Integer(1, "k") : 0;
        var upper = node.Attributes.Integer("upper", 1) != 0;
        if (data.Rank < 2)
        {
            throw node.Error($"{data}", "a matrix, or a batch of them");
        }

        var result = data.Data.ToArray();
        var (rows, columns, size) = (data.Shape[^2], data.Shape[^1], HostTensor.SizeOf(data.Type));
        for (var row = 0; row < data.Count / Math.Max(columns, 1); row++)
        {
            var edge = (int)Int128.Clamp((Int128)(row % rows) + diagonal + (upper ? 0 : 1), 0, columns);
            var line = result.AsSpan(row * columns * size, columns * size);
            (upper ? line[..(edge * size)] : line[(edge * size)..]).Clear();
        }

        return new HostTensor(data.Type, data.Shape, result);
    }

    /// <summary>Checked indices; <paramref name="extentOf"/> gives the extent that the index at a place of the list points into.</summary>
    private static int[] Positions(NodeArguments node, HostTensor indices, Func<int, int> extentOf)
    {
        var values = node.IndexValues(indices, "indices");
        var positions = new int[values.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            var extent = extentOf(i);
            positions[i] = values[i] >= -extent && values[i] < extent
                ? (int)(values[i] < 0 ? values[i] + extent : values[i])
                : throw node.Error("indices", $"index {values[i]}", $"an index into an axis of extent {extent}");
        }

        return positions;
    }
}
