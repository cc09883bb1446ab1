using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Products of quantised matrices in int32, which wrap where a sum is beyond it.</summary>
internal static class IntegerProducts
{
    public static HostTensor MatMulInteger(NodeArguments node)
    {
        node.Expect(2, 4);
        return ProductOperators.MatMul(node, Centred(node, 0, "A", isLeft: true), Centred(node, 1, "B", isLeft: false));
    }

    /// <summary>A matrix less its zero points, in int32.</summary>
    public static HostTensor Centred(NodeArguments node, int input, string name, bool isLeft)
    {
        var matrix = node.Required(input, name);
        return Centred(node, name, matrix, node.Optional(input + 2, $"{name}_zero_point"), isLeft);
    }

    public static HostTensor Centred(NodeArguments node, string name, HostTensor matrix, HostTensor? zeroPoint, bool isLeft)
    {
        CheckType(node, name, TensorForm.Of(matrix));
        if (zeroPoint is null)
        {
            return CastOperator.Convert(node, matrix, ElementType.Int32);
        }

        var shape = ZeroPointShape(node, name, TensorForm.Of(matrix), TensorForm.Of(zeroPoint), isLeft);
        return NumberTypes.Dispatch(node, matrix.Type, new CentreFunction(node, matrix, zeroPoint.Reshaped(shape)));
    }

    public static void CheckType(NodeArguments node, string name, TensorForm tensor)
    {
        if (tensor.Type is not (ElementType.Int8 or ElementType.UInt8))
        {
            throw node.Error(name, $"{tensor}", "int8 or uint8");
        }
    }

    /// <summary>
    /// The shape in which zero points broadcast to their matrix: one for all, one for each row of the left, or one for each column of the right.
    /// </summary>
    public static ImmutableArray<int> ZeroPointShape(NodeArguments node, string name, TensorForm matrix, TensorForm zeroPoint, bool isLeft)
    {
        var count = zeroPoint.Shape.Aggregate(1L, (product, extent) => product * extent);
        var shape = count == 1 ? [] : isLeft && zeroPoint.Shape.Length == 1 ? zeroPoint.Shape.Add(1) : zeroPoint.Shape;
        if (zeroPoint.Type != matrix.Type)
        {
            throw node.Error($"{name}_zero_point", $"{zeroPoint}", $"{NumberTypes.Name(matrix.Type)}, the type of {name}");
        }

        ShapeArithmetic.CheckBroadcastsTo($"{node.Location}, input {name}_zero_point", shape, matrix.Shape);
        var summed = isLeft ? shape.LastOrDefault(1) : shape.Length > 1 ? shape[^2] : 1;
        return summed == 1
            ? shape
            : throw node.Error($"{name}_zero_point", $"{zeroPoint}", isLeft ? $"one number, or one for each row of {name}" : $"one number, or one for each column of {name}");
    }

    private readonly record struct CentreFunction(NodeArguments Node, HostTensor Matrix, HostTensor ZeroPoint) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var data = Node.Allocate(ElementType.Int32, Matrix.Shape);
            var results = MemoryMarshal.Cast<byte, int>(data.AsSpan());
            var values = Matrix.Values<T>();
            var zeroPoints = ZeroPoint.Values<T>();
            var walker = new Walker(Matrix.Shape, Walker.Broadcast(ZeroPoint.Shape, Matrix.Shape));
            for (var i = 0; i < results.Length; i++, walker.Next())
            {
                results[i] = int.CreateTruncating(values[i]) - int.CreateTruncating(zeroPoints[walker[0]]);
            }

            return new HostTensor(ElementType.Int32, Matrix.Shape, data);
        }
    }
}
