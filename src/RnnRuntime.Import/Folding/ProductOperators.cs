using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>Matrix products.</summary>
internal static class ProductOperators
{
    /// <summary>Multiply-adds of one product that is folded, as a multiple of the largest tensor allowed.</summary>
    private const long WorkPerElement = 8;

    public static HostTensor MatMul(NodeArguments node)
    {
        node.Expect(2, 2);
        return MatMul(node, node.Required(0, "A"), node.Required(1, "B"));
    }

    public static HostTensor MatMul(NodeArguments node, HostTensor a, HostTensor b)
    {
        NumberTypes.CheckSame(node, a, b);
        var shape = ShapeArithmetic.MatMulShape(node.Location, a.Shape, b.Shape);
        return NumberTypes.Dispatch(node, a.Type, new ProductFunction(node, Matrix(a, row: true), Matrix(b, row: false), null, 1, 0)).Reshaped(shape);
    }

    public static HostTensor Gemm(NodeArguments node)
    {
        node.Expect(2, 3);
        var a = Operand(node, 0, "A", node.Attributes.Integer("transA", 0) != 0);
        var b = Operand(node, 1, "B", node.Attributes.Integer("transB", 0) != 0);
        NumberTypes.CheckSame(node, a, b);
        var c = node.Optional(2, "C");
        if (c is not null)
        {
            NumberTypes.CheckSame(node, a, c);
            var shape = ShapeArithmetic.MatMulShape(node.Location, a.Shape, b.Shape);
            ShapeArithmetic.CheckBroadcastsTo($"{node.Location}, input C", c.Shape, shape);
            c = DataMovement.Stretched(node, c, shape);
        }

        var (alpha, beta) = (node.Attributes.Float("alpha", 1), node.Attributes.Float("beta", 1));
        return NumberTypes.IsFloat(a.Type) || (alpha == 1 && beta == 1)
            ? NumberTypes.Dispatch(node, a.Type, new ProductFunction(node, a, b, c, alpha, beta))
            : throw node.Error($"alpha {alpha} and beta {beta} for {NumberTypes.Name(a.Type)}", "1 and 1 for integers");
    }

    private static HostTensor Operand(NodeArguments node, int input, string name, bool transposed)
    {
        var matrix = node.Required(input, name);
        return matrix.Rank != 2 ? throw node.Error(name, $"{matrix}", "a matrix")
            : transposed ? DataMovement.Transposed(node, matrix, [1, 0])
            : matrix;
    }

    private static HostTensor Matrix(HostTensor tensor, bool row) =>
        tensor.Rank > 1 ? tensor : tensor.Reshaped(row ? [1, tensor.Shape[0]] : [tensor.Shape[0], 1]);

    /// <summary>alpha * A * B + beta * C over batches of matrices; C has the result's shape.</summary>
    private readonly record struct ProductFunction(NodeArguments Node, HostTensor A, HostTensor B, HostTensor? C, double Alpha, double Beta) : INumberFunction
    {
        public HostTensor Invoke<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => typeof(T) == typeof(float) ? Run<T, double>() : Run<T, T>();

        private HostTensor Run<T, TSum>()
            where T : unmanaged, INumber<T>
            where TSum : INumber<TSum>
        {
            var shape = ShapeArithmetic.MatMulShape(Node.Location, A.Shape, B.Shape);
            var (rows, depth, columns) = (shape[^2], A.Shape[^1], shape[^1]);
            var result = Node.Allocate(A.Type, shape);
            var left = A.Values<T>();
            var right = B.Values<T>();
            var results = MemoryMarshal.Cast<byte, T>(result.AsSpan());
            var addends = C is null ? [] : C.Values<T>();
            var most = Math.Min(Node.Limits.MaximumElements, int.MaxValue) * WorkPerElement;
            if ((long)results.Length * depth > most)
            {
                throw Node.Error(
                    $"a product of {(long)results.Length * depth} multiplications", $"at most {most} ({WorkPerElement} times the limit {nameof(RnnImportLimits.MaximumElements)})");
            }

            var (alpha, beta) = (TSum.CreateTruncating(Alpha), TSum.CreateTruncating(Beta));
            var batch = shape[..^2];
            var walker = new Walker(batch, MatrixStrides(A.Shape, batch), MatrixStrides(B.Shape, batch));
            var sums = new TSum[columns];
            for (var row = 0; results.Length > 0 && row < results.Length / columns; row++)
            {
                Array.Clear(sums);
                var leftRow = left.Slice(walker[0] + (row % rows * depth), depth);
                for (var k = 0; k < depth; k++)
                {
                    var factor = TSum.CreateTruncating(leftRow[k]);
                    var rightRow = right.Slice(walker[1] + (k * columns), columns);
                    for (var column = 0; column < rightRow.Length; column++)
                    {
                        sums[column] += factor * TSum.CreateTruncating(rightRow[column]);
                    }
                }

                for (var column = 0; column < columns; column++)
                {
                    var at = (row * columns) + column;
                    results[at] = T.CreateTruncating((alpha * sums[column]) + (addends.IsEmpty ? TSum.Zero : beta * TSum.CreateTruncating(addends[at])));
                }

                if (row % rows == rows - 1)
                {
                    walker.Next();
                }
            }

            return new HostTensor(A.Type, shape, result);
        }

        private static int[] MatrixStrides(ImmutableArray<int> shape, ImmutableArray<int> batch)
        {
            var size = shape[^2] * shape[^1];
            return [.. Walker.Broadcast(shape[..^2], batch).Select(stride => stride * size)];
        }
    }
}
