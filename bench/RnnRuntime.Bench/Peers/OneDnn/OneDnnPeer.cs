using static RnnRuntime.Bench.Peers.OneDnn.OneDnnApi;

namespace RnnRuntime.Bench.Peers.OneDnn;

/// <summary>
/// oneDNN on one thread: LSTM in float32 and int8, GRU (linear before reset) in float32. Weights are rearranged once to the layout that the primitive
/// asks for; two sets of arguments take turns, so that states are never copied. Int8 takes frames of unsigned bytes: making them is part of a call.
/// </summary>
internal sealed unsafe class OneDnnPeer : IPeer
{
    /// <summary>Frames and hidden states lie in ±1 and become 1 .. 255.</summary>
    private const float DataScale = 127;
    private const float DataShift = 128;

    /// <summary>Weights in ±63 cannot saturate on processors without VNNI.</summary>
    private const float LargestWeight = 63;

    private const int GateAndUnit = (1 << 3) | (1 << 4);

    private readonly OneDnnContext _context = new();
    private readonly CellProblem _problem;
    private readonly nint _primitive;
    private readonly OneDnnMemory _source;
    private readonly OneDnnMemory _output;
    private readonly Argument* _forward;
    private readonly Argument* _back;
    private readonly int _arguments;
    private bool _turn;

    internal OneDnnPeer(CellProblem problem, WeightType weights)
    {
        _problem = problem;
        Weights = weights;
        Name = NameOf(weights);
        CellShape shape = problem.Shape;
        int data = IsInt8 ? UInt8 : Float32, weightType = IsInt8 ? Int8 : Float32;
        (long t, long b, long f, long h, long g) = (shape.TimeSteps, shape.Streams, shape.Input, shape.Hidden, shape.Gates);
        bool lstm = shape.Cell == Cell.Lstm;
        long biasGates = lstm ? g : g + 1;
        byte* source = _context.Descriptor(data, Tnc, t, b, f);
        byte* state = _context.Descriptor(data, Ldnc, 1, 1, b, h);
        byte* cell = _context.Descriptor(Float32, Ldnc, 1, 1, b, h);
        byte* output = _context.Descriptor(Float32, Tnc, t, b, h);
        byte* bias = _context.Descriptor(Float32, Ldgo, 1, 1, biasGates, h);
        byte* input = _context.Descriptor(weightType, AnyFormat, 1, 1, f, g, h);
        byte* recurrent = _context.Descriptor(weightType, AnyFormat, 1, 1, h, g, h);
        byte* descriptor = _context.Allocate(DescriptorBytes);
        Check(
            lstm
                ? dnnl_lstm_forward_desc_init(descriptor, ForwardInference, LeftToRight, source, state, cell, input, recurrent, bias, output, state, cell, 0)
                : dnnl_lbr_gru_forward_desc_init(descriptor, ForwardInference, LeftToRight, source, state, input, recurrent, bias, output, state, 0),
            $"description of the {shape.Cell}");

        nint attributes = Attributes(), primitive;
        Check(dnnl_primitive_desc_create(&primitive, descriptor, attributes, _context.Engine, 0), nameof(dnnl_primitive_desc_create));
        OneDnnMemory packedInput = Pack(problem.InputWeights, shape.Input, 33, primitive, attributes);
        OneDnnMemory packedRecurrent = Pack(problem.RecurrentWeights, shape.Hidden, 34, primitive, attributes);
        _primitive = _context.Primitive(primitive);
        Check(dnnl_primitive_desc_destroy(primitive), nameof(dnnl_primitive_desc_destroy));
        Check(dnnl_primitive_attr_destroy(attributes), nameof(dnnl_primitive_attr_destroy));

        _source = _context.Memory(source);
        _output = _context.Memory(output);
        OneDnnMemory biases = _context.Memory(bias);
        Bias().CopyTo(new Span<float>(biases.Data, (int)(biasGates * h)));
        OneDnnMemory stateA = State(), stateB = State();
        (OneDnnMemory cellA, OneDnnMemory cellB) = lstm ? (_context.Memory(cell), _context.Memory(cell)) : default;
        Argument[] shared = [new(1, _source.Handle), new(33, packedInput.Handle), new(34, packedRecurrent.Handle), new(41, biases.Handle), new(17, _output.Handle)];
        _forward = Bind(stateA, stateB, cellA, cellB);
        _back = Bind(stateB, stateA, cellB, cellA);
        _arguments = shared.Length + (lstm ? 4 : 2);
        WriteFrames();

        OneDnnMemory State()
        {
            OneDnnMemory memory = _context.Memory(state);
            if (IsInt8)
            {
                new Span<byte>(memory.Data, (int)(b * h)).Fill((byte)DataShift);
            }

            return memory;
        }

        Argument* Bind(OneDnnMemory before, OneDnnMemory after, OneDnnMemory cellBefore, OneDnnMemory cellAfter)
        {
            Argument[] all = [.. shared, new(2, before.Handle), new(18, after.Handle), new(3, cellBefore.Handle), new(19, cellAfter.Handle)];
            Argument* bound = (Argument*)_context.Allocate((nuint)(all.Length * sizeof(Argument)));
            all.CopyTo(new Span<Argument>(bound, all.Length));
            return bound;
        }
    }

    public string Name { get; }

    public bool IsInt8 => Weights == WeightType.Int8;

    public WeightType Weights { get; }

    public ReadOnlySpan<float> Output => new(_output.Data, _problem.Shape.TimeSteps * _problem.Shape.Streams * _problem.Shape.Hidden);

    internal static string NameOf(WeightType weights) => weights == WeightType.Int8 ? "oneDNN int8 q7" : "oneDNN f32";

    public void Step()
    {
        if (IsInt8)
        {
            WriteFrames();
        }

        int status = dnnl_primitive_execute(_primitive, _context.Stream, _arguments, _turn ? _back : _forward) | dnnl_stream_wait(_context.Stream);
        Check(status, nameof(dnnl_primitive_execute));
        _turn = !_turn;
    }

    public void Dispose() => _context.Dispose();

    private OneDnnMemory Pack(float[] values, int columns, int argument, nint primitive, nint attributes) => _context.Reorder(
        Transposed(values, columns), _context.Descriptor(Float32, Ldigo, 1, 1, columns, _problem.Shape.Gates, _problem.Shape.Hidden),
        dnnl_primitive_desc_query_md(primitive, ExecutionArgument, argument), attributes);

    private void WriteFrames()
    {
        float[] frames = _problem.Frames;
        if (!IsInt8)
        {
            frames.CopyTo(new Span<float>(_source.Data, frames.Length));
            return;
        }

        for (int i = 0; i < frames.Length; i++)
        {
            _source.Data[i] = (byte)((frames[i] * DataScale) + (DataShift + 0.5f));
        }
    }

    private nint Attributes()
    {
        nint attributes;
        Check(dnnl_primitive_attr_create(&attributes), nameof(dnnl_primitive_attr_create));
        if (IsInt8)
        {
            Check(dnnl_primitive_attr_set_rnn_data_qparams(attributes, DataScale, DataShift), nameof(dnnl_primitive_attr_set_rnn_data_qparams));
            float[] scales = [.. Enumerable.Range(0, _problem.Shape.Rows).Select(ScaleOf)];
            fixed (float* first = scales)
            {
                Check(
                    dnnl_primitive_attr_set_rnn_weights_qparams(attributes, scales.Length, GateAndUnit, first),
                    nameof(dnnl_primitive_attr_set_rnn_weights_qparams));
            }
        }

        return attributes;
    }

    /// <summary>One scale serves a row of both matrices.</summary>
    private float ScaleOf(int row)
    {
        (int input, int hidden) = (_problem.Shape.Input, _problem.Shape.Hidden);
        float largest = 0;
        foreach (float value in _problem.InputWeights.AsSpan(row * input, input))
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        foreach (float value in _problem.RecurrentWeights.AsSpan(row * hidden, hidden))
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return LargestWeight / largest;
    }

    /// <summary>[column][gate][unit]; a GRU's update gate comes before its reset gate.</summary>
    private float[] Transposed(float[] values, int columns)
    {
        CellShape shape = _problem.Shape;
        var result = new float[values.Length];
        for (int gate = 0; gate < shape.Gates; gate++)
        {
            int from = GateAtPlace(gate);
            for (int unit = 0; unit < shape.Hidden; unit++)
            {
                for (int column = 0; column < columns; column++)
                {
                    result[(((column * shape.Gates) + gate) * shape.Hidden) + unit] = values[(((from * shape.Hidden) + unit) * columns) + column];
                }
            }
        }

        return result;
    }

    /// <summary>[gate][unit]; a GRU has the recurrent bias of its candidate as a fourth gate.</summary>
    private float[] Bias()
    {
        CellShape shape = _problem.Shape;
        float[] input = [.. Enumerable.Range(0, shape.Gates).SelectMany(gate => Gate(_problem.Bias, gate))];
        if (shape.Cell == Cell.Lstm)
        {
            return input;
        }

        for (int i = 0; i < 2 * shape.Hidden; i++)
        {
            input[i] += _problem.RecurrentBias[(GateAtPlace(i / shape.Hidden) * shape.Hidden) + (i % shape.Hidden)];
        }

        return [.. input, .. Gate(_problem.RecurrentBias, 2)];

        float[] Gate(float[] values, int gate) => values[(GateAtPlace(gate) * shape.Hidden)..][..shape.Hidden];
    }

    private int GateAtPlace(int place) => _problem.Shape.Cell == Cell.Gru && place < 2 ? 1 - place : place;
}
