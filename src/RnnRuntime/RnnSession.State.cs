using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RnnRuntime.Kernels;
using RnnRuntime.Plan;

namespace RnnRuntime;

/// <content>State: reset, save, load, read and write by name.</content>
public sealed unsafe partial class RnnSession
{
    private const uint StateMagic = 0x54534E52; // "RNST"
    private const int StateHeaderBytes = 16;

    /// <summary>
    /// Bytes of a saved state: a header of 16 (magic "RNST", version, a hash of names and shapes, the number of streams), then every state
    /// variable of every stream as little-endian float32. The same for all kernel variants and chunk lengths.
    /// </summary>
    public int StateBytes => SavedStateBytes(_plan, Streams);

    internal static int SavedStateBytes(ExecutionPlan plan, int streams) => checked(StateHeaderBytes + (plan.StateElements * streams * sizeof(float)));

    /// <summary>Puts every stream into its initial state.</summary>
    public void Reset()
    {
        Enter();
        try
        {
            ResetStates();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Puts one stream into its initial state; the others go on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stream.</exception>
    public void Reset(int stream)
    {
        Enter();
        try
        {
            if ((uint)stream >= (uint)Streams)
            {
                throw new ArgumentOutOfRangeException(nameof(stream), stream, $"The session has {Streams} streams.");
            }

            foreach (var slot in _plan.States)
            {
                ResetStream(slot, stream);
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Writes the state of all streams.</summary>
    /// <param name="destination">Exactly <see cref="StateBytes"/> long.</param>
    /// <exception cref="ArgumentException">Its length differs.</exception>
    public void SaveState(Span<byte> destination)
    {
        Enter();
        try
        {
            CheckStateLength(destination.Length, nameof(destination));
            BinaryPrimitives.WriteUInt32LittleEndian(destination, StateMagic);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], _plan.StateHash);
            BinaryPrimitives.WriteInt32LittleEndian(destination[12..], Streams);
            var rest = MemoryMarshal.Cast<byte, float>(destination[StateHeaderBytes..]);
            foreach (var slot in _plan.States)
            {
                rest = CopyState(slot, rest, intoState: false);
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Replaces the state of all streams by one that <see cref="SaveState"/> wrote for the same model and number of streams.</summary>
    /// <exception cref="ArgumentException">The length, magic, version, model or number of streams differs; the state is unchanged then.</exception>
    public void LoadState(ReadOnlySpan<byte> source)
    {
        Enter();
        try
        {
            CheckStateLength(source.Length, nameof(source));
            CheckStateField("magic", BinaryPrimitives.ReadUInt32LittleEndian(source), StateMagic);
            CheckStateField("version", BinaryPrimitives.ReadUInt32LittleEndian(source[4..]), 1);
            CheckStateField("hash of the state variables", BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), _plan.StateHash);
            CheckStateField("number of streams", BinaryPrimitives.ReadUInt32LittleEndian(source[12..]), (uint)Streams);

            // CopyState only reads from the span when it writes the state.
            var bytes = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(source), source.Length);
            var rest = MemoryMarshal.Cast<byte, float>(bytes[StateHeaderBytes..]);
            foreach (var slot in _plan.States)
            {
                rest = CopyState(slot, rest, intoState: true);
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Reads a state variable.</summary>
    /// <param name="name">A name of <see cref="RnnModel.States"/>.</param>
    /// <param name="destination">Receives [B][shape].</param>
    /// <exception cref="ArgumentException">The name is unknown or the length differs.</exception>
    public void GetState(string name, Span<float> destination)
    {
        Enter();
        try
        {
            CopyState(FindState(name, destination.Length), destination, intoState: false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Writes a state variable; magnitudes below 2^-80 become zero.</summary>
    /// <param name="name">A name of <see cref="RnnModel.States"/>.</param>
    /// <param name="source">[B][shape].</param>
    /// <exception cref="ArgumentException">The name is unknown or the length differs.</exception>
    public void SetState(string name, ReadOnlySpan<float> source)
    {
        Enter();
        try
        {
            CopyState(FindState(name, source.Length), MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(source), source.Length), intoState: true);
        }
        finally
        {
            Exit();
        }
    }

    private StateSlot FindState(string name, int length)
    {
        foreach (var slot in _plan.States)
        {
            if (slot.Variable.Name == name)
            {
                var expected = slot.Buffer.Elements * Streams;
                return length == expected
                    ? slot
                    : throw new ArgumentException($"State '{name}' holds {expected} values ({Streams} streams of {slot.Variable.Input.Shape}); found {length}.");
            }
        }

        throw new ArgumentException($"The model has no state '{name}'; it has {string.Join(", ", _plan.States.Select(slot => $"'{slot.Variable.Name}'"))}.", nameof(name));
    }

    private void CheckStateLength(int length, string parameter)
    {
        if (length != StateBytes)
        {
            throw new ArgumentException($"A saved state of this session has {StateBytes} bytes; found {length}.", parameter);
        }
    }

    private static void CheckStateField(string field, uint found, uint expected)
    {
        if (found != expected)
        {
            throw new ArgumentException($"The saved state's {field} is {found} (0x{found:X8}); expected {expected} (0x{expected:X8}).", "source");
        }
    }

    private void ResetStates()
    {
        foreach (var slot in _plan.States)
        {
            for (var stream = 0; stream < Streams; stream++)
            {
                ResetStream(slot, stream);
            }
        }
    }

    private void ResetStream(StateSlot slot, int stream)
    {
        var state = StreamState(slot, stream);
        state.Clear();
        if (slot.Initial == 0)
        {
            return;
        }

        var values = new ReadOnlySpan<float>((float*)slot.Initial, slot.Buffer.Elements);
        if (slot.Ring is { } ring)
        {
            ring.CopyIn(_context, stream, values);
        }
        else
        {
            values.CopyTo(state);
        }

        FlushState(slot, stream);
    }

    /// <summary>Copies a state of all streams and returns what is left of the span.</summary>
    private Span<float> CopyState(StateSlot slot, Span<float> values, bool intoState)
    {
        var elements = slot.Buffer.Elements;
        for (var stream = 0; stream < Streams; stream++, values = values[elements..])
        {
            var outside = values[..elements];
            if (!intoState && slot.Ring is { } source)
            {
                source.CopyOut(_context, stream, outside);
                continue;
            }

            if (!intoState)
            {
                StreamState(slot, stream).CopyTo(outside);
                continue;
            }

            if (slot.Ring is { } ring)
            {
                ring.CopyIn(_context, stream, outside);
            }
            else
            {
                outside.CopyTo(StreamState(slot, stream));
            }

            FlushState(slot, stream);
        }

        return values;
    }

    /// <summary>A state that comes from outside is held to the rule of one that a step made: no magnitude below 2^-80.</summary>
    private void FlushState(StateSlot slot, int stream)
    {
        var state = _context.Start(slot.Buffer) + ((nint)stream * slot.Buffer.Stride);
        _plan.Variant.Unary(UnaryFunction.Flush, state, state, slot.Buffer.Elements);
    }

    private Span<float> StreamState(StateSlot slot, int stream) =>
        new(_context.Start(slot.Buffer) + ((nint)stream * slot.Buffer.Stride), slot.Buffer.Elements);
}
