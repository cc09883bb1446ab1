using System.Collections.Immutable;

namespace RnnRuntime.Import.Folding;

/// <summary>The shape rules of ONNX, for constants and for values that are known by shape only.</summary>
internal static partial class ShapeArithmetic
{
    public const int MaximumRank = 64;

    /// <summary>
    /// Number of elements. An extent of 0 counts as 1 against the limits, so that strides of every accepted shape are representable.
    /// </summary>
    public static long CountElements(string location, ImmutableArray<int> shape, RnnImportLimits limits)
    {
        CheckRank(location, shape.Length);
        Int128 product = 1;
        var most = Math.Min(limits.MaximumElements, int.MaxValue);
        foreach (var extent in shape)
        {
            product *= Math.Max(extent, 1);
            if (product > most)
            {
                throw new RnnImportException(location, $"a shape of {Text(shape)}", $"at most {most} elements (limit {nameof(RnnImportLimits.MaximumElements)})");
            }
        }

        return shape.Contains(0) ? 0 : (long)product;
    }

    public static void CheckRank(string location, int rank)
    {
        if (rank > MaximumRank)
        {
            throw new RnnImportException(location, $"a rank of {rank}", $"at most {MaximumRank}");
        }
    }

    /// <summary>Extents that the file gives directly: none negative, all within an int.</summary>
    public static ImmutableArray<int> Extents(string location, ImmutableArray<long> requested)
    {
        CheckRank(location, requested.Length);
        foreach (var extent in requested)
        {
            if (extent is < 0 or > int.MaxValue)
            {
                throw new RnnImportException(location, $"an extent of {extent}", $"0 to {int.MaxValue}");
            }
        }

        return [.. requested.Select(extent => (int)extent)];
    }

    /// <summary>One -1 is inferred; 0 copies the input's extent unless <paramref name="allowZero"/> is set.</summary>
    public static ImmutableArray<int> ReshapeTarget(string location, ImmutableArray<int> inputShape, ImmutableArray<long> requested, bool allowZero)
    {
        CheckRank(location, requested.Length);
        var count = Product(inputShape);
        var inferred = requested.IndexOf(-1);
        var target = new long[requested.Length];
        Int128 known = 1;
        for (var axis = 0; axis < target.Length; axis++)
        {
            var extent = requested[axis];
            target[axis] = extent == 0 && !allowZero && axis < inputShape.Length ? inputShape[axis] : extent;
            if (axis == inferred)
            {
                continue;
            }

            if (target[axis] is < 0 or > int.MaxValue || (extent == 0 && !allowZero && axis >= inputShape.Length))
            {
                throw Mismatch("extents of 0 (copied), one -1 (inferred) and positive numbers");
            }

            known *= target[axis];
            if (known > int.MaxValue)
            {
                throw Mismatch($"{count} elements");
            }
        }

        if (inferred >= 0)
        {
            if (known == 0 || count % known != 0 || count / known > int.MaxValue)
            {
                throw Mismatch($"a -1 that can be inferred for {count} elements");
            }

            target[inferred] = (long)(count / known);
        }
        else if (known != count)
        {
            throw Mismatch($"{count} elements");
        }

        return [.. target.Select(extent => (int)extent)];

        RnnImportException Mismatch(string expected) => new(location, $"shape {Text(requested)} for an input of {Text(inputShape)}", expected);
    }

    /// <summary>A negative axis counts from the end.</summary>
    public static int NormalizeAxis(string location, long axis, int rank) => axis >= -rank && axis < rank
        ? (int)(axis < 0 ? axis + rank : axis)
        : throw new RnnImportException(location, $"axis {axis}", rank == 0 ? "an input that has axes" : $"an axis from {-rank} to {rank - 1}");

    /// <summary>The axes in their order, each once.</summary>
    public static ImmutableArray<int> NormalizeAxes(string location, ImmutableArray<long> axes, int rank)
    {
        var seen = new bool[rank];
        var normal = ImmutableArray.CreateBuilder<int>();
        foreach (var given in axes)
        {
            var axis = NormalizeAxis(location, given, rank);
            if (seen[axis])
            {
                throw new RnnImportException(location, $"axis {given} twice", "each axis once");
            }

            seen[axis] = true;
            normal.Add(axis);
        }

        return normal.ToImmutable();
    }

    /// <summary>Without axes, every extent of 1 goes.</summary>
    public static ImmutableArray<int> SqueezeShape(string location, ImmutableArray<int> shape, ImmutableArray<long>? axes)
    {
        if (axes is null)
        {
            return shape.RemoveAll(extent => extent == 1);
        }

        var dropped = NormalizeAxes(location, axes.Value, shape.Length);
        foreach (var axis in dropped)
        {
            if (shape[axis] != 1)
            {
                throw new RnnImportException(location, $"axis {axis} of {Text(shape)}", "an extent of 1");
            }
        }

        return [.. shape.Where((_, axis) => !dropped.Contains(axis))];
    }

    /// <summary>The axes count in the result.</summary>
    public static ImmutableArray<int> UnsqueezeShape(string location, ImmutableArray<int> shape, ImmutableArray<long> axes)
    {
        CheckRank(location, shape.Length + axes.Length);
        var inserted = NormalizeAxes(location, axes, shape.Length + axes.Length);
        var result = new int[shape.Length + axes.Length];
        for (int axis = 0, source = 0; axis < result.Length; axis++)
        {
            result[axis] = inserted.Contains(axis) ? 1 : shape[source++];
        }

        return [.. result];
    }

    /// <summary>Two axes: the product of those before <paramref name="axis"/>, and of the rest.</summary>
    public static ImmutableArray<int> FlattenShape(string location, ImmutableArray<int> shape, long axis)
    {
        if (axis < -shape.Length || axis > shape.Length)
        {
            throw new RnnImportException(location, $"axis {axis}", $"an axis from {-shape.Length} to {shape.Length}");
        }

        var split = (int)(axis < 0 ? axis + shape.Length : axis);
        var (rows, columns) = (Product(shape[..split]), Product(shape[split..]));
        return rows <= int.MaxValue && columns <= int.MaxValue
            ? [(int)rows, (int)columns]
            : throw new RnnImportException(location, $"a shape of {Text(shape)}", $"products of at most {int.MaxValue}");
    }

    /// <summary>Reversed axes where no permutation is given.</summary>
    public static ImmutableArray<int> Permutation(string location, ImmutableArray<long>? permutation, int rank)
    {
        if (permutation is not { } given)
        {
            return [.. Enumerable.Range(0, rank).Reverse()];
        }

        return given.Length == rank && !given.Any(axis => axis < 0)
            ? NormalizeAxes(location, given, rank)
            : throw new RnnImportException(location, $"perm {Text(given)}", $"each of 0 to {rank - 1} once");
    }

    /// <summary>Multidirectional broadcasting: shapes aligned at their ends, an extent of 1 stretches.</summary>
    public static ImmutableArray<int> BroadcastShape(string location, ImmutableArray<int> a, ImmutableArray<int> b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (var axis = 1; axis <= result.Length; axis++)
        {
            var (left, right) = (axis <= a.Length ? a[^axis] : 1, axis <= b.Length ? b[^axis] : 1);
            result[^axis] = left == right || right == 1 ? left
                : left == 1 ? right
                : throw new RnnImportException(location, $"shapes {Text(a)} and {Text(b)}", "shapes that broadcast together");
        }

        return [.. result];
    }

    /// <summary>Unidirectional broadcasting: <paramref name="shape"/> must stretch to <paramref name="target"/> as it is.</summary>
    public static void CheckBroadcastsTo(string location, ImmutableArray<int> shape, ImmutableArray<int> target)
    {
        if (shape.Length > target.Length || !BroadcastShape(location, shape, target).SequenceEqual(target))
        {
            throw new RnnImportException(location, $"a shape of {Text(shape)}", $"one that broadcasts to {Text(target)}");
        }
    }

    /// <summary>Without axes all are reduced, or none where the node says so.</summary>
    public static ImmutableArray<int> ReduceAxes(string location, ImmutableArray<long>? axes, int rank, bool noneWhenEmpty) =>
        axes is { Length: > 0 } given ? NormalizeAxes(location, given, rank)
        : noneWhenEmpty ? []
        : [.. Enumerable.Range(0, rank)];

    public static ImmutableArray<int> ReducedShape(ImmutableArray<int> shape, ImmutableArray<int> axes, bool keepDimensions) => keepDimensions
        ? [.. shape.Select((extent, axis) => axes.Contains(axis) ? 1 : extent)]
        : [.. shape.Where((_, axis) => !axes.Contains(axis))];

    /// <summary>Shapes that agree but for one axis, whose extents are summed.</summary>
    public static ImmutableArray<int> ConcatShape(string location, ImmutableArray<ImmutableArray<int>> shapes, int axis)
    {
        var sum = 0L;
        foreach (var shape in shapes)
        {
            if (shape.Length != shapes[0].Length || !shape.SetItem(axis, 0).SequenceEqual(shapes[0].SetItem(axis, 0)))
            {
                throw new RnnImportException(location, $"shapes {Text(shapes[0])} and {Text(shape)}", $"shapes that differ in axis {axis} only");
            }

            sum += shape[axis];
        }

        return sum <= int.MaxValue
            ? shapes[0].SetItem(axis, (int)sum)
            : throw new RnnImportException(location, $"an extent of {sum}", $"at most {int.MaxValue}");
    }

    /// <summary>The rule of numpy's matmul: a vector gets an axis that the result does not have, batches broadcast.</summary>
    public static ImmutableArray<int> MatMulShape(string location, ImmutableArray<int> a, ImmutableArray<int> b)
    {
        if (a.Length == 0 || b.Length == 0 || a[^1] != b[b.Length == 1 ? 0 : b.Length - 2])
        {
            throw new RnnImportException(location, $"shapes {Text(a)} and {Text(b)}", "the last extent of A equal to the second last of B");
        }

        var batch = BroadcastShape(location, a[..Math.Max(a.Length - 2, 0)], b[..Math.Max(b.Length - 2, 0)]);
        ImmutableArray<int> rows = a.Length == 1 ? [] : [a[^2]];
        ImmutableArray<int> columns = b.Length == 1 ? [] : [b[^1]];
        return [.. batch, .. rows, .. columns];
    }

    /// <summary>What a <c>Shape</c> node with these bounds takes of the extents; bounds are clamped.</summary>
    public static ImmutableArray<int> ShapeRange(ImmutableArray<int> shape, long start, long? end)
    {
        var from = Clamp(start);
        var to = end is null ? shape.Length : Clamp(end.Value);
        return from < to ? shape[from..to] : [];

        int Clamp(long bound) => (int)Math.Clamp(bound < 0 ? bound + shape.Length : bound, 0, shape.Length);
    }

    /// <summary>For messages.</summary>
    public static string Text<T>(ImmutableArray<T> values) =>
        values.Length <= 16 ? $"[{string.Join(", ", values)}]" : $"[{string.Join(", ", values[..16])}, ...] ({values.Length} numbers)";

    private static Int128 Product(ImmutableArray<int> shape)
    {
        Int128 product = 1;
        foreach (var extent in shape)
        {
            product = Int128.Min(product * extent, long.MaxValue);
        }

        return product;
    }
}
