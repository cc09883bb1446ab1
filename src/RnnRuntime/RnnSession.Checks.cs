using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime;

/// <content>What is checked at the session's edge, and the copies across it.</content>
public sealed unsafe partial class RnnSession
{
    private readonly int[] _givenSteps;
    private readonly Port? _plainInput;
    private readonly Port? _plainOutput;

    // Of one time step, where there is one input and one output: what a call looks at first, so that a small step does not pay for a walk through the plan.
    private readonly int _inputLength;
    private readonly int _outputLength;
    private readonly bool _takesFloats;
    private int _runSteps;

    /// <summary>
    /// Refuses a disposed session and a second thread. In Release builds the flag is not interlocked: it costs a nanosecond and finds most
    /// misuse; in Debug builds it finds all.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter()
    {
#if DEBUG
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            ThrowInUse();
        }
#else
        if (Volatile.Read(ref _running) != 0)
        {
            ThrowInUse();
        }

        Volatile.Write(ref _running, 1);
#endif
        if (_arena is null)
        {
            Exit();
            ThrowDisposed();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Exit() => Volatile.Write(ref _running, 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int PlainTimeSteps(TensorType type, int inputLength, int outputLength)
    {
        if (_takesFloats && type == TensorType.Float32 && inputLength == _inputLength && outputLength == _outputLength)
        {
            _runSteps = 0;
            _givenSteps[0] = 0;
            return 1;
        }

        if (_plainInput is null)
        {
            ThrowNotPlain("Run(input, output)", _plan.Inputs.Length, _plan.Outputs.Length);
        }

        var input = _plainInput;
        var output = _plainOutput!;
        CheckType("Input", input, type);
        CheckType("Output", output, TensorType.Float32);
        var stepLength = input.Buffer.Elements * Streams;
        var timeSteps = inputLength == stepLength ? 1 : inputLength / stepLength;
        if (timeSteps < 1 || timeSteps * stepLength != inputLength)
        {
            ThrowInputLength(input, inputLength, stepLength);
        }

        CheckLength("output", output, outputLength, timeSteps);
        _runSteps = 0;
        _givenSteps[0] = 0;
        return timeSteps;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Port InputPort(int index, TensorType type, int length)
    {
        if ((uint)index >= (uint)_plan.Inputs.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {_plan.Inputs.Length} inputs.");
        }

        // Until it is accepted, an input counts as not given.
        var port = _plan.Inputs[index];
        _givenSteps[index] = 0;
        CheckType("Input", port, type);
        var stepLength = port.Buffer.Elements * Streams;
        var timeSteps = length / stepLength;
        if (timeSteps < 1 || timeSteps * stepLength != length || timeSteps > ChunkLength)
        {
            throw new ArgumentException(
                $"Input '{port.Name}' takes {stepLength} values a time step ({Streams} streams of {port.Value.Shape}) for 1 to {ChunkLength} steps; found {length} values.", "data");
        }

        return port;
    }

    private int TimeStepsOf(Port port, int length) => length / (port.Buffer.Elements * Streams);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Port OutputPort(int index, TensorType type, int length)
    {
        if ((uint)index >= (uint)_plan.Outputs.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {_plan.Outputs.Length} outputs.");
        }

        var port = _plan.Outputs[index];
        if (_runSteps == 0)
        {
            throw new InvalidOperationException($"Output '{port.Name}' is asked for, but no named call has run since the session was made or ran a plain call.");
        }

        CheckType("Output", port, type);
        CheckLength("data", port, length, _runSteps);
        return port;
    }

    private static void CheckType(string kind, Port port, TensorType type)
    {
        if (port.Value.Type != type)
        {
            ThrowType(kind, port, type);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CheckLength(string parameter, Port port, int length, int timeSteps)
    {
        var expected = (long)port.Buffer.Elements * Streams * timeSteps;
        if (length != expected)
        {
            throw new ArgumentException(
                $"'{port.Name}' holds {expected} values for {timeSteps} time steps of {Streams} streams of {port.Value.Shape}; found room for {length}.", parameter);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckIndices(Port port, ReadOnlySpan<int> indices)
    {
        if (port.IndexLimit == 0)
        {
            return;
        }

        for (var i = 0; i < indices.Length; i++)
        {
            if ((uint)indices[i] >= (uint)port.IndexLimit)
            {
                throw new ArgumentException($"Input '{port.Name}' takes indices from 0 to {port.IndexLimit - 1}; found {indices[i]} at position {i}.", "input");
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyIn(Port port, ReadOnlySpan<float> data)
    {
        var buffer = port.Buffer;
        var frame = _context.Start(buffer);
        fixed (float* source = data)
        {
            // A frame of a few values costs less here than a call does.
            if (data.Length <= 4 && data.Length == buffer.Elements)
            {
                for (var i = 0; i < data.Length; i++)
                {
                    frame[i] = Activations<ScalarLanes, float>.Flush(source[i]);
                }

                return;
            }

            for (var start = 0; start < data.Length; start += buffer.Elements, frame += buffer.Stride)
            {
                _plan.Variant.Unary(UnaryFunction.Flush, source + start, frame, buffer.Elements);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyIn(Port port, ReadOnlySpan<int> data)
    {
        var buffer = port.Buffer;
        var frame = (int*)_context.Start(buffer);
        for (var start = 0; start < data.Length; start += buffer.Elements, frame += buffer.Stride)
        {
            data.Slice(start, buffer.Elements).CopyTo(new Span<int>(frame, buffer.Elements));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyOut(Port port, Span<float> data)
    {
        var buffer = port.Buffer;
        var frame = _context.Start(buffer);
        for (var start = 0; start < data.Length; start += buffer.Elements, frame += buffer.Stride)
        {
            new ReadOnlySpan<float>(frame, buffer.Elements).CopyTo(data[start..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyOut(Port port, Span<int> data)
    {
        var buffer = port.Buffer;
        var frame = (int*)_context.Start(buffer);
        for (var start = 0; start < data.Length; start += buffer.Elements, frame += buffer.Stride)
        {
            new ReadOnlySpan<int>(frame, buffer.Elements).CopyTo(data[start..]);
        }
    }

    private static int IndexOf(ImmutableArray<Port> ports, string name, string kind)
    {
        for (var i = 0; i < ports.Length; i++)
        {
            if (ports[i].Name == name)
            {
                return i;
            }
        }

        throw new ArgumentException($"The model has no {kind} '{name}'; it has {string.Join(", ", ports.Select(port => $"'{port.Name}'"))}.", nameof(name));
    }

    /// <summary>A disposed session counts as in use for ever.</summary>
    [DoesNotReturn]
    private void ThrowInUse()
    {
        if (_arena is null)
        {
            ThrowDisposed();
        }

        ThrowConcurrentUse();
    }

    [DoesNotReturn]
    private static void ThrowConcurrentUse() =>
        throw new InvalidOperationException("Two threads use one session at once; expected one at a time. Make a session for each thread (RnnModel.CreateSession).");

    [DoesNotReturn]
    private static void ThrowDisposed() => throw new ObjectDisposedException(nameof(RnnSession));

    [DoesNotReturn]
    private static void ThrowType(string kind, Port port, TensorType type) =>
        throw new InvalidOperationException($"{kind} '{port.Name}' is {port.Value.Type}; found {type} values.");

    [DoesNotReturn]
    private static void ThrowNotPlain(string what, int inputs, int outputs) =>
        throw new InvalidOperationException(
            $"{what} is for models with 1 input and 1 output; this one has {inputs} and {outputs}. Use SetInput, Run(timeSteps) and GetOutput.");

    [DoesNotReturn]
    private void ThrowInputLength(Port port, int found, int stepLength) =>
        throw new ArgumentException(
            $"Input '{port.Name}' takes {stepLength} values a time step ({Streams} streams of {port.Value.Shape}); found {found}, not a positive multiple.", "input");
}
