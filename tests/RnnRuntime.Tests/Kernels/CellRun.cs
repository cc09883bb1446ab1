using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// A cell with its states and outputs between guard pages. States and outputs of B streams are [B][units] and [T * B][units]; the padding of
/// every buffer, and what lies between vectors, starts as NaN.
/// </summary>
internal sealed unsafe class CellRun
{
    private readonly CellModel _model;
    private readonly KernelVariant _variant;
    private readonly GuardedMemory _memory;
    private readonly CellWeights _weights;
    private readonly ProductScratch _scratch;
    private readonly int _timeSteps;
    private readonly int _streams;
    private readonly nint _xStride;
    private readonly nint _stride;
    private readonly nint _gateStride;
    private readonly float* _x;
    private readonly float* _gates;
    private readonly float* _hidden;
    private readonly float* _cell;
    private readonly float* _y;

    /// <summary>The run owns the memory's buffers until the next one is made.</summary>
    public CellRun(CellModel model, KernelVariant variant, GuardedMemory memory, int timeSteps, int streams)
    {
        (_model, _variant, _memory, _timeSteps, _streams) = (model, variant, memory, timeSteps, streams);
        _weights = Pack();
        var lanes = _weights.Input.Lanes;
        _xStride = BufferInfo.PaddedStride(model.Inputs);
        _stride = BufferInfo.PaddedStride(_weights.Groups * 8);
        _gateStride = BufferInfo.PaddedStride(lanes);
        _x = Frames("x", _xStride, model.Inputs, timeSteps * streams);
        _gates = Frames("gates", _gateStride, lanes, timeSteps * streams);
        _hidden = Frames("hidden", _stride, _weights.Groups * 8, streams);
        _cell = Frames("cell", _stride, _weights.Groups * 8, streams);
        _y = Frames("y", _stride, _weights.Groups * 8, timeSteps * streams);
        _scratch = model.Precision == Precision.Int8
            ? memory.Scratch(timeSteps * streams, model.Gates == 3 ? [_weights.Input, _weights.Recurrent, _weights.Candidate] : [_weights.Input, _weights.Recurrent])
            : default;
        Reset();
    }

    public float[] Hidden => Read(_hidden, _stride, _streams);

    /// <summary>LSTM: the cell state. GRU: scratch.</summary>
    public float[] Cell => Read(_cell, _stride, _streams);

    /// <summary>States of zero, padding too, as a session starts.</summary>
    public void Reset()
    {
        for (var stream = 0; stream < _streams; stream++)
        {
            new Span<float>(_hidden + (stream * _stride), _weights.Groups * 8).Clear();
            new Span<float>(_cell + (stream * _stride), _weights.Groups * 8).Clear();
        }
    }

    public void SetStates(ReadOnlySpan<float> hidden, ReadOnlySpan<float> cell)
    {
        Write(hidden, _hidden, _stride, _streams, _model.Units);
        Write(cell, _cell, _stride, _streams, _model.Units);
    }

    /// <summary>Runs over inputs [T * B][inputs], T at most what the run was made for; gives the outputs.</summary>
    public float[] Step(ReadOnlySpan<float> x)
    {
        var vectors = x.Length / _model.Inputs;
        Write(x, _x, _xStride, vectors, _model.Inputs);
        var arguments = new CellArguments
        {
            X = _x,
            XStride = _xStride,
            Gates = _gates,
            GatesStride = _gateStride,
            Hidden = _hidden,
            Cell = _cell,
            StateStride = _stride,
            Y = _y,
            YStride = _stride,
            TimeSteps = vectors / _streams,
            Streams = _streams,
            Scratch = _scratch,
        };
        switch (_model.Cell)
        {
            case CellUnderTest.Lstm: _variant.Lstm(_weights, arguments); break;
            case CellUnderTest.GruResetAfter: _variant.GruResetAfter(_weights, arguments); break;
            case CellUnderTest.GruResetBefore: _variant.GruResetBefore(_weights, arguments); break;
            case CellUnderTest.RnnTanh: _variant.Rnn(_weights, UnaryFunction.Tanh, arguments); break;
            case CellUnderTest.RnnRelu: _variant.Rnn(_weights, UnaryFunction.Relu, arguments); break;
            default: _variant.Rnn(_weights, UnaryFunction.Identity, arguments); break;
        }

        return Read(_y, _stride, vectors);
    }

    public void CheckBorders() => _memory.CheckBorders($"{_variant.Name}, {_model}, {_timeSteps} steps, {_streams} streams");

    /// <summary>As the plan lowers the nodes.</summary>
    private CellWeights Pack()
    {
        var units = _model.Units;
        if (_model.Gates != 3)
        {
            var lanes = _model.Gates == 4 ? Packer.GateLanes(units, 0, 1, 2, 3) : Packer.PlainLanes(units);
            return new CellWeights(
                lanes.Length / (8 * _model.Gates), _memory.Pack("W", _model.InputWeights, lanes), _memory.Pack("U", _model.RecurrentWeights, lanes),
                default, Bias("bias", lanes, _model.InputBias, null), null);
        }

        int[] gates = Packer.GateLanes(units, 0, 1);
        int[] candidate = Packer.GateLanes(units, 2);
        int[] all = [.. gates, .. candidate];
        var bias = Bias("bias", all, _model.InputBias, _model.RecurrentBias);
        if (_model.Cell == CellUnderTest.GruResetAfter)
        {
            for (var lane = gates.Length; lane < all.Length; lane++)
            {
                bias[lane] = all[lane] < 0 ? 0 : _model.InputBias[all[lane]];
            }
        }

        return new CellWeights(
            candidate.Length / 8, _memory.Pack("W", _model.InputWeights, all), _memory.Pack("U", _model.RecurrentWeights, gates),
            _memory.Pack("Un", _model.RecurrentWeights, candidate), bias, Bias("bias n", candidate, _model.RecurrentBias, null));
    }

    private float* Bias(string name, int[] lanes, float[] bias, float[]? addend) =>
        _memory.Place(name, [.. lanes.Select(row => row < 0 ? 0 : bias[row] + (addend?[row] ?? 0))]);

    private float* Frames(string name, nint stride, int elements, int vectors) => _memory.Place<float>(name, ((vectors - 1) * stride) + elements);

    private float[] Read(float* source, nint stride, int vectors)
    {
        var result = new float[vectors * _model.Units];
        for (var i = 0; i < vectors; i++)
        {
            new ReadOnlySpan<float>(source + (i * stride), _model.Units).CopyTo(result.AsSpan(i * _model.Units));
        }

        return result;
    }

    private static void Write(ReadOnlySpan<float> values, float* destination, nint stride, int vectors, int length)
    {
        for (var i = 0; i < vectors; i++)
        {
            values.Slice(i * length, length).CopyTo(new Span<float>(destination + (i * stride), length));
        }
    }
}
