using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Matrix products: with a constant matrix on the right a linear layer, whose weights are packed.</summary>
internal static class MatrixOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("Gemm", Gemm);
        handlers.Add("MatMul", MatMul);
    }

    private static ImmutableArray<Operand?> Gemm(NodeContext node)
    {
        var (alpha, beta) = (node.Attributes.Float("alpha", 1), node.Attributes.Float("beta", 1));
        var left = node.Float(0, "A");
        if (left.Shape.Rank != 2 || node.Operand(1, "B").Shape.Length != 2)
        {
            throw node.Refuse($"{node.Operand(0, "A")} and {node.Operand(1, "B")}", "two matrices");
        }

        left = node.Attributes.Integer("transA", 0) != 0 ? node.Emit.Transpose(left, 1, 0) : left;
        var transposed = node.Attributes.Integer("transB", 0) != 0;
        var addend = node.Has(2) ? node.Operand(2, "C") : null;
        var emit = node.Emit;
        if (node.ConstantFloat(1, "B") is not { } matrix)
        {
            var right = node.Float(1, "B");
            var product = Scaled(emit, emit.MatMul(left, transposed ? emit.Transpose(right, 1, 0) : right), alpha);
            return Result(addend is null ? product : emit.Binary(BinaryOperator.Add, product, Scaled(emit, node.Float(2, "C"), beta)));
        }

        var (outputs, inputs) = transposed ? (matrix.Shape[0], matrix.Shape[1]) : (matrix.Shape[1], matrix.Shape[0]);
        var rows = transposed ? matrix.Values<float>().ToArray() : Transposed(matrix.Values<float>(), inputs, outputs);
        if (alpha != 1)
        {
            rows = Array.ConvertAll(rows, value => alpha * value);
        }

        var bias = addend is null ? null : BiasOf(node, node.ConstantFloat(2, "C"), outputs, beta);
        var result = emit.Linear(left, emit.NewConstant(rows, outputs, inputs), bias);
        return Result(addend is null || bias is not null ? result : emit.Binary(BinaryOperator.Add, result, Scaled(emit, node.Float(2, "C"), beta)));
    }

    private static ImmutableArray<Operand?> MatMul(NodeContext node)
    {
        var emit = node.Emit;
        var left = node.Float(0, "A");
        var right = node.Operand(1, "B");
        if (left.Shape.Rank == 0 || right.Shape.Length == 0)
        {
            throw node.Refuse($"{node.Operand(0, "A")} and {right}", "tensors of at least one extent");
        }

        // A vector counts as a row on the left and as a column on the right; the extent that it lacks is left out of the result.
        var leftIsVector = left.Shape.Rank == 1;
        var rightIsVector = right.Shape.Length == 1;
        left = leftIsVector ? emit.Reshape(left, 1, left.Shape[0]) : left;
        Value result;
        if (node.ConstantFloat(1, "B") is { Rank: <= 2 } matrix)
        {
            var (inputs, outputs) = (matrix.Shape[0], rightIsVector ? 1 : matrix.Shape[1]);
            result = emit.Linear(left, emit.NewConstant(Transposed(matrix.Values<float>(), inputs, outputs), outputs, inputs), null);
        }
        else
        {
            var value = node.Float(1, "B");
            result = emit.MatMul(left, rightIsVector ? emit.Reshape(value, value.Shape[0], 1) : value);
        }

        var shape = result.Shape.Dimensions;
        shape = rightIsVector ? shape.RemoveAt(shape.Length - 1) : shape;
        shape = leftIsVector ? shape.RemoveAt(shape.Length - (rightIsVector ? 1 : 2)) : shape;
        return Result(emit.Reshape(result, shape.AsSpan()));
    }

    private static ImmutableArray<Operand?> Result(Value value) => [Operand.Of(value, ElementType.Float32)];

    private static Value Scaled(GraphEmitter emit, Value value, float factor) =>
        factor == 1 ? value : emit.Binary(BinaryOperator.Multiply, value, emit.Scalar(factor));

    /// <summary>An addend that is the same for every row, as a bias; null where it is not.</summary>
    private static Constant? BiasOf(NodeContext node, HostTensor? addend, int outputs, float beta)
    {
        if (addend is null || addend.Rank > 2 || (addend.Rank == 2 && addend.Shape[0] != 1) || (addend.Count != 1 && addend.Count != outputs))
        {
            return null;
        }

        var values = addend.Values<float>();
        var bias = new float[outputs];
        for (var i = 0; i < outputs; i++)
        {
            bias[i] = beta * values[values.Length == 1 ? 0 : i];
        }

        return node.Emit.NewConstant(bias, outputs);
    }

    private static float[] Transposed(ReadOnlySpan<float> values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return result;
    }
}
