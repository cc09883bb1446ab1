using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Operators that only move data. The folding rules run on the elements' positions instead of the elements; where each output element
/// comes from is then known, whatever the operator was, and becomes a view where strides can say it, a pick otherwise.
/// </summary>
internal static class MovementOperators
{
    /// <summary>Operators and the inputs that are data; all others have to be constant.</summary>
    public static readonly ImmutableDictionary<string, ImmutableArray<int>> DataInputs = new Dictionary<string, ImmutableArray<int>>
    {
        ["Reshape"] = [0],
        ["Transpose"] = [0],
        ["Squeeze"] = [0],
        ["Unsqueeze"] = [0],
        ["Flatten"] = [0],
        ["Split"] = [0],
        ["Slice"] = [0],
        ["Gather"] = [0],
        ["GatherElements"] = [0],
        ["GatherND"] = [0],
        ["Expand"] = [0],
        ["Tile"] = [0],
        ["Pad"] = [0],
        ["ScatterND"] = [0, 2],
    }.ToImmutableDictionary();

    public static ImmutableArray<Operand?> Move(NodeContext node)
    {
        var dataInputs = DataInputs[node.Node.Operator];
        var type = node.Operand(dataInputs[0], "data").Type;
        var sources = ImmutableArray.CreateBuilder<Value>();
        var inputs = node.Operands.Select(operand => operand?.Constant).ToArray();
        var start = 0L;
        foreach (var index in dataInputs)
        {
            var operand = node.Operand(index, "data");
            if (operand.Type != type)
            {
                throw node.Refuse($"{operand}", $"{type.ToString().ToLowerInvariant()} as the first input");
            }

            var count = operand.Shape.Aggregate(1L, (product, extent) => product * extent);
            node.Emit.Spend(count);
            inputs[index] = Positions(operand.Shape, start, count);
            if (count > 0)
            {
                sources.Add(node.ValueOf(operand, "data"));
                start += count;
            }
        }

        var fill = 0f;
        var (moved, opset) = (node.Node, node.Opset);
        if (moved.Operator == "Pad")
        {
            (moved, opset, inputs, fill) = PadOfPositions(node, inputs[0]!);
        }
        else if (moved.Operator == "ScatterND" && node.Attributes.Text("reduction", "none") is var reduction && reduction != "none")
        {
            throw node.Attributes.Error("reduction", reduction, "none where the data is computed");
        }

        var maps = Evaluate(node, moved, inputs, opset);
        return [.. maps.Select(map => map is null ? null : FromPositions(node, sources.ToImmutable(), map, fill, type))];
    }

    private static ImmutableArray<HostTensor?> Evaluate(NodeContext node, OnnxNode moved, HostTensor?[] inputs, int opset)
    {
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is null && node.Has(i))
            {
                throw node.Refuse(
                    $"#{i}", $"'{node.Node.Inputs[i]}', which is computed in each step", "a value that is constant once shapes and inputs are bound; fix the inputs that it depends on");
            }
        }

        node.Attributes.HandOver();
        return FoldingEvaluator.Evaluate(moved, [.. inputs], opset, node.Limits) ?? throw node.Refuse("a form that does not fold", "a known form of the operator");
    }

    private static HostTensor Positions(ImmutableArray<int> shape, long start, long count)
    {
        var bytes = new byte[checked((int)(count * sizeof(long)))];
        var positions = MemoryMarshal.Cast<byte, long>(bytes.AsSpan());
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = start + i;
        }

        return new HostTensor(ElementType.Int64, shape, bytes);
    }

    /// <summary>The same padding in the form of a later opset, with -1 as the padded value.</summary>
    private static (OnnxNode Node, int Opset, HostTensor?[] Inputs, float Fill) PadOfPositions(NodeContext node, HostTensor positions)
    {
        var arguments = PadArguments.Read(node.Arguments);
        var ranges = arguments.Ranges(node.Location, positions.Shape);
        long[] pads = [.. ranges.Select(range => (long)range.Before), .. ranges.Select(range => (long)range.After)];
        var fill = 0f;
        if (arguments.Value is { } value)
        {
            fill = value.Type == ElementType.Float32 ? value.Values<float>()[0]
                : value.TryGetIntegers(out var integers) ? integers[0] : throw node.Refuse("constant_value", $"{value}", "float32 or an integer");
        }

        if (!float.IsFinite(fill))
        {
            throw node.Refuse("constant_value", $"{fill}", "a finite number");
        }

        var padded = node.Node with
        {
            Inputs = ["data", "pads", "value"],
            Attributes = ImmutableDictionary<string, object>.Empty.Add("mode", node.Attributes.Text("mode", "constant")),
        };
        return (padded, 19, [positions, HostTensor.Integers([pads.Length], pads), HostTensor.Scalar(-1)], fill);
    }

    private static Operand FromPositions(NodeContext node, ImmutableArray<Value> sources, HostTensor map, float fill, ElementType type)
    {
        if (map.Count == 0)
        {
            return Operand.Of(new HostTensor(type, map.Shape, ReadOnlyMemory<byte>.Empty));
        }

        var positions = map.Values<long>();
        var shape = node.Emit.ShapeOf(node.Location, map.Shape);
        var (source, first) = SourceOf(sources, positions[0]);
        if (source is not null && Strides(positions, map.Shape) is { } strides && Fits(positions, first, source.Shape.ElementCount))
        {
            return Operand.Of(node.Emit.View(source, shape, strides, (int)(positions[0] - first)), type);
        }

        var picks = new int[positions.Length];
        for (var i = 0; i < picks.Length; i++)
        {
            picks[i] = checked((int)positions[i]);
        }

        return Operand.Of(node.Emit.Pick(sources, shape, picks, fill), type);
    }

    private static (Value? Source, long First) SourceOf(ImmutableArray<Value> sources, long position)
    {
        var first = 0L;
        foreach (var source in sources)
        {
            if (position >= first && position < first + source.Shape.ElementCount)
            {
                return (source, first);
            }

            first += source.Shape.ElementCount;
        }

        return (null, 0);
    }

    private static bool Fits(ReadOnlySpan<long> positions, long first, long count)
    {
        foreach (var position in positions)
        {
            if (position < first || position >= first + count)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The strides that give these positions, or null where none do.</summary>
    private static int[]? Strides(ReadOnlySpan<long> positions, ImmutableArray<int> shape)
    {
        var strides = new int[shape.Length];
        var unit = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            var stride = shape[axis] == 1 ? 0 : positions[(int)unit] - positions[0];
            if (stride != (int)stride)
            {
                return null;
            }

            strides[axis] = (int)stride;
            unit *= shape[axis];
        }

        var index = new int[shape.Length];
        var expected = positions[0];
        foreach (var position in positions)
        {
            if (position != expected)
            {
                return null;
            }

            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                expected += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                expected -= (long)strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return strides;
    }
}
