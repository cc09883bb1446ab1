using System.Runtime.InteropServices;

namespace RnnRuntime.Memory;

/// <summary>
/// Pages of 2 MB for weights that exceed the caches: with pages of 4 KB, address translation takes a sixth of the read bandwidth of a last-level cache
/// (measured at 16 MB). A wish: where the system has none, or is another than Linux, pages stay as they are.
/// </summary>
internal static unsafe partial class HugePages
{
    private const nint PageBytes = 2 << 20;
    private const int MadvHugepage = 14;

    /// <summary>The alignment of a block of this length, so that its pages can be large ones.</summary>
    public static nint Alignment(nint length) => Serves(length) ? PageBytes : AlignedBlock.Alignment;

    /// <summary>Asks for large pages in a block that starts at <see cref="Alignment"/> and has not been touched yet; its end keeps small ones.</summary>
    public static void Request(byte* start, nint length)
    {
        if (Serves(length))
        {
            try
            {
                _ = Advise(start, (nuint)(length / PageBytes * PageBytes), MadvHugepage);
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
            {
                // A system whose C library has another name.
            }
        }
    }

    private static bool Serves(nint length) => length >= 2 * PageBytes && OperatingSystem.IsLinux();

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
