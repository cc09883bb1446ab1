using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// <c>com.microsoft.DynamicQuantizeLSTM</c>, version 1: an LSTM with quantised weights. Where the core's int8 form holds them, activations are
/// quantised too, those of each step and stream by themselves; ONNX Runtime quantises the whole sequence and batch with one scale.
/// Other weights become the float32 numbers that they stand for.
/// </summary>
internal static class DynamicQuantizeLstm
{
    private const int LstmInputs = 8;

    public static ImmutableArray<Operand?> Layer(NodeContext node)
    {
        var arguments = node.Arguments;
        arguments.Expect(LstmInputs + 4, LstmInputs + 4, 3);
        var inputWeights = QuantizedMatrix.Read(arguments, 1, "W", LstmInputs);
        var recurrentWeights = QuantizedMatrix.Read(arguments, 2, "R", LstmInputs + 2);
        node.Emit.Spend(inputWeights.Count + recurrentWeights.Count);
        var operands = node.Operands[..LstmInputs]
            .SetItem(1, Operand.Of(inputWeights.Dequantized()))
            .SetItem(2, Operand.Of(recurrentWeights.Dequantized()));
        var lstm = node.With(operands);
        var layer = RecurrentLayer.Read(lstm, SequenceCell.Lstm);
        return RecurrentOperators.Layer(lstm, inputWeights.FitsInt8 && recurrentWeights.FitsInt8
            ? layer with { Int8W = inputWeights.Rows(), Int8R = recurrentWeights.Rows() }
            : layer);
    }
}
