using System.Diagnostics;
using System.Text;
using RnnRuntime.Cli.Interop;

namespace RnnRuntime.Cli;

/// <summary>
/// Writes characters to standard output as they are made: through a buffer that is handed over when it is full or has waited a moment.
/// Writing allocates nothing.
/// </summary>
internal sealed class TextOutput
{
    private static readonly long MaxWait = Stopwatch.Frequency / 50;

    private readonly StandardOutput _output = new();
    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[][] _utf8;
    private int _length;
    private long _lastFlush = Stopwatch.GetTimestamp();

    public TextOutput(IEnumerable<Rune> characters) =>
        _utf8 = [.. characters.Select(character => Encoding.UTF8.GetBytes(character.ToString()))];

    /// <summary>The reader has gone away; what is written from now on is dropped.</summary>
    public bool IsClosed { get; private set; }

    public void Write(int character)
    {
        var bytes = _utf8[character];
        if (_length + bytes.Length > _buffer.Length)
        {
            Flush();
        }

        bytes.CopyTo(_buffer, _length);
        _length += bytes.Length;
        if (Stopwatch.GetTimestamp() - _lastFlush > MaxWait)
        {
            Flush();
        }
    }

    public void Flush()
    {
        IsClosed = IsClosed || !_output.Write(_buffer.AsSpan(0, _length));
        _length = 0;
        _lastFlush = Stopwatch.GetTimestamp();
    }
}
