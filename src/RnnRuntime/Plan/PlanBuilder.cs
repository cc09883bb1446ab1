using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>Lowers a valid graph to a plan: decides where states live, packs weights, gives each value a buffer.</summary>
internal sealed unsafe partial class PlanBuilder
{
    private const long MostMadeElements = 1 << 28;

    private readonly RnnGraph _graph;
    private readonly KernelVariant _variant;
    private readonly SplitRule _splitRule;
    private readonly Packer _packer;
    private readonly List<BufferInfo> _buffers = [];
    private readonly List<PlanStep> _steps = [];
    private readonly List<StateSlot> _states = [];
    private readonly Dictionary<Value, BufferInfo> _frames = [];
    private readonly Dictionary<Value, StateVariable> _localStates = [];
    private readonly Dictionary<Value, int> _uses = [];
    private readonly Dictionary<Value, Value> _replacedInNode = [];
    private readonly Dictionary<Value, Value> _viewedRoots = [];
    private readonly Dictionary<Value, int> _replacing = [];
    private readonly HashSet<Value> _seenOutside = [];
    private readonly HashSet<Value> _feedback = [];
    private readonly Dictionary<Value, ViewNode> _views = [];
    private readonly Dictionary<Value, Constant> _constants = [];
    private long _madeElements;
    private bool _hasFeedback;

    private PlanBuilder(RnnGraph graph, KernelVariant variant, SparseChoice sparse, SplitRule splitRule)
    {
        _graph = graph;
        _variant = variant;
        _splitRule = splitRule;
        _packer = new Packer(sparse);
    }

    public static ExecutionPlan Build(RnnGraph graph, KernelVariant variant, SparseChoice sparse, SplitRule splitRule)
    {
        var builder = new PlanBuilder(graph, variant, sparse, splitRule);
        try
        {
            return builder.Build();
        }
        catch (OverflowException exception)
        {
            builder._packer.Dispose();
            throw new RnnFormatException("plan", "size", "a buffer of more than 2^31 elements", "buffers that fit", exception);
        }
        catch
        {
            builder._packer.Dispose();
            throw;
        }
    }

    private ExecutionPlan Build()
    {
        CountUses();
        IndexStates();
        var feedback = new List<StateSlot>();
        foreach (var state in _graph.StateVariables)
        {
            if (IsLocal(state))
            {
                _localStates.Add(state.Input, state);
                continue;
            }

            _feedback.Add(state.Output);
            var slot = NewSlot(state, NewBuffer(state.Name, BufferKind.State, state.Input.Shape.ElementCount), null);
            feedback.Add(slot);
            _states.Add(slot);
            if (IsReadInPlace(state))
            {
                _frames.Add(state.Input, slot.Buffer);
            }
            else
            {
                _steps.Add(new LoadStateStep(state.Name, slot.Buffer, FramesOf(state.Input)));
            }
        }

        foreach (var node in _graph.Nodes)
        {
            Lower(node);
        }

        // Copies that a view needs come before the first state is replaced.
        _hasFeedback = feedback.Count > 0;
        var limits = IndexSources.InputLimits(_graph);
        var inputs = _graph.InputValues.Select(value => new Port(value.Name, value, FramesOf(value), limits.GetValueOrDefault(value))).ToImmutableArray();
        var inputRoots = new HashSet<BufferInfo>(inputs.Select(port => port.Buffer.Root), ReferenceEqualityComparer.Instance);
        var outputs = _graph.OutputValues.Select(output => new Port(output.Name, output.Value, OutputOf(output.Value, inputRoots), 0)).ToImmutableArray();
        var next = feedback.Select(slot => FramesOf(slot.Variable.Output)).ToArray();
        for (var i = 0; i < next.Length; i++)
        {
            _steps.Add(new StoreStateStep(feedback[i].Variable.Name, _variant, next[i], feedback[i].Buffer));
        }

        var order = _graph.StateVariables.Select((state, index) => (state, index)).ToDictionary(pair => pair.state, pair => pair.index);
        return new ExecutionPlan(
            _variant, _packer, [.. _steps], [.. _buffers], inputs, outputs, [.. _states.OrderBy(slot => order[slot.Variable])], _hasFeedback);
    }

    private void CountUses()
    {
        var read = _graph.Nodes.SelectMany(node => node.Inputs).Concat(_graph.OutputValues.Select(output => output.Value));
        foreach (var value in read)
        {
            _uses[value] = _uses.GetValueOrDefault(value) + 1;
        }
    }

    /// <summary>What each state is replaced by inside a node, and which values replace states.</summary>
    private void IndexStates()
    {
        foreach (var node in _graph.Nodes)
        {
            switch (node)
            {
                case LstmNode lstm:
                    _replacedInNode[lstm.Hidden] = lstm.NewHidden;
                    _replacedInNode[lstm.Cell] = lstm.NewCell;
                    break;
                case GruNode gru:
                    _replacedInNode[gru.Hidden] = gru.NewHidden;
                    break;
                case RnnNode rnn:
                    _replacedInNode[rnn.Hidden] = rnn.NewHidden;
                    break;
                case CausalConv1dNode { History: { } history } convolution:
                    _replacedInNode[history] = convolution.NewHistory!;
                    break;
                case DelayNode delay:
                    _replacedInNode[delay.History] = delay.NewHistory;
                    break;
                case ViewNode or UnaryNode { Function: UnaryOperator.Identity }:
                    _viewedRoots[node.Outputs[0]] = RootOf(node.Inputs[0]);
                    break;
            }
        }

        foreach (var state in _graph.StateVariables)
        {
            _replacing[state.Output] = _replacing.GetValueOrDefault(state.Output) + 1;
        }

        _seenOutside.UnionWith(_graph.OutputValues.Select(output => RootOf(output.Value)).Concat(_replacing.Keys.Select(RootOf)));
    }

    private Value RootOf(Value value) => _viewedRoots.GetValueOrDefault(value, value);

    /// <summary>
    /// A state is a node's own when the node alone reads it and produces what replaces it. It then stays inside the node, which
    /// can run over many time steps at once.
    /// </summary>
    private bool IsLocal(StateVariable state) =>
        _uses.GetValueOrDefault(state.Input) == 1 && _replacing[state.Output] == 1 && !_replacing.ContainsKey(state.Input) &&
        _replacedInNode.TryGetValue(state.Input, out var next) && next == state.Output;

    /// <summary>
    /// Whether nodes may read the state where it lies: not where it, or a view of it, is an output or replaces a state, for states are
    /// replaced one after another.
    /// </summary>
    private bool IsReadInPlace(StateVariable state) => !_seenOutside.Contains(state.Input);

    /// <summary>An output keeps its value when an input is given anew: it never is an input's memory.</summary>
    private BufferInfo OutputOf(Value value, HashSet<BufferInfo> inputs)
    {
        var buffer = FramesOf(value);
        if (!inputs.Contains(buffer.Root))
        {
            return buffer;
        }

        var copy = NewBuffer($"{value.Name}.output", BufferKind.Frames, buffer.Elements);
        _steps.Add(new BlockCopyStep(value.Name, "copy", [new BlockMove(buffer, 0, 0, 0, 0, 1, buffer.Elements)], 0f, copy));
        return copy;
    }

    private BufferInfo NewBuffer(string name, BufferKind kind, int elements)
    {
        var stride = kind == BufferKind.Constant ? 0 : BufferInfo.PaddedStride(elements);
        var buffer = new BufferInfo(_buffers.Count, name, kind, stride, elements);
        _buffers.Add(buffer);
        return buffer;
    }

    private BufferInfo FramesOf(Value value)
    {
        if (!_frames.TryGetValue(value, out var buffer))
        {
            buffer = _views.TryGetValue(value, out var view) ? Materialize(view) : NewBuffer(value.Name, BufferKind.Frames, value.Shape.ElementCount);
            _frames.Add(value, buffer);
        }

        return buffer;
    }

    private StateSlot NewSlot(StateVariable state, BufferInfo buffer, RingBuffer? ring) =>
        new(state, buffer, ring, state.Initial is null ? 0 : (nint)_packer.Copy(state.Initial));

    /// <summary>A state buffer of a node, and the frames that feed it where it is not the node's own.</summary>
    private (BufferInfo Buffer, BufferInfo? Input) StateOf(Value input, string name, int elements)
    {
        var buffer = NewBuffer(name, BufferKind.State, elements);
        if (!_localStates.TryGetValue(input, out var state))
        {
            return (buffer, FramesOf(input));
        }

        _states.Add(NewSlot(state, buffer, null));
        return (buffer, null);
    }

    /// <summary>
    /// Counts elements that the plan makes by itself, before it makes them: tables of offsets and constants written out. A few bytes of a file can
    /// ask for any number of them.
    /// </summary>
    private void Reserve(long elements)
    {
        _madeElements += elements;
        if (_madeElements > MostMadeElements)
        {
            throw new RnnFormatException(
                "plan", "size", $"operations that take tables of more than {MostMadeElements} elements", "fewer or smaller tensors that are transposed or repeated");
        }
    }

    private StridedLoop LoopOver(TensorShape shape, params ReadOnlySpan<StridedOperand> operands)
    {
        Reserve((long)StridedLoop.CountRows(shape, operands) * operands.Length);
        return StridedLoop.Create(shape, operands);
    }

    /// <summary>Scratch for products with this many vectors of each frame, or of one frame at a time where the kind is not frames.</summary>
    private ScratchBuffers ScratchFor(string name, int vectors, BufferKind kind, params ReadOnlySpan<PackedMatrix> matrices)
    {
        var (columns, sums, sparse, multiplied) = (0, Panels.MaximumWidth * Panels.MaximumTileVectors, 0, 0);
        foreach (ref readonly var matrix in matrices)
        {
            multiplied = matrix.Factors == null ? multiplied : Math.Max(multiplied, matrix.Columns);
            if (matrix.IsSparse)
            {
                sparse = Math.Max(sparse, SparseWork.BytesFor(matrix));
            }
            else if (matrix.IsInt8)
            {
                columns = Math.Max(columns, matrix.Columns);
                sums = Math.Max(sums, matrix.Lanes);
            }
        }

        var words = columns == 0 ? 0 : BufferInfo.PaddedStride((PackedMatrix.QuantizedBytes(columns) + 3) / BufferInfo.ElementSize);
        return new ScratchBuffers(
            columns == 0 ? null : NewBuffer($"{name}.quantized", kind, checked(words * vectors)),
            columns == 0 ? null : NewBuffer($"{name}.scales", kind, vectors),
            columns == 0 ? null : NewBuffer($"{name}.sums", BufferKind.Scratch, sums),
            (nint)words * BufferInfo.ElementSize,
            sparse == 0 ? null : NewBuffer($"{name}.sparse", BufferKind.Scratch, (sparse + 3) / BufferInfo.ElementSize),
            multiplied == 0 ? null : NewBuffer($"{name}.multiplied", BufferKind.Scratch, multiplied));
    }

    private ScratchBuffers ScratchFor(string name, int vectorsPerFrame, params ReadOnlySpan<PackedMatrix> matrices) =>
        ScratchFor(name, vectorsPerFrame, BufferKind.Frames, matrices);
}
