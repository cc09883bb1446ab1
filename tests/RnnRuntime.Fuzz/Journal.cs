using System.IO.MemoryMappedFiles;
using System.Text;

namespace RnnRuntime.Fuzz;

/// <summary>The mutant at work, in a mapped file: what it says outlives a process that the mutant ends.</summary>
internal sealed class Journal : IDisposable
{
    private const int Length = 256;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte[] _line = new byte[Length];

    public Journal(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Length);
        _view = _file.CreateViewAccessor();
    }

    public void Write(string format, int seed, int index)
    {
        _line.AsSpan().Fill((byte)' ');
        Encoding.UTF8.GetBytes($"--format {format} --seed {seed} --only {index}", _line);
        _line[^1] = (byte)'\n';
        _view.WriteArray(0, _line, 0, Length);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
