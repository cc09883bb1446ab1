using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <content>Recurrent layers over a whole sequence.</content>
internal sealed unsafe partial class PlanBuilder
{
    private void Lower(SequenceNode node)
    {
        var size = new SequenceSize(
            node.Input.Shape[0], node.Input.Shape[1], node.Input.Shape[2], node.HiddenSize, node.Projection?.Rows ?? node.HiddenSize);
        var buffers = new SequenceBuffers(
            FramesOf(node.Input), node.Lengths is null ? null : FramesOf(node.Lengths), FramesOf(node.Hidden),
            node.CellState is null ? null : FramesOf(node.CellState), FramesOf(node.Output), FramesOf(node.NewHidden),
            node.NewCell is null ? null : FramesOf(node.NewCell));
        _steps.Add(IsPlainCell(node) ? PackedStep(node, size, buffers) : GeneralStep(node, size, buffers));
    }

    /// <summary>Whether the packed cells compute exactly this.</summary>
    private static bool IsPlainCell(SequenceNode node)
    {
        var functions = node.Activations.Select(activation => activation.Function);
        var hasPlainActivations = node.Cell == SequenceCell.Rnn
            ? node.Activations[0].Function is UnaryOperator.Tanh or UnaryOperator.Relu or UnaryOperator.Identity
            : functions.SequenceEqual(SequenceNode.DefaultActivations(node.Cell).Select(activation => activation.Function));
        return hasPlainActivations && node is { Lengths: null, Peepholes: null, Projection: null, Clip: 0, InputForget: false };
    }

    private SequenceStep PackedStep(SequenceNode node, SequenceSize size, SequenceBuffers buffers)
    {
        var weights = SequenceWeights(node, gates => Packer.GateLanes(size.Units, gates));
        var (kind, activation) = node.Cell switch
        {
            SequenceCell.Lstm => (CellKind.Lstm, UnaryFunction.Identity),
            SequenceCell.Gru => (node.ResetAfter ? CellKind.GruResetAfter : CellKind.GruResetBefore, UnaryFunction.Identity),
            _ => (CellKind.Rnn, Function(node.Activations[0].Function)),
        };

        // One row a frame: frames are padded to whole groups of 8, and independent of each other. A view may end where other data begins.
        var isOneRow = size.Rows == 1 && new[] { buffers.Y, buffers.NewHidden, buffers.NewCell }.All(buffer => buffer?.Parent is null);
        var padded = isOneRow || size.Units % 8 == 0
            ? null
            : new SequenceRows(
                NewBuffer($"{node.Name}.hidden", BufferKind.Scratch, checked(size.Streams * size.PaddedUnits)),
                node.Cell == SequenceCell.Lstm ? NewBuffer($"{node.Name}.cell", BufferKind.Scratch, checked(size.Streams * size.PaddedUnits)) : null,
                NewBuffer($"{node.Name}.rows", BufferKind.Scratch, checked(size.Rows * size.PaddedUnits)));
        var lanes = weights.Input.Lanes;
        var work = new SequenceWork(
            isOneRow
                ? NewBuffer($"{node.Name}.gates", BufferKind.Frames, lanes)
                : NewBuffer($"{node.Name}.gates", BufferKind.Scratch, checked(size.Rows * BufferInfo.PaddedStride(lanes))),
            node.Cell != SequenceCell.Gru ? null
                : isOneRow ? NewBuffer($"{node.Name}.candidate", BufferKind.Frames, size.Units)
                : NewBuffer($"{node.Name}.candidate", BufferKind.Scratch, checked(size.Streams * size.PaddedUnits)),
            padded, isOneRow);
        return new SequenceStep(
            node.Name, node.Operator, kind, activation, _variant, weights, size, node.Reverse && size.TimeSteps > 1, buffers, work,
            ScratchFor(node.Name, size.Rows, weights.Input, weights.Recurrent, weights.Candidate), Split(node, kind, activation, weights, size.Rows));
    }

    private GeneralSequenceStep GeneralStep(SequenceNode node, SequenceSize size, SequenceBuffers buffers)
    {
        var weights = SequenceWeights(
            node, gates => [.. gates.SelectMany(gate => Packer.PlainLanes(size.Units).Select(row => row < 0 ? row : (gate * size.Units) + row))]);
        var projection = default(PackedMatrix);
        var zeros = (nint)0;
        if (node.Projection is not null)
        {
            var lanes = Packer.PlainLanes(size.Outputs);
            projection = _packer.Matrix(node.Projection, lanes);
            zeros = (nint)_packer.Vector(null, lanes);
        }

        var cell = new GeneralCell(
            node.Cell, weights, projection, zeros, node.Peepholes is null ? 0 : (nint)_packer.Copy(node.Peepholes),
            [.. node.Activations.Select(activation => new GeneralActivation(Function(activation.Function), activation.Alpha, activation.Beta))],
            node.Clip, node.InputForget, node.ResetAfter);
        var width = Math.Max(size.PaddedUnits, projection.Lanes);
        return new GeneralSequenceStep(
            node.Name, node.Operator, _variant, cell, size, node.Reverse, buffers,
            NewBuffer($"{node.Name}.gates", BufferKind.Scratch, checked(size.Rows * BufferInfo.PaddedStride(weights.Input.Lanes))),
            NewBuffer($"{node.Name}.rows", BufferKind.Scratch, checked(GeneralSequenceStep.WorkRows * width)), width,
            ScratchFor(node.Name, size.Rows, weights.Input, weights.Recurrent, weights.Candidate, projection));
    }

    private CellWeights SequenceWeights(SequenceNode node, Func<int[], int[]> lanesOf)
    {
        var recurrent = lanesOf(node.Cell switch
        {
            SequenceCell.Lstm => [0, 1, 2, 3],
            SequenceCell.Gru => [0, 1],
            _ => [0],
        });
        int[] candidate = node.Cell == SequenceCell.Gru ? lanesOf([2]) : [];
        int[] all = [.. recurrent, .. candidate];
        var isGru = candidate.Length > 0;
        var bias = isGru ? _packer.GruBias(node.InputBias, node.RecurrentBias, recurrent, candidate, node.ResetAfter) : _packer.Vector(node.InputBias, all);
        return new CellWeights(
            (node.HiddenSize + 7) / 8, _packer.Matrix(node.InputWeights, all), _packer.Matrix(node.RecurrentWeights, recurrent),
            isGru ? _packer.Matrix(node.RecurrentWeights, candidate) : default, bias,
            isGru ? _packer.Vector(node.RecurrentBias, candidate) : null);
    }
}
