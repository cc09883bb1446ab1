using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>What the recurrent operators say in their attributes and inputs, checked, with the time axis first.</summary>
internal sealed record RecurrentLayer(
    SequenceCell Cell, int Steps, int Streams, int Inputs, int Hidden, int Directions, bool FirstIsReverse, bool BatchFirst,
    Value Input, Value? Lengths, Value? InitialHidden, Value? InitialCell, HostTensor? W, HostTensor? R, HostTensor? B, HostTensor? P,
    ImmutableArray<ImmutableArray<CellActivation>> Activations, float Clip, bool InputForget, bool ResetAfter)
{
    /// <summary>Whether every weight is known while the model is loaded.</summary>
    public bool HasConstantWeights { get; private init; }

    /// <summary>W in int8, where it was stored so.</summary>
    public QuantizedRows? Int8W { get; init; }

    /// <summary>R in int8; there where <see cref="Int8W"/> is.</summary>
    public QuantizedRows? Int8R { get; init; }

    /// <summary>For each of our gates its place among ONNX's.</summary>
    public int[] GateOrder => Cell switch
    {
        SequenceCell.Lstm => [0, 2, 3, 1],
        SequenceCell.Gru => [1, 0, 2],
        _ => [0],
    };

    public bool IsReverse(int direction) => direction == 1 || FirstIsReverse;

    public static RecurrentLayer Read(NodeContext node, SequenceCell cell)
    {
        var attributes = node.Attributes;
        var emit = node.Emit;
        var direction = attributes.Text("direction", "forward");
        var directions = direction switch
        {
            "forward" or "reverse" => 1,
            "bidirectional" => 2,
            _ => throw attributes.Error("direction", direction, "forward, reverse or bidirectional"),
        };
        var batchFirst = node.Opset >= 14 && Flag(node, "layout");
        var input = node.Float(0, "X");
        if (input.Shape.Rank != 3)
        {
            throw node.Refuse("X", $"{node.Operand(0, "X")}", "three extents");
        }

        input = batchFirst ? emit.Transpose(input, 1, 0, 2) : input;
        var (steps, streams, inputs) = (input.Shape[0], input.Shape[1], input.Shape[2]);
        var gates = SequenceNode.GatesOf(cell);
        var r = node.Operand(2, "R").Shape;
        var hidden = r.Length == 3 ? r[2] : 0;
        var declared = attributes.Integer("hidden_size", hidden);
        if (hidden < 1 || declared != hidden)
        {
            throw node.Refuse("R", $"{node.Operand(2, "R")} with hidden_size {declared}", "[directions, gates * hidden_size, hidden_size]");
        }

        Expect(node, 1, "W", directions, (long)gates * hidden, inputs);
        Expect(node, 2, "R", directions, (long)gates * hidden, hidden);
        Expect(node, 3, "B", directions, 2L * gates * hidden);
        var isLstm = cell == SequenceCell.Lstm;
        var states = new Value?[2];
        for (var i = 0; i < (isLstm ? 2 : 1); i++)
        {
            var name = i == 0 ? "initial_h" : "initial_c";
            if (node.Has(5 + i))
            {
                var state = node.Float(5 + i, name);
                var expected = batchFirst ? new TensorShape(streams, directions, hidden) : new TensorShape(directions, streams, hidden);
                states[i] = state.Shape != expected ? throw node.Refuse(name, $"{state.Shape}", $"{expected}") : batchFirst ? emit.Transpose(state, 1, 0, 2) : state;
            }
        }

        if (isLstm)
        {
            Expect(node, 7, "P", directions, 3L * hidden);
        }

        var last = isLstm ? 8 : 6;
        if (node.InputCount > last)
        {
            throw node.Refuse($"{node.InputCount} inputs", $"at most {last}");
        }

        var clip = attributes.Float("clip", 0);
        if (attributes.Has("clip") && !(clip > 0 && float.IsFinite(clip)))
        {
            throw attributes.Error("clip", $"{clip}", "a finite number above 0");
        }

        var weights = Enumerable.Range(1, 3).Append(7).Where(i => node.Has(i) && (i != 7 || isLstm)).ToArray();
        return new RecurrentLayer(
            cell, steps, streams, inputs, hidden, directions, direction == "reverse", batchFirst, input, LengthsOf(node, steps, streams), states[0], states[1],
            Known(1), Known(2), Known(3), isLstm ? Known(7) : null, RecurrentActivations.Read(node, cell, directions), clip,
            isLstm && Flag(node, "input_forget"), cell == SequenceCell.Gru && Flag(node, "linear_before_reset"))
        {
            HasConstantWeights = weights.All(i => node.Operand(i, "weights").IsConstant),
        };

        HostTensor? Known(int index) => node.Has(index) ? node.Operand(index, "weights").Constant : null;
    }

    private static bool Flag(NodeContext node, string name) => node.Attributes.Integer(name, 0) switch
    {
        0 => false,
        1 => true,
        var other => throw node.Attributes.Error(name, $"{other}", "0 or 1"),
    };

    private static void Expect(NodeContext node, int index, string name, params ReadOnlySpan<long> shape)
    {
        // W and R are there in every form.
        if (index > 2 && !node.Has(index))
        {
            return;
        }

        var operand = node.Operand(index, name);
        var matches = operand.Type == ElementType.Float32 && operand.Shape.Length == shape.Length;
        for (var i = 0; matches && i < shape.Length; i++)
        {
            matches = operand.Shape[i] == shape[i];
        }

        if (!matches)
        {
            throw node.Refuse(name, $"{operand}", $"float32 [{string.Join(", ", shape.ToArray())}]");
        }
    }

    private static Value? LengthsOf(NodeContext node, int steps, int streams)
    {
        if (!node.Has(4))
        {
            return null;
        }

        var operand = node.Operand(4, "sequence_lens");
        if (operand.Type is not (ElementType.Int32 or ElementType.Int64) || operand.Shape is not [var count] || count != streams)
        {
            throw node.Refuse("sequence_lens", $"{operand}", $"int32 [{streams}]");
        }

        if (operand.IsConstant && operand.Constant.TryGetIntegers(out var lengths))
        {
            if (lengths.Any(length => length < 0 || length > steps))
            {
                throw node.Refuse("sequence_lens", $"[{string.Join(", ", lengths)}]", $"0 to {steps}");
            }

            if (lengths.All(length => length == steps))
            {
                return null;
            }
        }

        return node.ValueOf(operand, "sequence_lens");
    }
}
