using RnnRuntime.Cli.Interop;

namespace RnnRuntime.Cli.Files;

/// <summary>Files that the user names to be read: checked before they are opened, every error names the argument and the path.</summary>
/// <param name="Argument">What stands before the path: <c>--text </c>, <c>--input x=</c>, <c>model </c>.</param>
internal readonly record struct InputFile(string Argument, string Path)
{
    /// <summary>Refuses what is not a regular file.</summary>
    /// <param name="expected">For the error: "a model file".</param>
    /// <param name="pipes">Whether a pipe will do.</param>
    public void Check(string expected, bool pipes = false)
    {
        if (Path.Length == 0)
        {
            throw new CliException($"{Argument.TrimEnd()}: {expected} is expected; found an empty path");
        }

        var problem = Status().Kind switch
        {
            FileKind.Missing => "there is no such file",
            FileKind.Directory => $"{expected} is expected; this is a directory",
            FileKind.Pipe when !pipes => $"{expected} is expected; this is a pipe",
            FileKind.Device => $"{expected} is expected; this is a device",
            _ => null,
        };
        if (problem is not null)
        {
            throw Error(problem);
        }
    }

    public FileStatus Status()
    {
        try
        {
            return FileStatus.Of(Path);
        }
        catch (IOException exception)
        {
            throw Error(exception.Message);
        }
    }

    /// <summary>All of a checked file.</summary>
    public byte[] ReadAll(int limit)
    {
        try
        {
            using var stream = File.OpenRead(Path);
            return ReadAll(stream, limit, $"{Argument}{Path}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Error(exception.Message);
        }
    }

    public static byte[] ReadAll(Stream stream, int limit, string source)
    {
        if (stream.CanSeek && stream.Length > limit)
        {
            throw new CliException($"{source}: {Text.Bytes(stream.Length)}, above the limit of {Text.Bytes(limit)}");
        }

        if (stream.CanSeek && stream.Length > 0)
        {
            var data = new byte[stream.Length];
            stream.ReadExactly(data);
            return data;
        }

        using var bytes = new MemoryStream();
        var block = new byte[1 << 16];
        for (int count; (count = stream.Read(block)) > 0;)
        {
            if (bytes.Length + count > limit)
            {
                throw new CliException($"{source}: more than the limit of {Text.Bytes(limit)}");
            }

            bytes.Write(block, 0, count);
        }

        return bytes.ToArray();
    }

    public CliException Error(string message) => new($"{Argument}{Path}: {message}");
}
