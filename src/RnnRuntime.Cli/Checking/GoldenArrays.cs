using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Running;

namespace RnnRuntime.Cli.Checking;

/// <summary>Inputs, and maybe expected outputs, by name: a .npz archive, or a folder of .npy files.</summary>
internal static class GoldenArrays
{
    private const int Limit = int.MaxValue - (1 << 20);

    /// <param name="path">The archive or folder.</param>
    /// <param name="argument">What it is to the user, for errors: <c>--check</c> and a space.</param>
    public static List<InputArray> Read(string path, string argument)
    {
        if (Directory.Exists(path))
        {
            var files = Directory.GetFiles(path, "*.npy").Order(StringComparer.Ordinal).ToArray();
            return files.Length > 0
                ? [.. files.Select(file => new InputArray(Path.GetFileNameWithoutExtension(file), NpyFile.Read(file, argument), file))]
                : throw new CliException($"{argument}{path}: a folder of .npy files is expected; this one has none");
        }

        var archive = new InputFile(argument, path);
        archive.Check("a .npz file or a folder of .npy files");
        var bytes = archive.ReadAll(Limit);
        return NpzFile.IsArchive(bytes)
            ? [.. NpzFile.ReadAll(bytes, path).Select(array => new InputArray(array.Name, array.Array, $"{path}, {array.Name}"))]
            : throw archive.Error("not a NumPy archive (.npz)");
    }
}
