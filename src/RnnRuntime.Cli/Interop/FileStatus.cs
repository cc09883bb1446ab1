using System.Runtime.InteropServices;
using System.Text;

namespace RnnRuntime.Cli.Interop;

internal enum FileKind
{
    Missing,
    Regular,
    Directory,
    Pipe,
    Device,
}

/// <summary>
/// What a path leads to, through links, without opening it: opening a FIFO waits for its other end, and .NET's attributes do not tell one from
/// a file.
/// </summary>
/// <param name="Kind">Where the system cannot be asked, everything that is there and no directory counts as a regular file.</param>
/// <param name="Identity">The same for every path to the same file; null where nothing is there.</param>
internal readonly unsafe record struct FileStatus(FileKind Kind, string? Identity)
{
    private const int NoEntry = 2;
    private const int NotDirectory = 20;
    private const int CurrentDirectory = -100;
    private const uint BasicStatistics = 0x7FF;

    /// <exception cref="IOException">The path cannot be followed.</exception>
    public static FileStatus Of(string path)
    {
        // The larger of both structures is statx's, 256 bytes (linux/stat.h).
        var buffer = stackalloc byte[512];
        var kernel = NativeLibrary.GetMainProgramHandle();
        int result;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(kernel, "statx", out var statx))
            {
                result = ((delegate* unmanaged<int, byte*, int, uint, byte*, int>)statx)(CurrentDirectory, name, 0, BasicStatistics, buffer);
            }
            else if (OperatingSystem.IsMacOS() && NativeLibrary.TryGetExport(kernel, RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "stat$INODE64" : "stat", out var stat))
            {
                result = ((delegate* unmanaged<byte*, byte*, int>)stat)(name, buffer);
            }
            else
            {
                return Guess(path);
            }
        }

        if (result != 0)
        {
            var error = Marshal.GetLastSystemError();
            return error is NoEntry or NotDirectory ? new FileStatus(FileKind.Missing, null) : throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }

        // Linux: mode at 28, inode at 32, device at 136 and 140. macOS: device at 0, mode at 4, inode at 8.
        var isLinux = OperatingSystem.IsLinux();
        var mode = *(ushort*)(buffer + (isLinux ? 28 : 4));
        var inode = *(ulong*)(buffer + (isLinux ? 32 : 8));
        var device = isLinux ? *(ulong*)(buffer + 136) : *(uint*)buffer;
        return new FileStatus(KindOf(mode), $"{device}:{inode}");
    }

    private static FileStatus Guess(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        return info.Exists
            ? new FileStatus(info is FileInfo ? FileKind.Regular : FileKind.Directory, (info.ResolveLinkTarget(returnFinalTarget: true) ?? info).FullName)
            : new FileStatus(FileKind.Missing, null);
    }

    private static FileKind KindOf(int mode) => (mode & 0xF000) switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        0x1000 or 0xC000 => FileKind.Pipe,
        _ => FileKind.Device,
    };
}
