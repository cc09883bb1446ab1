using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

// Arguments that moved from attributes to inputs: each record reads whichever form its opset has.

/// <summary>Axes of <c>Squeeze</c>: attribute before opset 13, then the second input. Null means every extent of 1.</summary>
internal static class SqueezeAxes
{
    public static ImmutableArray<long>? Read(NodeArguments node)
    {
        node.Expect(1, node.Opset < 13 ? 1 : 2);
        return node.Opset < 13 ? node.Attributes.Integers("axes") : node.OptionalIntegers(1, "axes");
    }
}

/// <summary>Axes of <c>Unsqueeze</c>: attribute before opset 13, then the second input.</summary>
internal static class UnsqueezeAxes
{
    public static ImmutableArray<long> Read(NodeArguments node)
    {
        node.Expect(node.Opset < 13 ? 1 : 2, node.Opset < 13 ? 1 : 2);
        return node.Opset >= 13 ? node.Integers(1, "axes")
            : node.Attributes.Integers("axes") ?? throw node.Attributes.Error("axes", "nothing", "the axes to insert");
    }
}

/// <summary>Target of <c>Reshape</c>.</summary>
internal sealed record ReshapeArguments(ImmutableArray<long> Shape, bool AllowZero)
{
    public static ReshapeArguments Read(NodeArguments node)
    {
        node.Expect(2, 2);
        return new ReshapeArguments(node.Integers(1, "shape"), node.Opset >= 14 && node.Attributes.Integer("allowzero", 0) != 0);
    }

    public ImmutableArray<int> Target(string location, ImmutableArray<int> inputShape) =>
        ShapeArithmetic.ReshapeTarget(location, inputShape, Shape, AllowZero);
}

/// <summary>Bounds of <c>Slice</c>: attributes before opset 10, then inputs.</summary>
internal sealed record SliceArguments(
    ImmutableArray<long> Starts, ImmutableArray<long> Ends, ImmutableArray<long>? Axes, ImmutableArray<long>? Steps)
{
    public static SliceArguments Read(NodeArguments node)
    {
        if (node.Opset >= 10)
        {
            node.Expect(3, 5);
            return new SliceArguments(
                node.Integers(1, "starts"), node.Integers(2, "ends"), node.OptionalIntegers(3, "axes"), node.OptionalIntegers(4, "steps"));
        }

        node.Expect(1, 1);
        return new SliceArguments(Attribute("starts"), Attribute("ends"), node.Attributes.Integers("axes"), null);

        ImmutableArray<long> Attribute(string name) =>
            node.Attributes.Integers(name) ?? throw node.Attributes.Error(name, "nothing", $"the {name} of the slice");
    }

    public ImmutableArray<SliceRange> Ranges(string location, ImmutableArray<int> shape) =>
        ShapeArithmetic.SliceRanges(location, shape, Starts, Ends, Axes, Steps);
}

/// <summary>Parts of <c>Split</c>: sizes as attribute before opset 13, then as input; from opset 18 a number of parts.</summary>
internal sealed record SplitArguments(long Axis, ImmutableArray<long>? Sizes, int Parts, bool MayBeUneven)
{
    public static SplitArguments Read(NodeArguments node)
    {
        node.Expect(1, node.Opset < 13 ? 1 : 2, int.MaxValue);
        var sizes = node.Opset < 13 ? node.Attributes.Integers("split") : node.OptionalIntegers(1, "split");
        var counted = node.Opset >= 18 && node.Attributes.Has("num_outputs");
        if (counted && node.Attributes.Integer("num_outputs", 0) is var parts && (parts != node.Outputs || sizes is not null))
        {
            throw node.Attributes.Error("num_outputs", $"{parts}", sizes is null ? $"{node.Outputs}, as there are outputs" : "no such attribute beside an input of sizes");
        }

        return new SplitArguments(node.Attributes.Integer("axis", 0), sizes, node.Outputs, counted);
    }

    public ImmutableArray<int> Resolve(string location, ImmutableArray<int> shape, out int axis)
    {
        axis = ShapeArithmetic.NormalizeAxis(location, Axis, shape.Length);
        return ShapeArithmetic.SplitSizes(location, shape[axis], Sizes, Parts, MayBeUneven);
    }
}

internal enum PadMode
{
    Constant,
    Reflect,
    Edge,
    Wrap,
}

/// <summary>
/// Pads: attributes before opset 11, then inputs; axes from opset 18, wrapping from opset 19. The value is a scalar, null for 0.
/// </summary>
internal sealed record PadArguments(PadMode Mode, ImmutableArray<long> Pads, ImmutableArray<long>? Axes, HostTensor? Value)
{
    public static PadArguments Read(NodeArguments node)
    {
        var text = node.Attributes.Text("mode", "constant");
        var mode = text switch
        {
            "constant" => PadMode.Constant,
            "reflect" => PadMode.Reflect,
            "edge" => PadMode.Edge,
            "wrap" when node.Opset >= 19 => PadMode.Wrap,
            _ => throw node.Attributes.Error("mode", text, $"constant, reflect, edge{(node.Opset >= 19 ? " or wrap" : "")} in opset {node.Opset}"),
        };
        if (node.Opset < 11)
        {
            node.Expect(1, 1);
            var pads = node.Attributes.Integers("pads") ?? throw node.Attributes.Error("pads", "nothing", "the pads");
            return new PadArguments(mode, pads, null, HostTensor.Floats([], [node.Attributes.Float("value", 0)]));
        }

        node.Expect(2, node.Opset < 18 ? 3 : 4);
        var value = node.Optional(2, "constant_value");
        if (value is { Count: not 1 })
        {
            throw node.Error("constant_value", $"{value}", "a scalar");
        }

        return new PadArguments(mode, node.Integers(1, "pads"), node.Opset < 18 ? null : node.OptionalIntegers(3, "axes"), value);
    }

    public ImmutableArray<PadRange> Ranges(string location, ImmutableArray<int> shape) => ShapeArithmetic.PadRanges(location, shape, Pads, Axes);
}

/// <summary>Axes of a reduction: attribute, then input from opset 18 (<c>ReduceSum</c>: 13).</summary>
internal sealed record ReduceArguments(ImmutableArray<long>? Axes, bool KeepDimensions, bool NoneWhenEmpty)
{
    public static ReduceArguments Read(NodeArguments node)
    {
        var byInput = node.Opset >= (node.Operator == "ReduceSum" ? 13 : 18);
        node.Expect(1, byInput ? 2 : 1);
        return new ReduceArguments(
            byInput ? node.OptionalIntegers(1, "axes") : node.Attributes.Integers("axes"),
            node.Attributes.Integer("keepdims", 1) != 0,
            byInput && node.Attributes.Integer("noop_with_empty_axes", 0) != 0);
    }

    public ImmutableArray<int> Resolve(string location, int rank) => ShapeArithmetic.ReduceAxes(location, Axes, rank, NoneWhenEmpty);
}

/// <summary>Bounds of <c>Clip</c>, scalars: attributes before opset 11, then inputs. Null where there is none.</summary>
internal sealed record ClipArguments(HostTensor? Minimum, HostTensor? Maximum)
{
    public static ClipArguments Read(NodeArguments node)
    {
        if (node.Opset < 11)
        {
            node.Expect(1, 1);
            return new ClipArguments(Attribute("min", float.MinValue), Attribute("max", float.MaxValue));
        }

        node.Expect(1, 3);
        return new ClipArguments(Input(1, "min"), Input(2, "max"));

        HostTensor? Attribute(string name, float otherwise) =>
            node.Attributes.Float(name, otherwise) is var bound && node.Attributes.Has(name) ? HostTensor.Floats([], [bound]) : null;

        HostTensor? Input(int index, string name) => node.Optional(index, name) is { } bound && bound.Count != 1
            ? throw node.Error(name, $"{bound}", "a scalar")
            : node.Optional(index, name);
    }
}

/// <summary>What a <c>Shape</c> node takes; bounds exist from opset 15.</summary>
internal static class ShapeArguments
{
    public static ImmutableArray<int> Read(NodeArguments node, ImmutableArray<int> shape)
    {
        node.Expect(1, 1);
        return node.Opset < 15
            ? shape
            : ShapeArithmetic.ShapeRange(shape, node.Attributes.Integer("start", 0), node.Attributes.Has("end") ? node.Attributes.Integer("end", 0) : null);
    }
}
