using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Running;

namespace RnnRuntime.Cli.Checking;

/// <summary>Inputs and expected outputs by name: a .npz archive, or a folder of .npy files.</summary>
internal static class GoldenArrays
{
    private const string Argument = "--check ";
    private const int Limit = int.MaxValue - (1 << 20);

    public static List<InputArray> Read(string path)
    {
        if (Directory.Exists(path))
        {
            var files = Directory.GetFiles(path, "*.npy").Order(StringComparer.Ordinal).ToArray();
            return files.Length > 0
                ? [.. files.Select(file => new InputArray(Path.GetFileNameWithoutExtension(file), NpyFile.Read(file, Argument), file))]
                : throw new CliException($"{Argument}{path}: a folder of .npy files is expected; this one has none");
        }

        var archive = new InputFile(Argument, path);
        archive.Check("a .npz file or a folder of .npy files");
        var bytes = archive.ReadAll(Limit);
        return NpzFile.IsArchive(bytes)
            ? [.. NpzFile.ReadAll(bytes, path).Select(array => new InputArray(array.Name, array.Array, $"{path}, {array.Name}"))]
            : throw archive.Error("not a NumPy archive (.npz)");
    }
}
