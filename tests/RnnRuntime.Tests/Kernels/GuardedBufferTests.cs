using System.Globalization;

namespace RnnRuntime.Tests.Kernels;

/// <summary>That the guard is one: the other tests could not tell.</summary>
public sealed unsafe class GuardedBufferTests
{
    [Theory]
    [InlineData(GuardSide.End)]
    [InlineData(GuardSide.Start)]
    public void TheMemoryTouchesAPageWithoutAccessRights(GuardSide side)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Access rights are read from /proc/self/maps, which only Linux has.");

        using var buffer = new GuardedBuffer(side);
        for (nint count = 1; count < 5000; count += 97)
        {
            var start = (nint)buffer.Place<float>(count);
            Assert.Equal(buffer.GuardPage, side == GuardSide.End ? start + (count * sizeof(float)) : start - Environment.SystemPageSize);
            Assert.Equal("---", Rights(buffer.GuardPage));
            Assert.Equal("rw-", Rights(start));
            Assert.Equal("rw-", Rights(start + (count * sizeof(float)) - 1));
        }
    }

    [Theory]
    [InlineData(GuardSide.End, -1)]
    [InlineData(GuardSide.End, 36)]
    [InlineData(GuardSide.Start, 36)]
    public void AWrittenBorderIsFound(GuardSide side, int offset)
    {
        using var buffer = new GuardedBuffer(side);
        var start = buffer.Place<byte>(36, alignment: 64);
        Assert.Equal(0, (nint)start % 64);
        buffer.CheckBorders("untouched");

        start[offset] = 0;
        var failure = Assert.ThrowsAny<Exception>(() => buffer.CheckBorders("touched"));
        Assert.Contains($"byte {offset} ", failure.Message, StringComparison.Ordinal);
    }

    private static string Rights(nint address)
    {
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var fields = line.Split(' ', 3);
            var range = fields[0].Split('-');
            if (address >= Parse(range[0]) && address < Parse(range[1]))
            {
                return fields[1][..3];
            }
        }

        return "not mapped";
    }

    private static nint Parse(string hexadecimal) => (nint)ulong.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
