using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace RnnRuntime.Memory;

/// <summary>
/// A whole file mapped read-only. <see cref="MemoryManager{T}.Memory"/> keeps it alive, a span does not: hold the memory, or the graph
/// that holds it, for as long as a span of it is in use. After Dispose its spans are gone and asking for one throws. The operating system
/// faults a reader whose file is shortened meanwhile.
/// </summary>
internal sealed unsafe class MappedFile : MemoryManager<byte>
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly int _length;
    private byte* _pointer;
    private bool _disposed;

    /// <summary>Maps a file.</summary>
    /// <exception cref="IOException">The file cannot be opened; among these <see cref="FileNotFoundException"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or the path is a directory.</exception>
    /// <exception cref="RnnFormatException">The file is longer than a span can be.</exception>
    public MappedFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (!stream.CanSeek)
        {
            throw new IOException($"'{path}' is not a regular file; only a regular file can be mapped.");
        }

        if (stream.Length > int.MaxValue)
        {
            throw new RnnFormatException("file", "length", $"{stream.Length} bytes", $"at most {int.MaxValue} bytes");
        }

        _length = (int)stream.Length;
        if (_length == 0)
        {
            return;
        }

        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, _length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(0, _length, MemoryMappedFileAccess.Read);
        // Not AcquirePointer: its count would have to be given back by a finalizer here. The view's handle frees the mapping by itself.
        _pointer = (byte*)_view.SafeMemoryMappedViewHandle.DangerousGetHandle() + _view.PointerOffset;
    }

    /// <summary>The bytes. The pages are read-only: writing to them ends the process.</summary>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new Span<byte>(_pointer, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle(_pointer + elementIndex, pinnable: this);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        _pointer = null;
        if (disposing)
        {
            _view?.Dispose();
            _file?.Dispose();
        }
    }
}
