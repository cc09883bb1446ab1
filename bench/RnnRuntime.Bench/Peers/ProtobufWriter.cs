using System.Runtime.InteropServices;
using System.Text;

namespace RnnRuntime.Bench.Peers;

/// <summary>The part of the protobuf wire format that an ONNX model needs: varints, and length-prefixed strings, bytes and messages.</summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int LengthPrefixedType = 2;

    private readonly MemoryStream _stream = new();

    internal ProtobufWriter Varint(int field, long value)
    {
        Tag(field, VarintType);
        Raw((ulong)value);
        return this;
    }

    internal ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    internal ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, LengthPrefixedType);
        Raw((ulong)value.Length);
        _stream.Write(value);
        return this;
    }

    internal ProtobufWriter Values<T>(int field, ReadOnlySpan<T> values)
        where T : unmanaged => Bytes(field, MemoryMarshal.AsBytes(values));

    internal ProtobufWriter Message(int field, ProtobufWriter message) => Bytes(field, message._stream.GetBuffer().AsSpan(0, (int)message._stream.Length));

    internal byte[] ToArray() => _stream.ToArray();

    private void Tag(int field, int wireType) => Raw(((ulong)field << 3) | (uint)wireType);

    private void Raw(ulong value)
    {
        while (value >= 0x80)
        {
            _stream.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        _stream.WriteByte((byte)value);
    }
}
