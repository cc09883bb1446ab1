using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Import.Passes;

/// <summary>How the sums that enter the gates are made.</summary>
public enum GateLayout
{
    /// <summary>One layer on x and one on h for all gates, added and split.</summary>
    Split,

    /// <summary>The same, each layer split before the sums.</summary>
    SplitBeforeSum,

    /// <summary>As Split, with the gates as an axis of their own.</summary>
    Reshaped,

    /// <summary>One layer on [h; x].</summary>
    Joined,

    /// <summary>Two layers for each gate, with the biases added apart.</summary>
    Separate,
}

/// <summary>Ways to write h' of a GRU.</summary>
public enum GruSpelling
{
    Plain,
    Expanded,
    Difference,
    NegatedDifference,
    SwappedGate,
}

/// <summary>Cells written out in single operations. Rows are [N, features] or one vector.</summary>
internal static class WrittenCells
{
    public static (Value Hidden, Value Cell) Lstm(PassSketch sketch, Value x, Value h, Value c, GateLayout layout, ReadOnlySpan<int> order)
    {
        var sums = Sums(sketch, x, h, 4, layout);
        var (i, f, o) = (sketch.Sigmoid(sums[order[0]]), sketch.Sigmoid(sums[order[1]]), sketch.Sigmoid(sums[order[3]]));
        var newCell = sketch.Add(sketch.Multiply(f, c), sketch.Multiply(i, sketch.Tanh(sums[order[2]])));
        return (sketch.Multiply(o, sketch.Tanh(newCell)), newCell);
    }

    public static Value Gru(PassSketch sketch, Value x, Value h, GateLayout layout, GruSpelling spelling, bool resetAfter)
    {
        var units = h.Shape[-1];
        var gates = Sums(sketch, x, h, 2, layout);
        var (r, z) = (sketch.Sigmoid(gates[1]), sketch.Sigmoid(gates[0]));
        Value sum;
        if (resetAfter)
        {
            sum = sketch.Add(sketch.Linear(x, units), sketch.Multiply(r, sketch.Linear(h, units)));
        }
        else
        {
            var product = sketch.Multiply(r, h);
            sum = layout == GateLayout.Joined
                ? sketch.Linear(sketch.Emit.Concat([x, product], x.Shape.Rank - 1), units)
                : sketch.Add(sketch.Linear(product, units), sketch.Linear(x, units, hasBias: false));
        }

        var n = sketch.Tanh(sum);
        return spelling switch
        {
            GruSpelling.Plain => sketch.Add(sketch.Multiply(sketch.Subtract(sketch.Emit.Scalar(1), z), n), sketch.Multiply(z, h)),
            GruSpelling.Expanded => sketch.Add(sketch.Subtract(n, sketch.Multiply(z, n)), sketch.Multiply(z, h)),
            GruSpelling.Difference => sketch.Add(sketch.Multiply(sketch.Subtract(h, n), z), n),
            GruSpelling.NegatedDifference => sketch.Subtract(n, sketch.Multiply(z, sketch.Add(n, sketch.Emit.Unary(UnaryOperator.Negate, h)))),
            _ => sketch.Add(sketch.Multiply(sketch.Subtract(sketch.Emit.Scalar(1), z), h), sketch.Multiply(z, n)),
        };
    }

    private static Value[] Sums(PassSketch sketch, Value x, Value h, int gates, GateLayout layout)
    {
        var units = h.Shape[-1];
        var axis = h.Shape.Rank - 1;
        switch (layout)
        {
            case GateLayout.Separate:
                return [.. Enumerable.Range(0, gates).Select(gate => sketch.Add(
                    sketch.Add(sketch.Linear(x, units, hasBias: false), sketch.Constant(units)),
                    sketch.Linear(h, units, hasBias: gate % 2 == 0)))];
            case GateLayout.Joined:
                var joined = sketch.Linear(sketch.Emit.Concat([h, x], axis), gates * units);
                return [.. Enumerable.Range(0, gates).Select(gate => sketch.Emit.Slice(joined, axis, gate * units, units))];
            case GateLayout.SplitBeforeSum:
                var (ofX, ofH) = (sketch.Linear(x, gates * units), sketch.Linear(h, gates * units));
                return [.. Enumerable.Range(0, gates).Select(gate => sketch.Add(
                    sketch.Emit.Slice(ofX, axis, gate * units, units), sketch.Emit.Slice(ofH, axis, gate * units, units)))];
            case GateLayout.Reshaped:
                var rows = h.Shape.ElementCount / units;
                var split = sketch.Emit.Reshape(sketch.Add(sketch.Linear(x, gates * units), sketch.Linear(h, gates * units)), rows, gates, units);
                return [.. Enumerable.Range(0, gates).Select(gate => sketch.Emit.Reshape(sketch.Emit.Slice(split, 1, gate, 1), h.Shape.Dimensions.AsSpan()))];
            default:
                var sum = sketch.Add(sketch.Linear(x, gates * units), sketch.Linear(h, gates * units));
                return [.. Enumerable.Range(0, gates).Select(gate => sketch.Emit.Slice(sum, axis, gate * units, units))];
        }
    }
}
