namespace RnnRuntime.Import.WeightFiles;

/// <summary>
/// Object header messages, local heaps and global heaps as PureHDF is about to parse them (HDF5 File Format Specification 3.0, III and IV.A.2).
/// PureHDF allocates what their counts say before it reads, opens the files that links and data sets name, and follows links without end: so counts
/// must fit their message, and the rest is refused. <c>null</c> is a structure that may be parsed.
/// </summary>
internal static class Hdf5Messages
{
    public const int Datatype = 0x03;
    private const int Shared = 2;

    public static string? Check(int type, int flags, ReadOnlySpan<byte> message)
    {
        if ((flags & Shared) != 0)
        {
            return "a shared header message";
        }

        var reader = new Hdf5Cursor(message);
        var refusal = type switch
        {
            Datatype => CheckDatatype(ref reader),
            0x04 => reader.UInt32() > (uint)message.Length ? "a fill value larger than its message" : null,
            0x05 => CheckFillValue(ref reader, message.Length),
            0x06 => CheckLink(ref reader, message.Length),
            0x07 => "a data set in external files",
            0x08 => reader.Byte() < 3 ? "a data layout of a version below 3" : null,
            0x0C => CheckAttribute(ref reader, message.Length),
            0x0F => "a table of shared messages",
            0x14 => "a file driver",
            _ => null,
        };
        return refusal ?? (reader.IsBeyondEnd ? $"a header message of type {type} that is cut short" : null);
    }

    /// <summary>After its signature: version, 3 reserved, size of the data segment.</summary>
    public static string? CheckLocalHeap(ReadOnlySpan<byte> rest, int fileLength)
    {
        var reader = new Hdf5Cursor(rest);
        reader.Skip(4);
        return reader.UInt64() > (ulong)fileLength || reader.IsBeyondEnd ? "a local heap larger than the file" : null;
    }

    /// <summary>After its signature: version, 3 reserved, size; then objects of index, references, 4 reserved, size and data to a multiple of 8.</summary>
    public static string? CheckGlobalHeap(ReadOnlySpan<byte> rest)
    {
        const int headerLength = 16;
        const string refusal = "a global heap larger than the file";
        var reader = new Hdf5Cursor(rest);
        reader.Skip(4);
        var size = reader.UInt64();
        if (reader.IsBeyondEnd || size < headerLength || size - 4 > (ulong)rest.Length)
        {
            return refusal;
        }

        var left = (long)size - headerLength;
        while (left > headerLength)
        {
            if (reader.UInt16() == 0)
            {
                return null;
            }

            reader.Skip(6);
            var length = reader.UInt64();
            if (reader.IsBeyondEnd || length > (ulong)left)
            {
                return refusal;
            }

            var padded = ((long)length + 7) / 8 * 8;
            reader.Skip(padded);
            left -= headerLength + padded;
        }

        return null;
    }

    /// <summary>Integers, floats, texts, and texts of variable length: types of a known length that nest at most once.</summary>
    private static string? CheckDatatype(ref Hdf5Cursor reader)
    {
        for (var level = 0; level < 2; level++)
        {
            var kind = reader.Byte() & 15;
            reader.Skip(7);
            switch (kind)
            {
                case 0:
                    reader.Skip(4);
                    return null;
                case 1:
                    reader.Skip(12);
                    return null;
                case 3:
                    return null;
                case 9:
                    break;
                default:
                    return $"a datatype of class {kind}";
            }
        }

        return "lists in lists";
    }

    private static string? CheckFillValue(ref Hdf5Cursor reader, int length)
    {
        var version = reader.Byte();
        bool hasSize;
        if (version == 3)
        {
            hasSize = (reader.Byte() & 0x30) == 0x20;
        }
        else
        {
            reader.Skip(2);
            hasSize = reader.Byte() == 1;
        }

        return hasSize && reader.UInt32() > (uint)length ? "a fill value larger than its message" : null;
    }

    private static string? CheckLink(ref Hdf5Cursor reader, int length)
    {
        reader.Skip(1);
        var flags = reader.Byte();
        var type = (flags & 8) != 0 ? reader.Byte() : 0;
        if (type != 0)
        {
            return type switch { 1 => "a soft link", 64 => "an external link", _ => $"a link of type {type}" };
        }

        reader.Skip(((flags & 4) != 0 ? 8 : 0) + ((flags & 16) != 0 ? 1 : 0));
        ulong nameLength = (flags & 3) switch { 0 => reader.Byte(), 1 => reader.UInt16(), 2 => reader.UInt32(), _ => reader.UInt64() };
        return nameLength > (ulong)length ? "a link whose name is longer than its message" : null;
    }

    private static string? CheckAttribute(ref Hdf5Cursor reader, int length)
    {
        var version = reader.Byte();
        if (reader.Byte() != 0 && version > 1)
        {
            return "an attribute of a shared type";
        }

        reader.Skip(2);
        var typeLength = reader.UInt16();
        var spaceLength = reader.UInt16();
        reader.Skip(version == 3 ? 1 : 0);
        var nameLength = 1;
        while (reader.Byte() != 0)
        {
            nameLength++;
        }

        // Version 1 pads each part to 8 bytes; PureHDF pads type and space by what their declared lengths lack.
        reader.Skip(version == 1 ? Lack(nameLength) : 0);
        var typeSize = reader.Peek32(4);
        if (CheckDatatype(ref reader) is { } refusal)
        {
            return refusal;
        }

        reader.Skip(version == 1 ? Lack(typeLength) : 0);
        var spaceVersion = reader.Byte();
        var rank = reader.Byte();
        reader.Skip(spaceVersion == 1 ? 6 : 2);
        var bytes = (UInt128)typeSize;
        for (var axis = 0; axis < rank; axis++)
        {
            bytes *= reader.UInt64();
            if (bytes > (UInt128)length)
            {
                return $"an attribute of {bytes} bytes in a message of {length} (space of {spaceLength})";
            }
        }

        return bytes > (UInt128)length ? $"an attribute of {bytes} bytes in a message of {length}" : null;
    }

    private static int Lack(int length) => (8 - (length % 8)) % 8;
}
