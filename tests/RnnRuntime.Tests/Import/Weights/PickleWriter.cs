using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RnnRuntime.Tests.Import;

/// <summary>Writes pickles opcode by opcode, and the two containers of PyTorch round them.</summary>
internal sealed class PickleWriter
{
    private readonly MemoryStream _bytes = new();

    public PickleWriter() => Op(0x80).Op(2);

    public static byte[] Magic => [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public PickleWriter Op(int value)
    {
        _bytes.WriteByte((byte)value);
        return this;
    }

    public PickleWriter Op(string text)
    {
        _bytes.Write(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public PickleWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op('X').Raw32(bytes.Length).Op(text);
    }

    public PickleWriter Integer(int value) => Op('J').Raw32(value);

    public PickleWriter Long(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Op(0x8A).Op(8);
        _bytes.Write(bytes);
        return this;
    }

    public PickleWriter Tuple(params long[] values)
    {
        Op('(');
        foreach (var value in values)
        {
            Long(value);
        }

        return Op('t');
    }

    public PickleWriter Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleWriter EmptyOrderedDict() => Global("collections", "OrderedDict").Op(")R");

    public PickleWriter Storage(string type, string key, long count) =>
        Op('(').Text("storage").Global("torch", type).Text(key).Text("cpu").Long(count).Op("tQ");

    public PickleWriter Tensor(string type, string key, long count, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(type, key, count).Long(offset).Tuple(shape).Tuple(strides)
            .Op(0x89).EmptyOrderedDict().Op("tR");

    public byte[] End()
    {
        Op('.');
        return _bytes.ToArray();
    }

    /// <summary>A zip container of the pickle and storages.</summary>
    public byte[] Zip(params (string Name, byte[] Data)[] entries) => Zip(CompressionLevel.NoCompression, entries);

    public byte[] Zip(CompressionLevel level, params (string Name, byte[] Data)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, data) in entries.Prepend(("data.pkl", End())))
            {
                using var entry = zip.CreateEntry($"archive/{name}", level).Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }

    /// <summary>A legacy container of the pickle and storages of elements of the given size.</summary>
    public byte[] Legacy(int elementSize, params (string Key, byte[] Data)[] storages)
    {
        using var stream = new MemoryStream();
        stream.Write(Magic);
        stream.Write(new PickleWriter().Integer(1001).End());
        stream.Write(new PickleWriter().Op('}').Text("little_endian").Op(0x88).Op('s').End());
        stream.Write(End());
        var keys = new PickleWriter().Op("](");
        foreach (var (key, _) in storages)
        {
            keys.Text(key);
        }

        stream.Write(keys.Op('e').End());
        foreach (var (_, data) in storages)
        {
            stream.Write(BitConverter.GetBytes((long)(data.Length / elementSize)));
            stream.Write(data);
        }

        return stream.ToArray();
    }

    private PickleWriter Raw32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }
}
