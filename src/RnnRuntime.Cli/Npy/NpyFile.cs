using RnnRuntime.Cli.Files;

namespace RnnRuntime.Cli.Npy;

/// <summary>NumPy .npy files, <see cref="NpyType.All">little-endian numbers</see> in either order; written as version 1.0, row-major.</summary>
internal static class NpyFile
{
    /// <summary>Of one file, header and all.</summary>
    private const int Limit = int.MaxValue - (1 << 20);

    public static NpyArray Read(string path, string argument = "")
    {
        var file = new InputFile(argument, path);
        file.Check("a NumPy file");
        return Parse(file.ReadAll(Limit), path);
    }

    /// <summary>An array of a .npy file, or the one of this name in a .npz archive.</summary>
    public static NpyArray Read(string path, string argument, string name)
    {
        var file = new InputFile(argument, path);
        file.Check("a NumPy file");
        var bytes = file.ReadAll(Limit);
        return NpzFile.IsArchive(bytes) ? NpzFile.Find(bytes, name, path) : Parse(bytes, path);
    }

    public static NpyArray Parse(ReadOnlySpan<byte> file, string source)
    {
        var header = NpyHeader.Parse(file, source);
        var data = file[header.DataOffset..];
        var expected = header.Count * header.Type.Size;
        if (data.Length != expected)
        {
            throw new CliException(
                $"{source}: {data.Length} bytes of data; shape [{string.Join(", ", header.Shape)}] of {header.Type.Descriptor} needs {expected}");
        }

        var array = new NpyArray(header.Type, header.Shape, data.ToArray());
        return header.IsFortranOrder && header.Shape.Length > 1 ? ToRowMajor(array) : array;
    }

    public static void Write(string path, NpyArray array)
    {
        using var stream = File.Create(path);
        stream.Write(NpyHeader.Format(array));
        stream.Write(array.Data);
    }

    private static NpyArray ToRowMajor(NpyArray source)
    {
        var size = source.Type.Size;
        var target = new byte[source.Data.Length];
        var position = new int[source.Shape.Length];
        for (var from = 0; from < source.Count; from++)
        {
            var to = 0;
            for (var axis = 0; axis < position.Length; axis++)
            {
                to = (to * source.Shape[axis]) + position[axis];
            }

            source.Data.AsSpan(from * size, size).CopyTo(target.AsSpan(to * size));
            for (var axis = 0; axis < position.Length && ++position[axis] == source.Shape[axis]; axis++)
            {
                position[axis] = 0;
            }
        }

        return source with { Data = target };
    }
}
