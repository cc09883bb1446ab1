using System.Runtime.InteropServices;

namespace RnnRuntime.Threading;

/// <summary>What callers alone touch; on a pair of lines of its own, since processors fetch them in pairs, as all of these.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct CallerLine
{
    /// <summary>1 while a caller has the team.</summary>
    [FieldOffset(0)]
    public int Taken;

    /// <summary>The first phase of the next work.</summary>
    [FieldOffset(8)]
    public long NextPhase;
}

/// <summary>What a caller tells workers, on one line.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct CallLine
{
    /// <summary>The phase that may be worked on; written last.</summary>
    [FieldOffset(0)]
    public long Phase;

    /// <summary>The first phase of the work at hand.</summary>
    [FieldOffset(8)]
    public long First;

    /// <summary>One behind its last.</summary>
    [FieldOffset(16)]
    public long End;

    [FieldOffset(24)]
    public int Parts;
}

/// <summary>Where a part stands. Each number is on lines of its own: the caller polls one, the worker changes another.</summary>
[StructLayout(LayoutKind.Explicit, Size = 384)]
internal struct PartLine
{
    /// <summary>The last phase whose part is claimed.</summary>
    [FieldOffset(0)]
    public long Claim;

    /// <summary>The last phase whose part is done.</summary>
    [FieldOffset(128)]
    public long Done;

    /// <summary>1 while the part's worker waits in the kernel, or is about to.</summary>
    [FieldOffset(256)]
    public int Parked;
}
