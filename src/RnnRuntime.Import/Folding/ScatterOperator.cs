using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

internal static class ScatterOperator
{
    public static HostTensor ScatterND(NodeArguments node)
    {
        node.Expect(3, 3);
        var (data, indices, updates) = (node.Required(0, "data"), node.Required(1, "indices"), node.Required(2, "updates"));
        NumberTypes.CheckSame(node, data, updates);
        if (indices.Rank == 0 || indices.Shape[^1] == 0 || indices.Shape[^1] > data.Rank)
        {
            throw node.Error("indices", $"{indices}", $"index tuples of 1 to {data.Rank}");
        }

        ImmutableArray<int> expected = [.. indices.Shape[..^1], .. data.Shape[indices.Shape[^1]..]];
        if (!updates.Shape.SequenceEqual(expected))
        {
            throw node.Error("updates", $"{updates}", $"a shape of {ShapeArithmetic.Text(expected)}");
        }

        var reduction = node.Opset < 16 ? "none" : node.Attributes.Text("reduction", "none");
        var offsets = IndexOperators.Offsets(node, data, indices, 0);
        var block = DataMovement.Product(data.Shape, indices.Shape[^1], data.Rank);
        return reduction == "none"
            ? Overwrite(node, data, updates, offsets, block)
            : NumberTypes.Dispatch(node, data.Type, new ReduceFunction(node, data, updates, offsets, block, reduction));
    }

    private static HostTensor Overwrite(NodeArguments node, HostTensor data, HostTensor updates, int[] offsets, int block)
    {
        var result = node.Allocate(data.Type, data.Shape);
        data.Data.CopyTo(result);
        var size = HostTensor.SizeOf(data.Type);
        for (var i = 0; block > 0 && i < offsets.Length; i++)
        {
            updates.Data.Span.Slice(i * block * size, block * size).CopyTo(result.AsSpan(offsets[i] * size));
        }

        return new HostTensor(data.Type, data.Shape, result);
    }

    private readonly record struct ReduceFunction(NodeArguments Node, HostTensor Data, HostTensor Updates, int[] Offsets, int Block, string Reduction)
        : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            Func<T, T, T> combine = Reduction switch
            {
                "add" => (a, b) => a + b,
                "mul" => (a, b) => a * b,
                "min" when Node.Opset >= 18 => T.Min,
                "max" when Node.Opset >= 18 => T.Max,
                _ => throw Node.Attributes.Error("reduction", Reduction, $"none, add, mul{(Node.Opset >= 18 ? ", min, max" : "")} in opset {Node.Opset}"),
            };
            var result = Node.Allocate(Data.Type, Data.Shape);
            Data.Data.CopyTo(result);
            var values = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var updates = Updates.Values<T>();
            for (var i = 0; i < updates.Length; i++)
            {
                ref var value = ref values[Offsets[i / Block] + (i % Block)];
                value = combine(value, updates[i]);
            }

            return new HostTensor(Data.Type, Data.Shape, result);
        }
    }
}
