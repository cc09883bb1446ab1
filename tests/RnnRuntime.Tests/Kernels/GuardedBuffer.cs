using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Which side of the memory no access may cross.</summary>
public enum GuardSide
{
    End,
    Start,
}

/// <summary>
/// Memory that touches a page without access rights: reading or writing one byte too far ends the process. The other side, and what
/// alignment leaves free beside the guard, hold a pattern (all ones: NaN as float) that <see cref="CheckBorders"/> looks for.
/// </summary>
internal sealed unsafe partial class GuardedBuffer(GuardSide side) : IDisposable
{
    private const int Border = 64;
    private const byte Pattern = 0xFF;

    private static readonly nint PageSize = Environment.SystemPageSize;

    private byte* _mapping;
    private nint _mappingBytes;
    private byte* _start;
    private nint _bytes;
    private nint _slack;

    /// <summary>The accessible part of the mapping.</summary>
    private byte* First => side == GuardSide.Start ? _mapping + PageSize : _mapping;

    private byte* Last => side == GuardSide.Start ? _mapping + _mappingBytes : _mapping + _mappingBytes - PageSize;

    /// <summary>Address of the page without access rights.</summary>
    public nint GuardPage => (nint)(side == GuardSide.Start ? _mapping : Last);

    /// <summary>
    /// Memory for <paramref name="count"/> elements, filled with the pattern; what was placed before is gone. With the guard at the end, the
    /// start is rounded down to a multiple of <paramref name="alignment"/> bytes.
    /// </summary>
    public T* Place<T>(nint count, int alignment = 4)
        where T : unmanaged
    {
        _bytes = checked(count * sizeof(T));
        var needed = checked(_bytes + Border + alignment);
        if (_mapping == null || Last - First < needed)
        {
            Free();
            _mappingBytes = ((needed + PageSize - 1) / PageSize * PageSize) + PageSize;
            _mapping = Map(_mappingBytes, GuardSide.Start == side ? 0 : _mappingBytes - PageSize);
        }

        _start = side == GuardSide.Start ? First : Last - _bytes;
        _slack = side == GuardSide.Start ? 0 : (nint)_start % alignment;
        _start -= _slack;
        var far = side == GuardSide.Start ? _start : _start - Border;
        Unsafe.InitBlockUnaligned(far, Pattern, (uint)(_bytes + _slack + Border));
        return (T*)_start;
    }

    /// <summary>Fails where something outside the placed memory was written.</summary>
    public void CheckBorders(string what)
    {
        CheckPattern(what, _start + _bytes, side == GuardSide.Start ? Border : _slack, _bytes);
        if (side == GuardSide.End)
        {
            CheckPattern(what, _start - Border, Border, -Border);
        }
    }

    public void Dispose() => Free();

    private static void CheckPattern(string what, byte* start, nint length, nint offset)
    {
        var at = new ReadOnlySpan<byte>(start, (int)length).IndexOfAnyExcept(Pattern);
        if (at >= 0)
        {
            Assert.Fail($"{what}: byte {offset + at} was written, which lies outside.");
        }
    }

    private void Free()
    {
        if (_mapping != null)
        {
            Unmap(_mapping, _mappingBytes);
            _mapping = null;
        }
    }

    private static byte* Map(nint bytes, nint guardOffset)
    {
        if (OperatingSystem.IsWindows())
        {
            const uint CommitAndReserve = 0x3000, ReadWrite = 4, NoAccess = 1;
            var block = VirtualAlloc(0, bytes, CommitAndReserve, ReadWrite);
            Require(block != 0 && VirtualProtect(block + guardOffset, PageSize, NoAccess, out _) != 0, "VirtualAlloc or VirtualProtect");
            return (byte*)block;
        }

        const int None = 0, ReadAndWrite = 3, Failed = -1;
        var privateAnonymous = OperatingSystem.IsMacOS() ? 0x1002 : 0x22;
        var mapping = MemoryMap(0, bytes, ReadAndWrite, privateAnonymous, -1, 0);
        Require(mapping != Failed && MemoryProtect(mapping + guardOffset, PageSize, None) == 0, "mmap or mprotect");
        return (byte*)mapping;
    }

    private static void Unmap(byte* mapping, nint bytes)
    {
        const uint Release = 0x8000;
        var freed = OperatingSystem.IsWindows() ? VirtualFree((nint)mapping, 0, Release) != 0 : MemoryUnmap((nint)mapping, bytes) == 0;
        Require(freed, "munmap or VirtualFree");
    }

    private static void Require(bool succeeded, string call) =>
        Assert.True(succeeded, $"{call} failed with error {Marshal.GetLastPInvokeError()}.");

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MemoryMap(nint address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int MemoryProtect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int MemoryUnmap(nint address, nint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nint size, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(nint address, nint size, uint protection, out uint old);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(nint address, nint size, uint type);
}
