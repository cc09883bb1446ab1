using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Copies that never look at what an element means.</summary>
internal static class DataMovement
{
    /// <summary>The elements that strides reach from an offset, as a tensor of their own.</summary>
    public static HostTensor View(NodeArguments node, HostTensor source, ImmutableArray<int> shape, int[] strides, int offset = 0)
    {
        var data = node.Allocate(source.Type, shape);
        var walker = new Walker(shape, strides);
        switch (HostTensor.SizeOf(source.Type))
        {
            case 1:
                Copy(source.Values<byte>(), data, walker, offset);
                break;
            case 2:
                Copy(source.Values<ushort>(), MemoryMarshal.Cast<byte, ushort>(data.AsSpan()), walker, offset);
                break;
            case 4:
                Copy(source.Values<uint>(), MemoryMarshal.Cast<byte, uint>(data.AsSpan()), walker, offset);
                break;
            default:
                Copy(source.Values<ulong>(), MemoryMarshal.Cast<byte, ulong>(data.AsSpan()), walker, offset);
                break;
        }

        return new HostTensor(source.Type, shape, data);
    }

    public static HostTensor Stretched(NodeArguments node, HostTensor source, ImmutableArray<int> target) =>
        source.Shape.SequenceEqual(target) ? source : View(node, source, target, Walker.Broadcast(source.Shape, target));

    public static HostTensor Sliced(NodeArguments node, HostTensor source, ImmutableArray<SliceRange> ranges)
    {
        var strides = Walker.RowMajor(source.Shape);
        var offset = 0;
        for (var axis = 0; axis < strides.Length; axis++)
        {
            offset += ranges[axis].Start * strides[axis];
            strides[axis] *= ranges[axis].Step;
        }

        return View(node, source, [.. ranges.Select(range => range.Count)], strides, offset);
    }

    public static HostTensor Transposed(NodeArguments node, HostTensor source, ImmutableArray<int> permutation)
    {
        var strides = Walker.RowMajor(source.Shape);
        return View(node, source, [.. permutation.Select(axis => source.Shape[axis])], [.. permutation.Select(axis => strides[axis])]);
    }

    public static HostTensor Concatenated(NodeArguments node, ImmutableArray<HostTensor> parts, int axis)
    {
        var shape = ShapeArithmetic.ConcatShape(node.Location, [.. parts.Select(part => part.Shape)], axis);
        var data = node.Allocate(parts[0].Type, shape);
        var (outer, bytes) = (Product(shape, 0, axis), HostTensor.SizeOf(parts[0].Type));
        var target = data.AsSpan();
        HostTensor[] filled = [.. parts.Where(part => part.Count > 0)];
        for (var block = 0; filled.Length > 0 && block < outer; block++)
        {
            foreach (var part in filled)
            {
                var length = Product(part.Shape, axis, part.Rank) * bytes;
                part.Data.Span.Slice(block * length, length).CopyTo(target);
                target = target[length..];
            }
        }

        return new HostTensor(parts[0].Type, shape, data);
    }

    /// <summary>Elements of the axes from one to before another; fits an int for every shape that passed the limits.</summary>
    public static int Product(ImmutableArray<int> shape, int from, int to)
    {
        var product = 1;
        for (var axis = from; axis < to; axis++)
        {
            product *= shape[axis];
        }

        return product;
    }

    private static void Copy<T>(ReadOnlySpan<T> source, Span<T> target, Walker walker, int offset)
    {
        for (var i = 0; i < target.Length; i++, walker.Next())
        {
            target[i] = source[offset + walker[0]];
        }
    }
}
