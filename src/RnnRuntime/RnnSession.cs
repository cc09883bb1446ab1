using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime;

/// <summary>
/// One run of a model with its state: B streams that advance together, a step at a time or many steps a call. A step allocates nothing,
/// takes no lock and makes no system call. Not thread-safe: use one session a thread; sessions of one model share its weights.
/// Data is laid out [time step][stream][tensor shape]. Input magnitudes below 2^-80 count as zero, so that a signal that fades out
/// never slows a step.
/// </summary>
public sealed unsafe partial class RnnSession : IDisposable
{
    private readonly ExecutionPlan _plan;
    private readonly ArenaLayout _layout;
    private readonly StepContext _context;
    private readonly NativeProgram? _program;
    private AlignedBlock? _arena;
    private int _running;

    internal RnnSession(RnnModel model, ExecutionPlan plan, ArenaLayout layout, AlignedBlock arena)
    {
        Model = model;
        _plan = plan;
        _layout = layout;
        _arena = arena;
        _context = new StepContext(plan, layout, arena, model.Team);
        (_program, ManagedReason) = model.StaysManaged ? (null, "the model was bound so") : NativeProgram.Create(plan, layout, _context);
        _givenSteps = new int[plan.Inputs.Length];
        if (plan.Inputs.Length == 1 && plan.Outputs.Length == 1)
        {
            _plainInput = plan.Inputs[0];
            _plainOutput = plan.Outputs[0];
            _inputLength = checked(_plainInput.Buffer.Elements * Streams);
            _outputLength = checked(_plainOutput.Buffer.Elements * Streams);
            _takesFloats = _plainInput.Value.Type == TensorType.Float32 && _plainOutput.Value.Type == TensorType.Float32;
        }

        ResetStates();
    }

    /// <summary>The model.</summary>
    public RnnModel Model { get; }

    /// <summary>Number of streams B that every call advances.</summary>
    public int Streams => _layout.Streams;

    /// <summary>Time steps that one named call may take at most; longer plain calls are cut into such chunks.</summary>
    public int ChunkLength => _layout.ChunkLength;

    /// <summary>Bytes of this session's own memory: state and scratch.</summary>
    public long ArenaBytes => _layout.TotalBytes;

    /// <summary>Runs T steps of a model with one float32 input and one output; T follows from the lengths.</summary>
    /// <param name="input">[T][B][input shape].</param>
    /// <param name="output">[T][B][output shape].</param>
    /// <exception cref="ArgumentException">A length does not fit; the message says what was given and expected.</exception>
    /// <exception cref="InvalidOperationException">The model has more inputs or outputs, other types, or another thread is inside this session.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ReadOnlySpan<float> input, Span<float> output)
    {
        Enter();
        try
        {
            var timeSteps = PlainTimeSteps(TensorType.Float32, input.Length, output.Length);
            if (_program is not null)
            {
                fixed (float* source = input, target = output)
                {
                    _program.Run(source, target, timeSteps);
                }

                return;
            }

            var inputPort = _plainInput!;
            var outputPort = _plainOutput!;
            for (int done = 0, steps; done < timeSteps; done += steps)
            {
                steps = Math.Min(ChunkLength, timeSteps - done);
                CopyIn(inputPort, input.Slice(done * _inputLength, steps * _inputLength));
                _plan.Execute(_context, steps);
                CopyOut(outputPort, output.Slice(done * _outputLength, steps * _outputLength));
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>The same for a model whose one input is indices (token ids).</summary>
    /// <param name="input">[T][B][input shape]; each index at least 0 and below the table's length.</param>
    /// <param name="output">[T][B][output shape].</param>
    /// <exception cref="ArgumentException">A length does not fit or an index is out of range; nothing has run then.</exception>
    /// <exception cref="InvalidOperationException">The model has more inputs or outputs, other types, or another thread is inside this session.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(ReadOnlySpan<int> input, Span<float> output)
    {
        Enter();
        try
        {
            var timeSteps = PlainTimeSteps(TensorType.Int32, input.Length, output.Length);
            var inputPort = _plainInput!;
            var outputPort = _plainOutput!;
            CheckIndices(inputPort, input);
            if (_program is not null)
            {
                fixed (int* source = input)
                {
                    fixed (float* target = output)
                    {
                        _program.Run(source, target, timeSteps);
                    }
                }

                return;
            }

            for (int done = 0, steps; done < timeSteps; done += steps)
            {
                steps = Math.Min(ChunkLength, timeSteps - done);
                CopyIn(inputPort, input.Slice(done * _inputLength, steps * _inputLength));
                _plan.Execute(_context, steps);
                CopyOut(outputPort, output.Slice(done * _outputLength, steps * _outputLength));
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Gives an input for the next <see cref="Run(int)"/>; it stays until it is given again.</summary>
    /// <param name="index">Index in <see cref="RnnModel.Inputs"/>.</param>
    /// <param name="data">[T][B][input shape] with 1 &lt;= T &lt;= <see cref="ChunkLength"/>.</param>
    /// <exception cref="ArgumentException">The index, type or length does not fit.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetInput(int index, ReadOnlySpan<float> data)
    {
        Enter();
        try
        {
            var port = InputPort(index, TensorType.Float32, data.Length);
            CopyIn(port, data);
            _givenSteps[index] = TimeStepsOf(port, data.Length);
        }
        finally
        {
            Exit();
        }
    }

    /// <inheritdoc cref="SetInput(int, ReadOnlySpan{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetInput(int index, ReadOnlySpan<int> data)
    {
        Enter();
        try
        {
            var port = InputPort(index, TensorType.Int32, data.Length);
            CheckIndices(port, data);
            CopyIn(port, data);
            _givenSteps[index] = TimeStepsOf(port, data.Length);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Gives an input by name; see <see cref="SetInput(int, ReadOnlySpan{float})"/>.</summary>
    public void SetInput(string name, ReadOnlySpan<float> data) => SetInput(IndexOf(_plan.Inputs, name, "input"), data);

    /// <summary>Gives an input of indices by name; see <see cref="SetInput(int, ReadOnlySpan{float})"/>.</summary>
    public void SetInput(string name, ReadOnlySpan<int> data) => SetInput(IndexOf(_plan.Inputs, name, "input"), data);

    /// <summary>Runs the inputs that were given for this many time steps.</summary>
    /// <param name="timeSteps">1 to <see cref="ChunkLength"/>; every input must have been given for as many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps does not fit.</exception>
    /// <exception cref="InvalidOperationException">An input was not given, or for another number of steps.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int timeSteps = 1)
    {
        Enter();
        try
        {
            if (timeSteps < 1 || timeSteps > ChunkLength)
            {
                throw new ArgumentOutOfRangeException(nameof(timeSteps), timeSteps, $"A named call takes 1 to {ChunkLength} time steps (the session's chunk length); found {timeSteps}.");
            }

            for (var i = 0; i < _plan.Inputs.Length; i++)
            {
                if (_givenSteps[i] != timeSteps)
                {
                    ThrowMissingInput(_plan.Inputs[i].Name, _givenSteps[i], timeSteps);
                }
            }

            if (_program is not null)
            {
                _program.Run(timeSteps);
            }
            else
            {
                _plan.Execute(_context, timeSteps);
            }

            _runSteps = timeSteps;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies an output of the last <see cref="Run(int)"/>.</summary>
    /// <param name="index">Index in <see cref="RnnModel.Outputs"/>.</param>
    /// <param name="data">Receives [T][B][output shape]; its length must be exactly that.</param>
    /// <exception cref="ArgumentException">The index or length does not fit.</exception>
    /// <exception cref="InvalidOperationException">Nothing has run yet, or the output is of another type.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void GetOutput(int index, Span<float> data)
    {
        Enter();
        try
        {
            var port = OutputPort(index, TensorType.Float32, data.Length);
            CopyOut(port, data);
        }
        finally
        {
            Exit();
        }
    }

    /// <inheritdoc cref="GetOutput(int, Span{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void GetOutput(int index, Span<int> data)
    {
        Enter();
        try
        {
            var port = OutputPort(index, TensorType.Int32, data.Length);
            CopyOut(port, data);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies an output by name; see <see cref="GetOutput(int, Span{float})"/>.</summary>
    public void GetOutput(string name, Span<float> data) => GetOutput(IndexOf(_plan.Outputs, name, "output"), data);

    /// <summary>Copies an int32 output by name; see <see cref="GetOutput(int, Span{float})"/>.</summary>
    public void GetOutput(string name, Span<int> data) => GetOutput(IndexOf(_plan.Outputs, name, "output"), data);

    /// <summary>A new session with the same state that goes its own way from here; inputs that were given are not carried over.</summary>
    public RnnSession Fork()
    {
        Enter();
        try
        {
            var fork = Model.OpenSession(_layout);
            Buffer.MemoryCopy(_arena!.Pointer, fork._arena!.Pointer, _layout.PersistentBytes, _layout.PersistentBytes);
            return fork;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Gives the memory back to the model's pool. Further calls throw <see cref="ObjectDisposedException"/>.</summary>
    /// <exception cref="InvalidOperationException">Another thread is inside this session.</exception>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            if (_arena is null)
            {
                return;
            }

            ThrowConcurrentUse();
        }

        // The flag stays: nothing enters any more.
        if (Interlocked.Exchange(ref _arena, null) is { } arena)
        {
            _program?.Dispose();
            Model.Return(arena);
        }
    }

    [DoesNotReturn]
    private static void ThrowMissingInput(string name, int given, int expected) =>
        throw new InvalidOperationException(
            given == 0
                ? $"Input '{name}' has not been given for this call."
                : $"Input '{name}' was given for {given} time steps, but the call runs {expected}.");
}
