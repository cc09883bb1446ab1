using System.Runtime.InteropServices;

namespace RnnRuntime.Cli.Interop;

/// <summary>
/// Standard output as bytes. On Unix this is <c>write(2)</c> through a function pointer: the console's stream hides that a pipe is broken, so
/// that an endless text would never stop, and allocates when its call is bound; a file stream keeps a position of its own, which loses
/// text in a file that others write to.
/// </summary>
internal sealed unsafe class StandardOutput
{
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private static readonly int TryAgain = OperatingSystem.IsLinux() ? 11 : 35;

    private readonly delegate* unmanaged<int, byte*, nint, nint> _write;
    private readonly Stream? _console;

    public StandardOutput()
    {
        if (!OperatingSystem.IsWindows() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "write", out var write))
        {
            _write = (delegate* unmanaged<int, byte*, nint, nint>)write;
        }
        else
        {
            _console = Console.OpenStandardOutput();
        }
    }

    /// <summary>Writes all bytes. False when the reader has gone away.</summary>
    /// <exception cref="IOException">The bytes cannot be written for another reason.</exception>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (_console is not null)
        {
            _console.Write(bytes);
            return true;
        }

        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes)
            {
                written = _write(1, first, bytes.Length);
            }

            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            var error = Marshal.GetLastSystemError();
            if (error == BrokenPipe)
            {
                return false;
            }

            if (error == TryAgain)
            {
                Thread.Sleep(1);
            }
            else if (error != Interrupted)
            {
                throw new IOException($"standard output: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }

        return true;
    }
}
