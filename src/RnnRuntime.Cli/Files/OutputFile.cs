using RnnRuntime.Cli.Interop;

namespace RnnRuntime.Cli.Files;

/// <summary>
/// A file that the user names to be written. It is complete before it takes its name: a failure leaves what was there. Links are followed to
/// their end; only nothing or a regular file is replaced.
/// </summary>
internal sealed class OutputFile
{
    private readonly string _argument;
    private readonly string _path;
    private readonly string _target;

    /// <param name="argument">What stands before the path: <c>--output y=</c>.</param>
    /// <param name="path">The path as given.</param>
    /// <exception cref="CliException">The path cannot be written.</exception>
    public OutputFile(string argument, string path)
    {
        (_argument, _path) = (argument, path);
        if (path.Length == 0)
        {
            throw new CliException($"{argument.TrimEnd()}: a file is expected; found an empty path");
        }

        FileStatus status;
        try
        {
            status = FileStatus.Of(path);
            var named = new FileInfo(path);
            _target = named.LinkTarget is null ? named.FullName : named.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Error(exception.Message);
        }

        if (status.Kind is not (FileKind.Missing or FileKind.Regular))
        {
            throw Error($"a regular file is expected; this is a {status.Kind.ToString().ToLowerInvariant()}");
        }

        if (Path.EndsInDirectorySeparator(_target))
        {
            throw Error("a file is expected; this names a directory");
        }

        var directory = Path.GetDirectoryName(_target)!;
        if (!Directory.Exists(directory))
        {
            throw Error($"there is no directory {directory}");
        }

        if (status.Kind == FileKind.Regular && File.GetAttributes(_target).HasFlag(FileAttributes.ReadOnly))
        {
            throw Error("the file is read-only");
        }

        Identity = status.Identity ?? $"{FileStatus.Of(directory).Identity}/{Path.GetFileName(_target)}";
    }

    /// <summary>The same for two paths to the same file, there already or not.</summary>
    public string Identity { get; }

    /// <summary>Whether both would replace the same file.</summary>
    public bool IsSameAs(string? identity) => string.Equals(
        Identity, identity, OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <param name="write">Creates the file whose path it is given.</param>
    public void Write(Action<string> write)
    {
        var partial = Path.Combine(Path.GetDirectoryName(_target)!, $".rnn-{Guid.NewGuid():N}.partial");
        try
        {
            write(partial);
            if (!OperatingSystem.IsWindows() && File.Exists(_target))
            {
                File.SetUnixFileMode(partial, File.GetUnixFileMode(_target));
            }

            File.Move(partial, _target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Such as /proc: the directory is there, and the message speaks of a file that cannot be found.
            throw Error(exception is FileNotFoundException
                ? $"cannot be written: no file can be made in {Path.GetDirectoryName(_target)}"
                : $"cannot be written: {exception.Message.Replace(partial, _target, StringComparison.Ordinal)}");
        }
        finally
        {
            Delete(partial);
        }
    }

    public CliException Error(string message) => new($"{_argument}{_path}: {message}");

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that matters is the one that is on its way.
        }
    }
}
