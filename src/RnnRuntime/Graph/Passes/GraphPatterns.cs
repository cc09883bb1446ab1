namespace RnnRuntime.Graph.Passes;

/// <summary>A run of a value's elements, in their order: what reshapes and contiguous slices of the value read.</summary>
internal readonly record struct ElementRun(Value Root, int Offset, int Count);

/// <summary>Questions that patterns ask of a graph.</summary>
internal static class GraphPatterns
{
    // A longer chain of views is taken from where the limit ends, so that a search over many values takes no quadratic time.
    private const int MaximumViews = 16;

    /// <summary>The float32 constant that the value is; null where it is none.</summary>
    public static Constant? ConstantOf(this GraphIndex index, Value value) =>
        index.Producer<ConstantNode>(value) is { Data: { Type: TensorType.Float32 } data } ? data : null;

    /// <summary>The reader of a value that is read once and not kept; null for others.</summary>
    public static Node? SoleReader(this GraphIndex index, Value value) => index.HasOneReader(value) ? index.Readers(value)[0] : null;

    /// <summary>Both orders of the operands of an operation that does not broadcast; none where another node makes the value.</summary>
    public static IEnumerable<(Value First, Value Second)> EitherOrder(this GraphIndex index, Value value, BinaryOperator function)
    {
        if (index.Producer<BinaryNode>(value) is { } binary && binary.Function == function &&
            binary.Left.Shape.ElementCount == value.Shape.ElementCount && binary.Right.Shape.ElementCount == value.Shape.ElementCount)
        {
            yield return (binary.Left, binary.Right);
            yield return (binary.Right, binary.Left);
        }
    }

    /// <summary>Where the value's elements come from.</summary>
    public static ElementRun RunOf(this GraphIndex index, Value value)
    {
        var run = new ElementRun(value, 0, value.Shape.ElementCount);
        for (var i = 0; i < MaximumViews && index.Producer<ViewNode>(run.Root) is { IsContiguous: true } view; i++)
        {
            run = run with { Root = view.Input, Offset = run.Offset + view.Offset };
        }

        return run;
    }
}
