using System.Runtime.InteropServices;

namespace RnnRuntime.Bench.Interop;

/// <summary>Which processors a thread may run on (Linux; elsewhere threads run where the system puts them).</summary>
internal static unsafe class Processors
{
    private const int MaskBytes = 128;

    /// <summary>Those of the process as it was started.</summary>
    internal static IReadOnlyList<int> Allowed { get; } = Read();

    /// <summary>Keeps the calling thread, and threads that it starts from now on, on one processor.</summary>
    internal static void Pin(int processor)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[processor / 8] = (byte)(1 << (processor % 8));
        if (sched_setaffinity(0, MaskBytes, mask) != 0)
        {
            throw new InvalidOperationException($"The thread cannot be kept on processor {processor}.");
        }
    }

    /// <summary>Keeps every thread that the process has, and those that they start from now on, on one processor.</summary>
    internal static void PinAll(int processor)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        mask[processor / 8] = (byte)(1 << (processor % 8));
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            // One that has ended meanwhile needs nothing.
            _ = sched_setaffinity(int.Parse(Path.GetFileName(thread), System.Globalization.CultureInfo.InvariantCulture), MaskBytes, mask);
        }
    }

    /// <summary>How often the system has taken the processor from the calling thread to give it to another; 0 where it does not tell.</summary>
    internal static long Preemptions()
    {
        const int OwnThread = 1;
        const int UsageWords = 36;
        const int InvoluntarySwitches = 17;
        long* usage = stackalloc long[UsageWords];
        return OperatingSystem.IsLinux() && getrusage(OwnThread, usage) == 0 ? usage[InvoluntarySwitches] : 0;
    }

    private static int[] Read()
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        if (!OperatingSystem.IsLinux() || sched_getaffinity(0, MaskBytes, mask) < 0)
        {
            return [.. Enumerable.Range(0, Environment.ProcessorCount)];
        }

        var allowed = new List<int>();
        for (int processor = 0; processor < 8 * MaskBytes; processor++)
        {
            if ((mask[processor / 8] >> (processor % 8) & 1) != 0)
            {
                allowed.Add(processor);
            }
        }

        return [.. allowed];
    }

#pragma warning disable IDE1006 // names of the C library
    [DllImport("libc")]
    private static extern int sched_setaffinity(int thread, nint bytes, byte* mask);

    [DllImport("libc")]
    private static extern int getrusage(int who, long* usage);

    [DllImport("libc")]
    private static extern int sched_getaffinity(int thread, nint bytes, byte* mask);
#pragma warning restore IDE1006
}
