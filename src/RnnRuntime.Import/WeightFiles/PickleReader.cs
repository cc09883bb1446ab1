using System.Buffers.Binary;
using System.Text;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// A restricted pickle machine: the opcodes that PyTorch writes for dicts of tensors (protocols 2 to 5), and the globals of
/// <see cref="PickleGlobals"/>. Calls build <see cref="PickleTensor"/> and <see cref="PickleDict"/> and nothing else; any other opcode or
/// global is refused by name. Every value costs at least one opcode, so the limit on opcodes bounds the stack, the memo and the memory.
/// </summary>
internal sealed class PickleReader
{
    /// <summary>PyTorch writes about 40 opcodes a tensor.</summary>
    private const int OpcodesPerTensor = 64;
    private const int MinimumOpcodes = 10_000;

    private static readonly object Mark = new();
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private readonly List<PickleStorage> _storages = [];
    private readonly long _maximumOpcodes;
    private readonly int _maximumMarks;
    private long _opcodes;
    private int _position;

    private PickleReader(ReadOnlyMemory<byte> bytes, RnnImportLimits limits)
    {
        _bytes = bytes;
        _maximumOpcodes = Math.Max(MinimumOpcodes, (long)OpcodesPerTensor * limits.MaximumTensors);
        _maximumMarks = limits.MaximumNesting * 4;
    }

    /// <summary>Reads one pickle from the start of the bytes.</summary>
    public static Pickle Read(ReadOnlyMemory<byte> bytes, RnnImportLimits limits)
    {
        var reader = new PickleReader(bytes, limits);
        var value = reader.Run();
        return new Pickle(value, reader._position, reader._storages);
    }

    private object? Run()
    {
        while (true)
        {
            if (++_opcodes > _maximumOpcodes)
            {
                throw Error($"more than {_maximumOpcodes} opcodes", $"at most {OpcodesPerTensor} for each of RnnImportLimits.MaximumTensors tensors");
            }

            var opcode = Take(1)[0];
            if (opcode == (byte)'.')
            {
                var result = Pop();
                return _stack.Count == 0 ? result : throw Error($"{_stack.Count} values left at the end", "one value");
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                CheckProtocol(Take(1)[0]);
                break;
            case 0x95: // FRAME
                Take(sizeof(ulong));
                break;
            case (byte)'(':
                PushMark();
                break;
            case (byte)'N':
                _stack.Add(null);
                break;
            case 0x88: // NEWTRUE
                _stack.Add(true);
                break;
            case 0x89: // NEWFALSE
                _stack.Add(false);
                break;
            case (byte)'K': // BININT1
                _stack.Add((long)Take(1)[0]);
                break;
            case (byte)'M': // BININT2
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case (byte)'J': // BININT
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case 0x8A: // LONG1
                _stack.Add(ReadLong(Take(1)[0]));
                break;
            case (byte)'G': // BINFLOAT
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X': // BINUNICODE
            case (byte)'T': // BINSTRING, of Python 2
                _stack.Add(ReadText(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case 0x8C: // SHORT_BINUNICODE
            case (byte)'U': // SHORT_BINSTRING, of Python 2
                _stack.Add(ReadText(Take(1)[0]));
                break;
            case 0x8D: // BINUNICODE8
                _stack.Add(ReadText(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
                break;
            case (byte)'}':
                _stack.Add(new PickleDict([]));
                break;
            case (byte)']':
                _stack.Add(new PickleList([]));
                break;
            case (byte)')':
                _stack.Add(new PickleTuple([]));
                break;
            case (byte)'t':
                _stack.Add(new PickleTuple(PopToMark()));
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1 to TUPLE3
                _stack.Add(new PickleTuple(PopMany(opcode - 0x84)));
                break;
            case (byte)'s' or (byte)'u': // SETITEM, SETITEMS
                SetItems(opcode == (byte)'s' ? PopMany(2) : PopToMark());
                break;
            case (byte)'a' or (byte)'e': // APPEND, APPENDS
                Append(opcode == (byte)'a' ? PopMany(1) : PopToMark());
                break;
            case (byte)'q': // BINPUT
                _memo[Take(1)[0]] = Peek();
                break;
            case (byte)'r': // LONG_BINPUT
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break;
            case 0x94: // MEMOIZE
                _memo[(uint)_memo.Count] = Peek();
                break;
            case (byte)'h': // BINGET
                _stack.Add(Recall(Take(1)[0]));
                break;
            case (byte)'j': // LONG_BINGET
                _stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case (byte)'c': // GLOBAL
                _stack.Add(PickleGlobals.Find(ReadLine(), ReadLine()));
                break;
            case 0x93: // STACK_GLOBAL
                _stack.Add(FindGlobal(PopMany(2)));
                break;
            case (byte)'R':
                _stack.Add(PickleCalls.Reduce(PopMany(2)));
                break;
            case (byte)'Q': // BINPERSID
                AddStorage(PickleCalls.FindStorage(Pop()));
                break;
            case (byte)'b':
                Build(Pop(), Peek());
                break;
            default:
                throw Error($"opcode 0x{opcode:X2}", "the opcodes of a state dict; nothing in a pickle is executed. Save the weights alone: torch.save(model.state_dict(), path)");
        }
    }

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > 5)
        {
            throw Error($"protocol {protocol}", "2 to 5");
        }
    }

    private void AddStorage(PickleStorage storage)
    {
        _storages.Add(storage);
        _stack.Add(storage);
    }

    private void PushMark()
    {
        if (_marks.Count == _maximumMarks)
        {
            throw Error($"more than {_maximumMarks} open marks", "4 for each level of RnnImportLimits.MaximumNesting");
        }

        _marks.Add(_stack.Count);
        _stack.Add(Mark);
    }

    private object? Peek() =>
        _stack.Count > 0 && !ReferenceEquals(_stack[^1], Mark) ? _stack[^1] : throw Error("an opcode that finds no value on the stack", "a value");

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var values = new object?[count];
        for (var index = count - 1; index >= 0; index--)
        {
            values[index] = Pop();
        }

        return values;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Error("an opcode that finds no mark", "a mark");
        }

        var start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        var values = _stack.GetRange(start + 1, _stack.Count - start - 1).ToArray();
        _stack.RemoveRange(start, _stack.Count - start);
        return values;
    }

    private object? Recall(uint index) =>
        _memo.TryGetValue(index, out var value) ? value : throw Error($"memo entry {index} before it is written", "an entry that was written");

    private void SetItems(object?[] items)
    {
        if (Peek() is not PickleDict dict || items.Length % 2 != 0)
        {
            throw Error("items set on what is no dict, or a key without its value", "pairs for a dict");
        }

        for (var index = 0; index < items.Length; index += 2)
        {
            var key = items[index] is string or long ? items[index]! : throw Error($"a key of type {PickleCalls.Describe(items[index])}", "a string or an integer");
            dict.Items.Add(new(key, items[index + 1]));
        }
    }

    private void Append(object?[] items)
    {
        if (Peek() is not PickleList list)
        {
            throw Error("items appended to what is no list", "a list");
        }

        list.Items.AddRange(items);
    }

    /// <summary>Only the attribute <c>_metadata</c> (version counters of the modules) may be set, on an OrderedDict; it holds no weights.</summary>
    private void Build(object? state, object? target)
    {
        if (target is not PickleDict || state is not PickleDict { Items: [{ Key: "_metadata" }] })
        {
            throw Error("an object whose state is set (BUILD)", "none but the _metadata of a state dict");
        }
    }

    private object FindGlobal(object?[] names) =>
        names is [string module, string name] ? PickleGlobals.Find(module, name) : throw Error("STACK_GLOBAL without two names", "a module and a name");

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _position))
        {
            throw Error($"an argument of {count} bytes where {_bytes.Length - _position} are left", "a whole pickle");
        }

        var taken = _bytes.Span.Slice(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    private string ReadText(ulong length)
    {
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException exception)
        {
            throw new RnnImportException(Location, "text that is not UTF-8", "UTF-8", exception);
        }
    }

    private string ReadLine()
    {
        var rest = _bytes.Span[_position..];
        var length = rest.Length > TensorCollector.MaximumNameLength ? rest[..TensorCollector.MaximumNameLength].IndexOf((byte)'\n') : rest.IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Error("a name without an end", $"a name of at most {TensorCollector.MaximumNameLength} bytes");
        }

        var text = ReadText((ulong)length);
        _position++;
        return text;
    }

    private long ReadLong(int length)
    {
        if (length > sizeof(long))
        {
            throw Error($"an integer of {length} bytes", $"at most {sizeof(long)}");
        }

        var value = 0L;
        var bytes = Take((ulong)length);
        for (var index = 0; index < length; index++)
        {
            value |= (long)bytes[index] << (8 * index);
        }

        var unused = 64 - (8 * length);
        return length == 0 ? 0 : value << unused >> unused;
    }

    private string Location => $"pickle, byte {_position}";

    private RnnImportException Error(string found, string expected) => new(Location, found, expected);
}
