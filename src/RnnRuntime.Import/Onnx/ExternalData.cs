using Microsoft.Win32.SafeHandles;

namespace RnnRuntime.Import.Onnx;

/// <summary>Tensor data in files beside the model. No path leaves the model's folder, neither by its text nor through a link. Single-threaded.</summary>
/// <param name="folder">The model's folder, empty for the current one; null refuses all external data.</param>
/// <param name="maximumFileBytes">What each file may hold.</param>
internal sealed class ExternalData(string? folder, long maximumFileBytes) : IDisposable
{
    private const int MaximumLinks = 40;

    private string? _location;
    private SafeFileHandle? _file;
    private long _length;

    /// <summary>Reads a part of a file.</summary>
    /// <param name="tensor">How errors name the tensor.</param>
    /// <param name="location">The file, relative to the folder.</param>
    /// <param name="offset">Where the data begins.</param>
    /// <param name="length">Its length as the model says it; null: up to the file's end.</param>
    /// <param name="expected">Bytes that the tensor takes.</param>
    public byte[] Read(string tensor, string location, long offset, long? length, int expected)
    {
        var where = $"{tensor}, external data '{OnnxReader.Show(location)}'";
        try
        {
            var file = Open(where, location);
            if (offset < 0 || offset > _length || (length is { } known && (known < 0 || known > _length - offset)))
            {
                throw new RnnImportException(where, $"offset {offset} and length {(length is { } said ? said : "to the end")}", $"a part of the file, which has {_length} bytes");
            }

            if ((length ?? (_length - offset)) is var bytes && bytes != expected)
            {
                throw new RnnImportException(where, $"{bytes} bytes", $"{expected}, what its type and shape take");
            }

            var data = GC.AllocateUninitializedArray<byte>(expected);
            for (var done = 0; done < expected;)
            {
                var read = RandomAccess.Read(file, data.AsSpan(done), offset + done);
                done += read > 0 ? read : throw new RnnImportException(where, $"{done} bytes", $"{expected}; the file became shorter while it was read");
            }

            return data;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new RnnImportException(where, $"a file that cannot be read ({error.Message})", "a readable file in the model's folder", error);
        }
    }

    public void Dispose() => _file?.Dispose();

    private SafeFileHandle Open(string where, string location)
    {
        if (_file is not null && location == _location)
        {
            return _file;
        }

        var path = Resolve(where, location);
        _file?.Dispose();
        _file = null;
        // Opening a pipe would wait for its writer; no pipe, socket or device has a length.
        if (new FileInfo(path) is var info && (!info.Exists || info.Length == 0))
        {
            throw new RnnImportException(where, info.Exists ? "an empty file" : "no such file", "a file with the tensor's data in the model's folder");
        }

        var file = File.OpenHandle(path);
        try
        {
            _length = RandomAccess.GetLength(file);
            if (_length > maximumFileBytes)
            {
                throw new RnnImportException(where, $"{_length} bytes", $"at most {maximumFileBytes} ({nameof(RnnImportLimits.MaximumFileBytes)})");
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _location = location;
        return _file = file;
    }

    private string Resolve(string where, string location)
    {
        if (folder is null)
        {
            throw new RnnImportException(where, "data outside of the model's bytes", "a model that is opened as a file, or one that holds its tensors");
        }

        // The text rules are the same on every system: a drive or a backslash is no part of a POSIX path that stays below a folder.
        var parts = location.Split('/');
        if (location.Length is 0 or > 4096 || location.AsSpan().ContainsAny("\\:\0") || parts.Any(part => part is "" or "..") || parts[^1] == ".")
        {
            throw new RnnImportException(where, "this path", "a relative path with '/' that stays in the model's folder");
        }

        var root = Follow(where, Path.GetFullPath(folder.Length == 0 ? "." : folder));
        var path = Follow(where, Path.Combine([root, .. parts.Where(part => part != ".")]));
        var below = Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar;
        return path.StartsWith(below, StringComparison.Ordinal)
            ? path
            : throw new RnnImportException(where, "a link that leads out of the model's folder", "a file in it; copy the file there");
    }

    /// <summary>The full path without links.</summary>
    private static string Follow(string where, string fullPath)
    {
        var root = Path.GetPathRoot(fullPath)!;
        var rest = new Stack<string>(Parts(fullPath[root.Length..]));
        var path = root;
        for (var links = 0; rest.TryPop(out var part);)
        {
            if (part == "..")
            {
                path = Path.GetDirectoryName(path) ?? path;
                continue;
            }

            var next = Path.Combine(path, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                path = next;
                continue;
            }

            if (++links > MaximumLinks)
            {
                throw new RnnImportException(where, $"more than {MaximumLinks} links on its way", "a file in the model's folder");
            }

            if (Path.IsPathRooted(target))
            {
                path = Path.GetPathRoot(target)!;
                target = target[path.Length..];
            }

            foreach (var component in Parts(target))
            {
                rest.Push(component);
            }
        }

        return path;
    }

    /// <summary>The components, last first.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse();
}
