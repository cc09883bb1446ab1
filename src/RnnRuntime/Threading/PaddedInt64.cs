using System.Runtime.InteropServices;

namespace RnnRuntime.Threading;

/// <summary>A number on a cache line of its own, and on a pair of lines of its own, since processors fetch them in pairs.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedInt64
{
    [FieldOffset(128)]
    public long Value;
}
