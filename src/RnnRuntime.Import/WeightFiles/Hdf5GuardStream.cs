using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// The bytes of an HDF5 file as PureHDF sees them, and the one place that everything it does must pass. It trusts addresses, counts and
/// nesting of the file. So each read is checked here: the number of reads and their bytes (loops), the depth of the stack (nesting and
/// cycles), and the structure that begins there (<see cref="Hdf5Messages"/>), told by the lengths of the reads. After a refusal every further
/// read is refused, as PureHDF swallows exceptions while it resolves links.
/// </summary>
internal sealed class Hdf5GuardStream : Stream
{
    private const int ReadsPerByte = 4;
    private const int MinimumReads = 100_000;
    private const long MaximumReads = 20_000_000;
    private const int PassesOverFile = 8;
    private const long MinimumBytes = 1 << 20;
    private const long MaximumStackBytes = 256 << 10;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly nint _stackTop;
    private readonly int[] _lengths = new int[4];
    private long _readsLeft;
    private long _bytesLeft;
    private long _valuesLeft = -1;
    private long _position;
    private long _structureEnd;
    private int _datatypes;

    public Hdf5GuardStream(ReadOnlyMemory<byte> file)
    {
        _file = file;
        _stackTop = StackPosition();
        _readsLeft = Math.Min(MaximumReads, MinimumReads + ((long)file.Length * ReadsPerByte));
        _bytesLeft = MinimumBytes + ((long)file.Length * PassesOverFile);
    }

    public RnnImportException? Refusal { get; private set; }

    /// <summary>The datatype message of the object that was read since <see cref="BeginObject"/>; empty where there is none or more than one.</summary>
    public ReadOnlyMemory<byte> DatatypeMessage { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _file.Length;

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public void BeginObject()
    {
        DatatypeMessage = default;
        _datatypes = 0;
    }

    /// <summary>Refuses sizes of addresses that the checks do not know. Files are told by their signature at 0, so the superblock is there.</summary>
    public void CheckSuperblock()
    {
        var start = _file.Span;
        var sizes = start.Length < 16 ? default : start[8] < 2 ? start.Slice(13, 2) : start.Slice(9, 2);
        if (sizes is not [8, 8])
        {
            Refuse("a superblock with other sizes of addresses and lengths", "8 bytes each");
        }
    }

    /// <summary>Reads the values of one data set, which must lie in the file in one piece.</summary>
    public void ReadValues(long bytes, Action read)
    {
        _valuesLeft = bytes;
        read();
        _valuesLeft = -1;
    }

    public override int Read(Span<byte> buffer)
    {
        if (Refusal is not null)
        {
            throw Refusal;
        }

        if (buffer.Length > _file.Length - _position)
        {
            Refuse($"{buffer.Length} bytes at {_position} of {_file.Length}", "addresses inside the file");
        }

        _file.Span.Slice((int)_position, buffer.Length).CopyTo(buffer);
        _position += buffer.Length;
        CheckBudget(buffer.Length);
        CheckStack();
        if (_valuesLeft < 0)
        {
            CheckSignature(buffer);
            CheckMessage(buffer.Length);
        }

        return buffer.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin)
    {
        var start = origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => _position, _ => _file.Length };
        var position = unchecked(start + offset);
        if (position < 0 || position > _file.Length)
        {
            Refuse($"an address of {position} in {_file.Length} bytes", "addresses inside the file");
        }

        Array.Clear(_lengths);
        if (origin == SeekOrigin.Begin)
        {
            _structureEnd = 0;
        }

        return _position = position;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe nint StackPosition()
    {
        byte local = 0;
        return (nint)(&local);
    }

    private void CheckBudget(int bytes)
    {
        if (_valuesLeft >= 0)
        {
            _valuesLeft -= bytes;
            if (_valuesLeft < 0)
            {
                Refuse("a data set whose reading leads beyond its values", "values in one piece");
            }
        }
        else
        {
            _bytesLeft -= bytes;
        }

        if (--_readsLeft < 0 || _bytesLeft < 0)
        {
            Refuse("structures that are read over and over", "each structure a few times");
        }
    }

    private void CheckStack()
    {
        if (_stackTop - StackPosition() > MaximumStackBytes || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            Refuse("structures nested in one another without end", "the few levels that Keras writes");
        }
    }

    private void CheckSignature(ReadOnlySpan<byte> read)
    {
        if (read.Length != 4)
        {
            return;
        }

        var rest = _file.Span[(int)_position..];
        if (read.SequenceEqual("FRHP"u8) || read.SequenceEqual("BTHD"u8))
        {
            Refuse("dense storage of links or attributes", "a file written with libver='earliest'");
        }
        else if (read.SequenceEqual("HEAP"u8) && Hdf5Messages.CheckLocalHeap(rest, _file.Length) is { } local)
        {
            Refuse(local, "a heap inside the file");
        }
        else if (read.SequenceEqual("GCOL"u8) && Hdf5Messages.CheckGlobalHeap(rest) is { } global)
        {
            Refuse(global, "a heap inside the file");
        }
    }

    /// <summary>
    /// PureHDF reads the prefix of a header message as 2, 2, 1 and 3 bytes (version 1: type, size, flags, reserved) or as 1, 2 and 1 (version 2),
    /// and then all of the message before the next prefix, so that reads inside a message are told from prefixes. A header of version 2 begins with
    /// its signature as 1 and 3 bytes, version and flags; those say where its first message begins, and whether messages hold an order
    /// of creation before their contents, which is refused.
    /// </summary>
    private void CheckMessage(int length)
    {
        (_lengths[0], _lengths[1], _lengths[2], _lengths[3]) = (_lengths[1], _lengths[2], _lengths[3], length);
        var before = _file.Span[..(int)_position];
        switch (_lengths)
        {
            case [2, 2, 1, 3] when _position - 8 >= _structureEnd:
                CheckMessage(BinaryPrimitives.ReadUInt16LittleEndian(before[^8..]), BinaryPrimitives.ReadUInt16LittleEndian(before[^6..]), before[^4]);
                break;
            case [_, 1, 2, 1] when _position - 4 >= _structureEnd:
                CheckMessage(before[^4], BinaryPrimitives.ReadUInt16LittleEndian(before[^3..]), before[^1]);
                break;
            case [1, 3, 1, 1] when _position - 6 >= _structureEnd && before[^6..^2].SequenceEqual("OHDR"u8):
                var flags = before[^1];
                if ((flags & 4) != 0)
                {
                    Refuse("attributes in their order of creation", "a file written with track_order=False");
                }

                _structureEnd = _position + ((flags & 32) != 0 ? 16 : 0) + ((flags & 16) != 0 ? 4 : 0) + (1 << (flags & 3));
                break;
        }
    }

    private void CheckMessage(int type, int size, int flags)
    {
        if (size > _file.Length - _position)
        {
            Refuse($"a header message of {size} bytes at {_position} of {_file.Length}", "messages inside the file");
        }

        _structureEnd = _position + size;
        var message = _file.Slice((int)_position, size);
        if (Hdf5Messages.Check(type, flags, message.Span) is { } refusal)
        {
            Refuse(refusal, "what Keras writes: groups, and data sets of numbers with texts as attributes");
        }

        if (type == Hdf5Messages.Datatype)
        {
            DatatypeMessage = ++_datatypes == 1 ? message : default;
        }
    }

    private void Refuse(string found, string expected)
    {
        Refusal ??= new RnnImportException("HDF5 file", found, expected);
        throw Refusal;
    }
}
