using System.Buffers.Binary;
using System.Text;

namespace RnnRuntime.Cli.Npy;

/// <summary>
/// The header of a NumPy file, versions 1.0, 2.0 and 3.0: magic, version, length, and a Python dictionary with exactly the keys
/// <c>descr</c>, <c>fortran_order</c> and <c>shape</c>. Source: numpy/lib/format.py, "NPY format".
/// </summary>
internal sealed record NpyHeader(NpyType Type, bool IsFortranOrder, int[] Shape, int Count, int DataOffset)
{
    private const int MaxRank = 32;
    private const int MaxHeaderBytes = 1 << 16;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public static NpyHeader Parse(ReadOnlySpan<byte> file, string source)
    {
        if (file.Length < 10 || !file.StartsWith(Magic))
        {
            throw new CliException($"{source}: not a NumPy file: it does not begin with \\x93NUMPY, a version and a header length");
        }

        var (major, minor) = (file[6], file[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new CliException($"{source}: NumPy format version {major}.{minor}; 1.0, 2.0 or 3.0 is expected");
        }

        var start = major == 1 ? 10 : 12;
        if (file.Length < start)
        {
            throw new CliException($"{source}: the file ends inside the header length");
        }

        long length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        if (length > MaxHeaderBytes || length > file.Length - start)
        {
            throw new CliException($"{source}: a header of {length} bytes in a file of {file.Length}; at most {Math.Min(MaxHeaderBytes, file.Length - start)} are possible");
        }

        var header = file.Slice(start, (int)length);
        return Parse(Encoding.Latin1.GetString(header), source, start + (int)length);
    }

    public static byte[] Format(NpyArray array)
    {
        var shape = array.Shape.Length == 1 ? $"({array.Shape[0]},)" : $"({string.Join(", ", array.Shape)})";
        var text = $"{{'descr': '{array.Type.Descriptor}', 'fortran_order': False, 'shape': {shape}, }}";
        var total = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var header = new byte[total];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text.PadRight(total - 11) + "\n", header.AsSpan(10));
        return header;
    }

    private static NpyHeader Parse(string text, string source, int dataOffset)
    {
        var literal = new PythonLiteral(text, source);
        NpyType? type = null;
        bool? fortran = null;
        int[]? shape = null;
        literal.Expect('{');
        while (!literal.TryTake('}'))
        {
            var key = literal.TakeString();
            literal.Expect(':');
            switch (key)
            {
                case "descr" when type is null:
                    type = ParseType(literal.TakeString(), source);
                    break;
                case "fortran_order" when fortran is null:
                    fortran = literal.TakeBoolean();
                    break;
                case "shape" when shape is null:
                    shape = literal.TakeTuple(MaxRank);
                    break;
                default:
                    throw new CliException($"{source}: unexpected or repeated key '{Text.OneLine(key, 30)}' in the header; descr, fortran_order and shape are expected once each");
            }

            if (!literal.TryTake(','))
            {
                literal.Expect('}');
                break;
            }
        }

        literal.ExpectEnd();
        if (type is null || fortran is null || shape is null)
        {
            throw new CliException($"{source}: the header lacks {(type is null ? "descr" : fortran is null ? "fortran_order" : "shape")}");
        }

        return new NpyHeader(type, fortran.Value, shape, CountOf(shape, type, source), dataOffset);
    }

    private static NpyType ParseType(string descriptor, string source) =>
        NpyType.All.FirstOrDefault(type => type.Descriptor == descriptor)
        ?? throw new CliException(
            $"{source}: element type '{Text.OneLine(descriptor, 30)}' cannot be read; expected one of {string.Join(", ", NpyType.All.Select(type => type.Descriptor))}");

    private static int CountOf(int[] shape, NpyType type, string source)
    {
        var count = 1L;
        foreach (var dimension in shape)
        {
            // Both factors are below 2^31, so this cannot overflow.
            count *= dimension;
            if (count > int.MaxValue / type.Size)
            {
                throw new CliException(
                    $"{source}: shape [{string.Join(", ", shape)}] of {type.Descriptor} is above the limit of 2 GiB");
            }
        }

        return (int)count;
    }
}
