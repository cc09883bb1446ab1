using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <content>The switch over all nodes; cells, layers and delays.</content>
internal sealed unsafe partial class PlanBuilder
{
    private void Lower(Node node)
    {
        switch (node)
        {
            case LstmNode lstm: Lower(lstm); break;
            case GruNode gru: Lower(gru); break;
            case RnnNode rnn: Lower(rnn); break;
            case LinearNode linear: Lower(linear); break;
            case EmbeddingNode embedding: Lower(embedding); break;
            case CausalConv1dNode convolution: Lower(convolution); break;
            case DelayNode delay: Lower(delay); break;
            case ConstantNode constant: Lower(constant); break;
            case UnaryNode unary: Lower(unary); break;
            case BinaryNode binary: Lower(binary); break;
            case SelectNode select: Lower(select); break;
            case FusedNode fused: LowerElementwise(fused, fused.Operands, fused.Output, fused.Operations); break;
            case ViewNode view: Lower(view); break;
            case ConcatNode concat: Lower(concat); break;
            case PickNode pick: Lower(pick); break;
            case GatherNode gather: Lower(gather); break;
            case MatMulNode product: Lower(product); break;
            case ReduceNode reduce: Lower(reduce); break;
            case LayerNormNode norm: Lower(norm); break;
            case CastNode cast: Lower(cast); break;
            case SoftmaxNode softmax:
                _steps.Add(new SoftmaxStep(
                    softmax.Name, softmax.Operator, _variant, softmax.Input.Shape[-1], softmax.Logarithm, FramesOf(softmax.Input), FramesOf(softmax.Output)));
                break;
            case SequenceNode sequence: Lower(sequence); break;
            case ConvNode convolution: Lower(convolution); break;
            default:
                throw new NotSupportedException($"Node '{node.Name}': no plan step exists for the operator '{node.Operator}'.");
        }
    }

    private void Lower(LstmNode node)
    {
        var lanes = Packer.GateLanes(node.HiddenSize, 0, 1, 2, 3);
        var weights = new CellWeights(
            lanes.Length / 32, _packer.Matrix(node.InputWeights, lanes), _packer.Matrix(node.RecurrentWeights, lanes), default,
            _packer.Vector(node.Bias, lanes), null);
        var (hidden, hiddenInput) = StateOf(node.Hidden, $"{node.Name}.h", node.HiddenSize);
        var (cell, cellInput) = StateOf(node.Cell, $"{node.Name}.c", node.HiddenSize);
        var cellIsRead = _uses.ContainsKey(node.NewCell) || _feedback.Contains(node.NewCell);
        var buffers = new RecurrentBuffers(
            FramesOf(node.Input), NewBuffer($"{node.Name}.gates", BufferKind.Frames, lanes.Length), hidden, cell, FramesOf(node.NewHidden),
            hiddenInput, cellInput, cellIsRead ? FramesOf(node.NewCell) : null);
        AddCell(node, CellKind.Lstm, UnaryFunction.Identity, weights, buffers);
    }

    private void Lower(GruNode node)
    {
        int[] gates = Packer.GateLanes(node.HiddenSize, 0, 1);
        int[] candidate = Packer.GateLanes(node.HiddenSize, 2);
        int[] all = [.. gates, .. candidate];
        var bias = _packer.GruBias(node.InputBias, node.RecurrentBias, gates, candidate, node.ResetAfter);
        var weights = new CellWeights(
            candidate.Length / 8, _packer.Matrix(node.InputWeights, all), _packer.Matrix(node.RecurrentWeights, gates),
            _packer.Matrix(node.RecurrentWeights, candidate), bias, _packer.Vector(node.RecurrentBias, candidate));
        var (hidden, hiddenInput) = StateOf(node.Hidden, $"{node.Name}.h", node.HiddenSize);
        var buffers = new RecurrentBuffers(
            FramesOf(node.Input), NewBuffer($"{node.Name}.gates", BufferKind.Frames, all.Length), hidden,
            NewBuffer($"{node.Name}.candidate", BufferKind.Frames, node.HiddenSize), FramesOf(node.NewHidden), hiddenInput, null, null);
        AddCell(node, node.ResetAfter ? CellKind.GruResetAfter : CellKind.GruResetBefore, UnaryFunction.Identity, weights, buffers);
    }

    private void Lower(RnnNode node)
    {
        var lanes = Packer.PlainLanes(node.HiddenSize);
        var weights = new CellWeights(
            lanes.Length / 8, _packer.Matrix(node.InputWeights, lanes), _packer.Matrix(node.RecurrentWeights, lanes), default,
            _packer.Vector(node.Bias, lanes), null);
        var (hidden, hiddenInput) = StateOf(node.Hidden, $"{node.Name}.h", node.HiddenSize);
        var buffers = new RecurrentBuffers(
            FramesOf(node.Input), NewBuffer($"{node.Name}.gates", BufferKind.Frames, lanes.Length), hidden, null, FramesOf(node.NewHidden),
            hiddenInput, null, null);
        AddCell(node, CellKind.Rnn, Function(node.Activation), weights, buffers);
    }

    private void AddCell(Node node, CellKind kind, UnaryFunction activation, CellWeights weights, RecurrentBuffers buffers)
    {
        var scratch = ScratchFor(node.Name, 1, weights.Input, weights.Recurrent, weights.Candidate);
        _steps.Add(new RecurrentStep(node.Name, node.Operator, kind, activation, _variant, weights, buffers, scratch, Split(node, kind, activation, weights, 1)));
    }

    /// <summary>The cell for several threads, with scratch for products of this many vectors of each frame.</summary>
    private SplitCell? Split(Node node, CellKind kind, UnaryFunction activation, CellWeights weights, int vectorsPerFrame) =>
        _splitRule.Threads == 1 ? null : SplitCell.Create(
            kind, activation, _variant, weights, _splitRule,
            part => ScratchFor($"{node.Name}.{part}", vectorsPerFrame, weights.Input, weights.Recurrent, weights.Candidate));

    private void Lower(LinearNode node)
    {
        var lanes = Packer.PlainLanes(node.Weights.Rows);
        var matrix = _packer.Matrix(node.Weights, lanes);
        var rows = node.Input.Shape.ElementCount / node.Weights.Columns;
        var padded = rows > 1 && lanes.Length != node.Weights.Rows
            ? NewBuffer($"{node.Name}.lanes", BufferKind.Scratch, checked(rows * lanes.Length))
            : null;
        var bias = (nint)_packer.Vector(node.Bias, lanes);
        var split = _splitRule.Threads == 1 || rows > 1
            ? null
            : SplitProduct.Create(_variant, matrix, bias, _splitRule, part => ScratchFor($"{node.Name}.{part}", 1, matrix));
        _steps.Add(new LinearStep(
            node.Name, _variant, matrix, bias, node.Weights.Rows, rows, FramesOf(node.Input), FramesOf(node.Output), padded,
            ScratchFor(node.Name, rows, matrix), split));
    }

    private void Lower(EmbeddingNode node) =>
        _steps.Add(new EmbeddingStep(
            node.Name, node.Table.Values.Type, (nint)_packer.Copy(node.Table.Values), node.Table.Scales is { } scales ? (nint)_packer.Copy(scales) : 0,
            node.Table.Rows, node.Table.Columns, FramesOf(node.Indices), FramesOf(node.Output)));

    private void Lower(CausalConv1dNode node)
    {
        var lanes = Packer.PlainLanes(node.Weights.Rows);
        var matrix = _packer.Matrix(node.Weights, lanes);
        var (ring, historyInput, historyOutput) = node.History is null
            ? (null, null, null)
            : RingFor(node.Name, node.History, node.NewHistory!, node.Input.Shape.ElementCount);
        _steps.Add(new ConvolutionStep(
            node.Name, _variant, matrix, (nint)_packer.Vector(node.Bias, lanes), node.KernelSize, node.Dilation, FramesOf(node.Input),
            FramesOf(node.Output), NewBuffer($"{node.Name}.columns", BufferKind.Frames, node.Weights.Columns), ring, historyInput, historyOutput,
            ScratchFor(node.Name, 1, matrix)));
    }

    private void Lower(DelayNode node)
    {
        var (ring, historyInput, historyOutput) = RingFor(node.Name, node.History, node.NewHistory, node.Input.Shape.ElementCount);
        _steps.Add(new DelayStep(node.Name, _variant, FramesOf(node.Input), FramesOf(node.Output), ring, historyInput, historyOutput));
    }

    private void Lower(ConstantNode node)
    {
        _frames.Add(node.Output, NewConstant(node.Name, node.Data.Data.Span, node.Data.Shape.ElementCount));
        _constants.Add(node.Output, node.Data);
    }

    private (RingBuffer Ring, BufferInfo? HistoryInput, BufferInfo? HistoryOutput) RingFor(string name, Value history, Value newHistory, int width)
    {
        var data = NewBuffer($"{name}.taps", BufferKind.State, history.Shape.ElementCount);
        var ring = new RingBuffer(data, NewBuffer($"{name}.position", BufferKind.Counter, 1), history.Shape[0], width);
        if (!_localStates.TryGetValue(history, out var state))
        {
            return (ring, FramesOf(history), FramesOf(newHistory));
        }

        _states.Add(NewSlot(state, data, ring));
        return (ring, null, _uses.ContainsKey(newHistory) ? FramesOf(newHistory) : null);
    }
}
