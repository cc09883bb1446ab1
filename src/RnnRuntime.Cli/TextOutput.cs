using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace RnnRuntime.Cli;

/// <summary>
/// Writes characters to standard output as they are made: through a buffer that is handed over when it is full or has waited a moment.
/// Writing allocates nothing.
/// </summary>
internal sealed class TextOutput
{
    private const int BrokenPipe = 32;
    private static readonly long MaxWait = Stopwatch.Frequency / 50;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[][] _utf8;
    private int _length;
    private long _lastFlush = Stopwatch.GetTimestamp();

    public TextOutput(IEnumerable<Rune> characters)
    {
        _utf8 = [.. characters.Select(character => Encoding.UTF8.GetBytes(character.ToString()))];
        _stream = OpenStandardOutput();
    }

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
        try
        {
            if (!IsClosed)
            {
                _stream.Write(_buffer.AsSpan(0, _length));
                _stream.Flush();
            }
        }
        catch (IOException exception) when (exception.HResult == BrokenPipe)
        {
            IsClosed = true;
        }

        _length = 0;
        _lastFlush = Stopwatch.GetTimestamp();
    }

    private static Stream OpenStandardOutput()
    {
        // The console's stream hides that a pipe is broken, so that an endless text would never stop. A file stream tells, but keeps
        // a position of its own and so must not be used where output goes to a file that others append to.
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return stream;
            }
        }

        return Console.OpenStandardOutput();
    }
}
