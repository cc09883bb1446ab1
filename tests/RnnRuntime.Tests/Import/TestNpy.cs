using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import;

/// <summary>Reads golden arrays: NumPy 1.0 to 3.0, row-major, little-endian. Files that it reads are trusted.</summary>
internal static partial class TestNpy
{
    public static HostTensor Read(string path)
    {
        var file = File.ReadAllBytes(path);
        if (file[0] != 0x93 || !file.AsSpan(1).StartsWith("NUMPY"u8))
        {
            throw new InvalidDataException($"{path} is not a NumPy file.");
        }

        var start = file[6] == 1 ? 10 : 12;
        var length = start == 10 ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8)) : BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(8));
        var header = Encoding.Latin1.GetString(file, start, length);
        var (descriptor, order, extents) = (Find(Descriptor(), header, path), Find(Order(), header, path), Find(Extents(), header, path));
        ImmutableArray<int> shape =
            [.. extents.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        var tensor = new HostTensor(TypeOf(descriptor, path), shape, file.AsMemory(start + length));
        return order == "True" && shape.Length > 1 ? RowMajor(tensor) : tensor;
    }

    /// <summary>The same tensor where the file has the first axis innermost.</summary>
    private static HostTensor RowMajor(HostTensor columnMajor)
    {
        var size = HostTensor.SizeOf(columnMajor.Type);
        var data = new byte[columnMajor.Data.Length];
        for (var i = 0; i < columnMajor.Count; i++)
        {
            var (rest, source) = (i, 0);
            for (var axis = columnMajor.Rank - 1; axis >= 0; axis--)
            {
                (rest, var index) = Math.DivRem(rest, columnMajor.Shape[axis]);
                source += index * columnMajor.Shape[..axis].Aggregate(1, (product, extent) => product * extent);
            }

            columnMajor.Data.Span.Slice(source * size, size).CopyTo(data.AsSpan(i * size));
        }

        return new HostTensor(columnMajor.Type, columnMajor.Shape, data);
    }

    private static ElementType TypeOf(string descriptor, string path) => descriptor[1..] switch
    {
        _ when descriptor[0] == '>' => throw new InvalidDataException($"{path} is big-endian."),
        "f4" => ElementType.Float32,
        "f8" => ElementType.Float64,
        "f2" => ElementType.Float16,
        "i1" => ElementType.Int8,
        "i2" => ElementType.Int16,
        "i4" => ElementType.Int32,
        "i8" => ElementType.Int64,
        "u1" => ElementType.UInt8,
        "u2" => ElementType.UInt16,
        "u4" => ElementType.UInt32,
        "u8" => ElementType.UInt64,
        "b1" => ElementType.Bool,
        _ => throw new InvalidDataException($"{path} holds {descriptor}."),
    };

    private static string Find(Regex pattern, string header, string path)
    {
        var match = pattern.Match(header);
        return match.Success ? match.Groups[1].Value : throw new InvalidDataException($"{path}: no {pattern} in {header}.");
    }

    [GeneratedRegex("'descr': *'([^']+)'")]
    private static partial Regex Descriptor();

    [GeneratedRegex("'fortran_order': *(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape': *\(([^)]*)\)")]
    private static partial Regex Extents();
}
