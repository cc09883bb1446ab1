using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Products of quantised integers with constant weights, computed in float32. Every product and every sum of them is an integer, and
/// float32 holds those up to 2^24: a product whose weights prove that no sum, in whatever order, can be beyond is exact. A larger one is cut
/// into parts that are.
/// </summary>
internal static class IntegerProductOperators
{
    private const long Exact = 1 << 24;

    private const float Step = 1 << 12;

    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("MatMulInteger", MatMulInteger);
        handlers.Add("ConvInteger", ConvInteger);
    }

    private static ImmutableArray<Operand?> MatMulInteger(NodeContext node)
    {
        node.Arguments.Expect(2, 4);
        var emit = node.Emit;
        var (left, reach) = Centred(node, "A", isMatrix: true);
        var weights = IntegerProducts.Centred(node.Arguments, 1, "B", isLeft: false);
        if (weights.Rank != 2 || left.Shape.Rank == 0 || left.Shape[-1] != weights.Shape[0])
        {
            throw node.Refuse($"{node.Operand(0, "A")} and {node.Operand(1, "B")}", "B a matrix with as many rows as A has columns");
        }

        emit.Spend(weights.Count);
        var ends = Parts(node, weights, reach);
        var parts = new List<Value>();
        for (int i = 0, start = 0; i < ends.Count; start = ends[i++])
        {
            var rows = Rows(weights, start, ends[i]);
            var part = emit.Slice(left, left.Shape.Rank - 1, start, ends[i] - start);
            parts.Add(emit.Linear(part, emit.NewConstant(rows, weights.Shape[1], ends[i] - start), null));
        }

        return [Operand.OfSum(Sum(emit, parts), parts.Count > 1)];
    }

    private static ImmutableArray<Operand?> ConvInteger(NodeContext node)
    {
        node.Arguments.Expect(2, 4);
        var (x, reach) = Centred(node, "x", isMatrix: false);
        var weights = Filters(node);
        node.Emit.Spend(weights.Count);
        var integers = weights.Values<int>();
        var length = weights.Rank == 0 ? 1 : integers.Length / Math.Max(1, weights.Shape[0]);
        for (var filter = 0; length > 0 && filter < integers.Length / length; filter++)
        {
            var most = 0L;
            foreach (var weight in integers.Slice(filter * length, length))
            {
                most += (long)Math.Abs(weight) * reach;
            }

            if (most > Exact)
            {
                throw node.Refuse("w", $"weights of filter {filter} that allow a sum of {most}", $"sums of at most {Exact}, which float32 computes exactly");
            }
        }

        float[] floats = [.. integers.ToArray().Select(weight => (float)weight)];
        var convolution = node.With([Operand.Of(x, ElementType.Float32), Operand.Of(HostTensor.Floats(weights.Shape, floats))]);
        var sums = ConvolutionOperators.Conv(convolution)[0]!.Value!;
        return [Operand.OfSum(Whole(node.Emit, sums), isRounded: false)];
    }

    /// <summary>The computed operand less its zero points, and the largest magnitude that can have.</summary>
    private static (Value Value, int Reach) Centred(NodeContext node, string name, bool isMatrix)
    {
        var (operand, zeroPoint) = (node.Operand(0, name), node.Has(2) ? node.Operand(2, $"{name}_zero_point") : null);
        IntegerProducts.CheckType(node.Arguments, name, operand.Form);
        var (low, high) = QuantizationArguments.Range(operand.Type);
        var value = node.ValueOf(operand, name);
        if (zeroPoint is null)
        {
            return (value, Math.Max(high, -low));
        }

        var shape = IntegerProducts.ZeroPointShape(node.Arguments, name, operand.Form, zeroPoint.Form, isLeft: true);
        if (!isMatrix && shape.Length > 0)
        {
            throw node.Refuse($"{name}_zero_point", $"{zeroPoint}", "one number");
        }

        var reach = high - low;
        if (zeroPoint.IsConstant && zeroPoint.Constant.TryGetIntegers(out var known) && known.Length > 0)
        {
            reach = (int)Math.Max(high - known.Min(), known.Max() - low);
            if (known.All(number => number == 0))
            {
                return (value, reach);
            }
        }

        var zero = node.Emit.Reshape(node.ValueOf(zeroPoint, $"{name}_zero_point"), shape.AsSpan());
        return (node.Emit.Binary(BinaryOperator.Subtract, value, zero), reach);
    }

    /// <summary>The weights of a convolution less their zero points: one for all, or one for each filter.</summary>
    private static HostTensor Filters(NodeContext node)
    {
        var arguments = node.Arguments;
        var weights = arguments.Required(1, "w");
        if (arguments.Optional(3, "w_zero_point") is { Rank: 1, Count: > 1 } zeroPoint)
        {
            ImmutableArray<int> column = [zeroPoint.Shape[0], .. Enumerable.Repeat(1, Math.Max(0, weights.Rank - 1))];
            return IntegerProducts.Centred(arguments, "w", weights, zeroPoint.Reshaped(column), isLeft: true);
        }

        return IntegerProducts.Centred(arguments, 1, "w", isLeft: true);
    }

    /// <summary>Where the columns of A are cut so that no sum within a part is beyond 2^24.</summary>
    private static List<int> Parts(NodeContext node, HostTensor weights, int reach)
    {
        var (depth, columns) = (weights.Shape[0], weights.Shape[1]);
        var integers = weights.Values<int>();
        var (sums, totals) = (new long[columns], new long[columns]);
        var ends = new List<int>();
        for (var k = 0; k < depth; k++)
        {
            var row = integers.Slice(k * columns, columns);
            var isFull = false;
            for (var column = 0; column < columns; column++)
            {
                isFull |= sums[column] + ((long)Math.Abs(row[column]) * reach) > Exact;
            }

            if (isFull)
            {
                ends.Add(k);
                Array.Clear(sums);
            }

            for (var column = 0; column < columns; column++)
            {
                var most = (long)Math.Abs(row[column]) * reach;
                sums[column] += most;
                totals[column] += most;
            }
        }

        ends.Add(depth);
        return totals.Length == 0 || totals.Max() <= int.MaxValue
            ? ends
            : throw node.Refuse("B", $"weights that allow a sum of {totals.Max()}", $"sums of at most {int.MaxValue}, which int32 holds");
    }

    /// <summary>
    /// Exact parts as one sum that is rounded once, as the cast of the int32 sum to float32 rounds it. Adding two parts does so. More are each
    /// cut into a multiple of 2^12 and a rest of at most 2^11 first: sums of either are exact up to 2^36 and 2^24.
    /// </summary>
    private static Value Sum(GraphEmitter emit, List<Value> parts)
    {
        if (parts.Count == 1)
        {
            return Whole(emit, parts[0]);
        }

        if (parts.Count == 2)
        {
            return emit.Binary(BinaryOperator.Add, parts[0], parts[1]);
        }

        var (step, part) = (emit.Scalar(Step), emit.Scalar(1 / Step));
        Value? multiples = null, rests = null;
        foreach (var value in parts)
        {
            var rounded = emit.Unary(UnaryOperator.Round, emit.Binary(BinaryOperator.Multiply, value, part));
            var multiple = emit.Binary(BinaryOperator.Multiply, rounded, step);
            var rest = emit.Binary(BinaryOperator.Subtract, value, multiple);
            multiples = multiples is null ? multiple : emit.Binary(BinaryOperator.Add, multiples, multiple);
            rests = rests is null ? rest : emit.Binary(BinaryOperator.Add, rests, rest);
        }

        return emit.Binary(BinaryOperator.Add, multiples!, rests!);
    }

    /// <summary>Rounding changes no integer; it keeps the passes from making a scale behind the sums part of the weights, which then were none.</summary>
    private static Value Whole(GraphEmitter emit, Value sums) => emit.Unary(UnaryOperator.Round, sums);

    /// <summary>Rows of weights [outputs, inputs] from some rows of [inputs, outputs].</summary>
    private static float[] Rows(HostTensor weights, int start, int end)
    {
        var columns = weights.Shape[1];
        var integers = weights.Values<int>();
        var rows = new float[(end - start) * columns];
        for (var k = start; k < end; k++)
        {
            for (var column = 0; column < columns; column++)
            {
                rows[(column * (end - start)) + k - start] = integers[(k * columns) + column];
            }
        }

        return rows;
    }
}
