using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// LSTM, GRU and RNN: one core node a direction. ONNX orders gates i, o, f, c and z, r, h; the core i, f, g, o and r, z, n.
/// </summary>
internal static class RecurrentOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("LSTM", node => Layer(node, RecurrentLayer.Read(node, SequenceCell.Lstm)));
        handlers.Add("GRU", node => Layer(node, RecurrentLayer.Read(node, SequenceCell.Gru)));
        handlers.Add("RNN", node => Layer(node, RecurrentLayer.Read(node, SequenceCell.Rnn)));
    }

    public static ImmutableArray<Operand?> Layer(NodeContext node, RecurrentLayer layer)
    {
        var (emit, cell) = (node.Emit, layer.Cell);
        var outputs = new List<(Value Y, Value Hidden, Value? Cell)>();
        for (var direction = 0; direction < layer.Directions; direction++)
        {
            var initialHidden = Initial(layer.InitialHidden, direction);
            var initialCell = cell == SequenceCell.Lstm ? Initial(layer.InitialCell, direction) : null;
            outputs.Add(layer.HasConstantWeights
                ? Constant(node, layer, direction, initialHidden, initialCell)
                : RecurrenceUnroller.Unroll(node, layer, direction, initialHidden, initialCell));
        }

        // Y is [T, directions, N, H] in layout 0 and [N, T, directions, H] in layout 1.
        var y = emit.Concat([.. outputs.Select(output => emit.Reshape(output.Y, layer.Steps, 1, layer.Streams, layer.Hidden))], 1);
        var final = emit.Concat([.. outputs.Select(output => emit.Reshape(output.Hidden, 1, layer.Streams, layer.Hidden))], 0);
        var finalCell = cell == SequenceCell.Lstm
            ? emit.Concat([.. outputs.Select(output => emit.Reshape(output.Cell!, 1, layer.Streams, layer.Hidden))], 0)
            : null;
        if (layer.BatchFirst)
        {
            y = emit.Transpose(y, 2, 0, 1, 3);
            final = emit.Transpose(final, 1, 0, 2);
            finalCell = finalCell is null ? null : emit.Transpose(finalCell, 1, 0, 2);
        }

        return [Float(y), Float(final), finalCell is null ? null : Float(finalCell)];

        Value Initial(Value? states, int direction) => states is null
            ? emit.ValueOf(emit.NewConstant(new float[layer.Streams * layer.Hidden], layer.Streams, layer.Hidden))
            : emit.Reshape(emit.Slice(states, 0, direction, 1), layer.Streams, layer.Hidden);
    }

    private static Operand Float(Value value) => Operand.Of(value, ElementType.Float32);

    private static (Value Y, Value Hidden, Value? Cell) Constant(NodeContext node, RecurrentLayer layer, int direction, Value hidden, Value? cell)
    {
        var emit = node.Emit;
        var (gates, h) = (layer.GateOrder, layer.Hidden);
        var inputWeights = Matrix(layer.W!, layer.Int8W, layer.Inputs);
        var recurrentWeights = Matrix(layer.R!, layer.Int8R, h);
        Constant? inputBias = null, recurrentBias = null, peepholes = null;
        if (layer.B is { } bias)
        {
            // The bias holds Wb, then Rb, of each direction.
            var first = Rows(bias, direction * 2, gates, h, 1);
            var second = Rows(bias, (direction * 2) + 1, gates, h, 1);
            if (layer.Cell == SequenceCell.Gru)
            {
                recurrentBias = emit.NewConstant(second, second.Length);
            }
            else
            {
                first = [.. first.Zip(second, (w, r) => w + r)];
            }

            inputBias = emit.NewConstant(first, first.Length);
        }

        if (layer.P is { } p)
        {
            // ONNX: i, o, f.
            peepholes = emit.NewConstant(Rows(p, direction, [0, 2, 1], h, 1), 3 * h);
        }

        var y = emit.NewValue(TensorType.Float32, new TensorShape(layer.Steps, layer.Streams, h));
        var newHidden = emit.NewValue($"{emit.Scope}.h", TensorType.Float32, hidden.Shape);
        var newCell = cell is null ? null : emit.NewValue($"{emit.Scope}.c", TensorType.Float32, cell.Shape);
        emit.Add(new SequenceNode(
            emit.NewNodeName(), layer.Cell, layer.Input, layer.Lengths, hidden, cell, y, newHidden, newCell,
            inputWeights, recurrentWeights, inputBias, recurrentBias, peepholes, null,
            layer.Activations[direction], layer.Clip, layer.IsReverse(direction), layer.InputForget, layer.ResetAfter));
        return (y, newHidden, newCell);

        RnnRuntime.Graph.Weights Matrix(HostTensor floats, QuantizedRows? int8, int columns)
        {
            var rows = gates.Length * h;
            return int8 is null
                ? new RnnRuntime.Graph.Weights(emit.NewConstant(Rows(floats, direction, gates, h, columns), rows, columns), null)
                : new RnnRuntime.Graph.Weights(
                    emit.NewInt8Constant(Rows<sbyte>(int8.Values, direction, gates, h, columns), rows, columns),
                    emit.NewConstant(Rows(int8.Scales, direction, gates, h, 1), rows));
        }
    }

    private static float[] Rows(HostTensor tensor, int direction, ReadOnlySpan<int> gates, int hidden, int columns) =>
        Rows<float>(tensor, direction, gates, hidden, columns);

    /// <summary>The rows of one direction in the order of gates given: [directions, gates * hidden, columns].</summary>
    private static T[] Rows<T>(HostTensor tensor, int direction, ReadOnlySpan<int> gates, int hidden, int columns)
        where T : unmanaged
    {
        var source = tensor.Values<T>();
        var block = hidden * columns;
        var result = new T[gates.Length * block];
        for (var i = 0; i < gates.Length; i++)
        {
            source.Slice(((direction * gates.Length) + gates[i]) * block, block).CopyTo(result.AsSpan(i * block));
        }

        return result;
    }
}
