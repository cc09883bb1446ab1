using System.Buffers.Binary;

namespace RnnRuntime.Import.WeightFiles;

/// <summary>Little-endian integers one after another. Beyond the end it reads 0 and says so.</summary>
internal ref struct Hdf5Cursor(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    public bool IsBeyondEnd { get; private set; }

    public byte Byte() => Take(1) is [var value] ? value : (byte)0;

    public ushort UInt16() => Take(2) is { Length: 2 } taken ? BinaryPrimitives.ReadUInt16LittleEndian(taken) : (ushort)0;

    public uint UInt32() => Take(4) is { Length: 4 } taken ? BinaryPrimitives.ReadUInt32LittleEndian(taken) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } taken ? BinaryPrimitives.ReadUInt64LittleEndian(taken) : 0;

    /// <summary>The integer some bytes ahead, without moving.</summary>
    public readonly uint Peek32(int ahead) =>
        _bytes.Length - _position >= ahead + 4 ? BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(_position + ahead)..]) : 0;

    public void Skip(long count) => Take(count);

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _bytes.Length - _position)
        {
            IsBeyondEnd = true;
            _position = _bytes.Length;
            return default;
        }

        var taken = _bytes.Slice(_position, (int)count);
        _position += (int)count;
        return taken;
    }
}
