using System.Numerics;
using System.Runtime.InteropServices;

namespace RnnRuntime.Import.Onnx;

/// <summary>
/// Walks a file's wire format before the parser builds anything of it: unknown and mistyped fields are refused (the parser would drop
/// them), and what the file would become in memory is counted against the limits.
/// </summary>
internal ref struct OnnxReaderScan
{
    /// <summary>What protobuf's own parsers accept, whatever the limit says.</summary>
    private const int DeepestNesting = 99;

    /// <summary>Messages and texts that a node or tensor may bring along, on average; only a file made of empty ones has more.</summary>
    private const int ItemsPerNode = 16;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly RnnImportLimits _limits;
    private readonly int _nesting;
    private readonly long _maximumItems;
    private int _nodes;
    private int _tensors;
    private long _items;
    private long _elementBytes;

    private OnnxReaderScan(ReadOnlySpan<byte> bytes, RnnImportLimits limits)
    {
        _bytes = bytes;
        _limits = limits;
        _nesting = Math.Min(limits.MaximumNesting, DeepestNesting);
        _maximumItems = ItemsPerNode * ((long)limits.MaximumNodes + limits.MaximumTensors);
    }

    /// <summary>Refuses a file that is no ONNX model of known fields within the limits.</summary>
    public static void Check(ReadOnlySpan<byte> bytes, RnnImportLimits limits) =>
        new OnnxReaderScan(bytes, limits).Message(OnnxMessage.Model, 0, bytes.Length, depth: 0);

    private void Message(OnnxMessage message, int position, int end, int depth)
    {
        if (depth > _nesting)
        {
            throw Error(message, position, $"messages nested more than {_nesting} deep", $"at most {_nesting} ({nameof(RnnImportLimits.MaximumNesting)}, and protobuf's own {DeepestNesting})");
        }

        Span<long> elements = stackalloc long[OnnxReaderSchema.Numbers];
        while (position < end)
        {
            var start = position;
            var tag = Varint(message, ref position, end);
            var (number, wire) = (tag >> 3, (int)(tag & 7));
            if (number == 0 || tag > uint.MaxValue)
            {
                throw Error(message, start, $"the field tag {tag}", "a protobuf field");
            }

            var field = OnnxReaderSchema.Find(message, (uint)number)
                ?? throw Error(message, start, $"field {number}, which this importer does not know", "a file without it (a newer ONNX, or no ONNX file at all)");
            var contents = position;
            var length = Advance(message, field, wire, start, ref position, end);
            switch (field.Kind)
            {
                case OnnxFieldKind.Message:
                    Count(field, start);
                    Message(field.Message, position - length, position, depth + 1);
                    break;
                case OnnxFieldKind.Text or OnnxFieldKind.Unread:
                    Items(message, start, 1);
                    ElementBytes(message, start, length);
                    break;
                case OnnxFieldKind.Varints:
                    var values = wire == 2 ? Ends(message, field, position - length, position) : 1;
                    Elements(message, field, start, elements[field.Number] += values);
                    ElementBytes(message, start, values * field.ElementBytes);
                    break;
                case OnnxFieldKind.Fixed32s or OnnxFieldKind.Fixed64s:
                    Elements(message, field, start, elements[field.Number] += wire == 2 ? length / (field.Kind == OnnxFieldKind.Fixed32s ? 4 : 8) : 1);
                    ElementBytes(message, start, wire == 2 ? length : position - contents);
                    break;
            }
        }
    }

    /// <summary>Moves past a field's contents; the length of those that have one.</summary>
    private readonly int Advance(OnnxMessage message, OnnxField field, int wire, int start, ref int position, int end)
    {
        var fits = field.Kind switch
        {
            OnnxFieldKind.Varint => wire == 0,
            OnnxFieldKind.Fixed32 => wire == 5,
            OnnxFieldKind.Varints => wire is 0 or 2,
            OnnxFieldKind.Fixed32s => wire is 5 or 2,
            OnnxFieldKind.Fixed64s => wire is 1 or 2,
            OnnxFieldKind.Skipped => wire is 0 or 1 or 2 or 5,
            _ => wire == 2,
        };
        if (!fits)
        {
            throw Error(message, start, $"field {field.Name} with wire type {wire}", "the wire type of the ONNX schema");
        }

        if (wire == 0)
        {
            Varint(message, ref position, end);
            return 0;
        }

        var length = wire switch { 1 => 8UL, 5 => 4UL, _ => Varint(message, ref position, end) };
        if (length > (ulong)(end - position))
        {
            throw Error(message, start, $"field {field.Name} of {length} bytes", $"at most the {end - position} bytes that are left");
        }

        var unit = wire != 2 ? 1 : field.Kind switch { OnnxFieldKind.Fixed32s => 4, OnnxFieldKind.Fixed64s => 8, _ => 1 };
        if ((int)length % unit != 0)
        {
            throw Error(message, start, $"field {field.Name} of {length} bytes", $"a multiple of {unit}");
        }

        position += (int)length;
        return (int)length;
    }

    private readonly ulong Varint(OnnxMessage message, scoped ref int position, int end)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70 && position < end; shift += 7)
        {
            var part = _bytes[position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Error(message, position, "a number without an end", "at most 10 bytes, within the message");
    }

    /// <summary>Number of varints in a packed list.</summary>
    private readonly long Ends(OnnxMessage message, OnnxField field, int start, int end)
    {
        var packed = _bytes[start..end];
        long ends = 0;
        foreach (var part in MemoryMarshal.Cast<byte, ulong>(packed))
        {
            ends += 8 - BitOperations.PopCount(part & 0x8080808080808080);
        }

        foreach (var part in packed[(packed.Length & ~7)..])
        {
            ends += part < 0x80 ? 1 : 0;
        }

        return packed.IsEmpty || packed[^1] < 0x80 ? ends : throw Error(message, end, $"field {field.Name} that breaks off within a number", "whole numbers");
    }

    private void Count(OnnxField field, int start)
    {
        if (field.Message == OnnxMessage.Node && ++_nodes > _limits.MaximumNodes)
        {
            throw Error(OnnxMessage.Graph, start, $"more than {_limits.MaximumNodes} nodes", $"at most {nameof(RnnImportLimits.MaximumNodes)}");
        }

        if (field.Message == OnnxMessage.Tensor && ++_tensors > _limits.MaximumTensors)
        {
            throw Error(OnnxMessage.Graph, start, $"more than {_limits.MaximumTensors} tensors", $"at most {nameof(RnnImportLimits.MaximumTensors)}");
        }

        Items(field.Message, start, 1);
    }

    private void Items(OnnxMessage message, int start, int count)
    {
        if ((_items += count) > _maximumItems)
        {
            throw Error(message, start, $"more than {_maximumItems} messages and texts",
                $"at most {ItemsPerNode} for each node and tensor that {nameof(RnnImportLimits.MaximumNodes)} and {nameof(RnnImportLimits.MaximumTensors)} allow");
        }
    }

    private readonly void Elements(OnnxMessage message, OnnxField field, int start, long count)
    {
        if (count > _limits.MaximumElements)
        {
            throw Error(message, start, $"{count} elements of {field.Name}", $"at most {_limits.MaximumElements} ({nameof(RnnImportLimits.MaximumElements)})");
        }
    }

    private void ElementBytes(OnnxMessage message, int start, long bytes)
    {
        if ((_elementBytes += bytes) > _limits.MaximumTensorBytes)
        {
            throw Error(message, start, $"more than {_limits.MaximumTensorBytes} bytes of numbers and texts", $"at most {nameof(RnnImportLimits.MaximumTensorBytes)}");
        }
    }

    private static RnnImportException Error(OnnxMessage message, int position, string found, string expected) =>
        new($"ONNX file, byte {position}, {message}", found, expected);
}
