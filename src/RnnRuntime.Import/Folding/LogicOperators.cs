using System.Numerics;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Comparisons, booleans, and the choice between two.</summary>
internal static class LogicOperators
{
    public static HostTensor Compare(NodeArguments node)
    {
        node.Expect(2, 2);
        var (a, b) = (node.Required(0, "A"), node.Required(1, "B"));
        NumberTypes.CheckSame(node, a, b);
        var type = a.Type == ElementType.Bool && node.Operator == "Equal" ? ElementType.UInt8 : a.Type;
        return NumberTypes.Dispatch(node, type, new CompareFunction(node, a, b));
    }

    public static HostTensor Combine(NodeArguments node)
    {
        node.Expect(2, 2);
        Func<byte, byte, byte> function = node.Operator switch
        {
            "And" => (a, b) => (byte)(a & b),
            "Or" => (a, b) => (byte)(a | b),
            _ => (a, b) => (byte)(a ^ b),
        };
        return Elementwise.Zip(node, ElementType.Bool, Boolean(node, 0, "A"), Boolean(node, 1, "B"), function);
    }

    public static HostTensor Not(NodeArguments node)
    {
        node.Expect(1, 1);
        return Elementwise.Map<byte>(node, Boolean(node, 0, "X"), x => (byte)(x ^ 1));
    }

    public static HostTensor Where(NodeArguments node)
    {
        node.Expect(3, 3);
        var (condition, a, b) = (Boolean(node, 0, "condition"), node.Required(1, "X"), node.Required(2, "Y"));
        NumberTypes.CheckSame(node, a, b);
        var shape = ShapeArithmetic.BroadcastShape(node.Location, condition.Shape, ShapeArithmetic.BroadcastShape(node.Location, a.Shape, b.Shape));
        var data = node.Allocate(a.Type, shape);
        var size = HostTensor.SizeOf(a.Type);
        var flags = condition.Values<byte>();
        var walker = new Walker(shape, Walker.Broadcast(condition.Shape, shape), Walker.Broadcast(a.Shape, shape), Walker.Broadcast(b.Shape, shape));
        for (var at = 0; at < data.Length; at += size, walker.Next())
        {
            var source = flags[walker[0]] != 0 ? a.Data.Span[(walker[1] * size)..] : b.Data.Span[(walker[2] * size)..];
            source[..size].CopyTo(data.AsSpan(at));
        }

        return new HostTensor(a.Type, shape, data);
    }

    private static HostTensor Boolean(NodeArguments node, int input, string name) =>
        node.Required(input, name) is { Type: ElementType.Bool } flags ? flags : throw node.Error(name, $"{node.Required(input, name)}", "booleans");

    private readonly record struct CompareFunction(NodeArguments Node, HostTensor A, HostTensor B) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            Func<T, T, bool> function = Node.Operator switch
            {
                "Equal" => (a, b) => a == b,
                "Less" => (a, b) => a < b,
                "LessOrEqual" => (a, b) => a <= b,
                "Greater" => (a, b) => a > b,
                _ => (a, b) => a >= b,
            };
            return Elementwise.Zip(Node, ElementType.Bool, A, B, function);
        }
    }
}
