using System.Runtime.InteropServices;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Comparisons in which +0 and -0 differ and every NaN equals every other one: its sign and payload are not part of the contract.</summary>
internal static class Bits
{
    public static void Equal(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var left = MemoryMarshal.Cast<float, int>(expected);
        var right = MemoryMarshal.Cast<float, int>(actual);
        var at = left.CommonPrefixLength(right);
        while (at < left.Length && float.IsNaN(expected[at]) && float.IsNaN(actual[at]))
        {
            at += 1 + left[(at + 1)..].CommonPrefixLength(right[(at + 1)..]);
        }

        if (at < left.Length)
        {
            Assert.Fail(
                $"{what}: element {at} of {left.Length}: expected {expected[at]:R} (0x{left[at]:X8}), found {actual[at]:R} (0x{right[at]:X8}).");
        }
    }

    public static void Equal(string what, float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Equal($"{what}, output {i}", expected[i], actual[i]);
        }
    }

    public static void EqualState(string what, RnnSession expected, RnnSession actual) => EqualState(what, expected.State(), actual.State());

    public static void EqualState(string what, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        // Behind a header of four words, all values are float32.
        Equal($"{what}, state", MemoryMarshal.Cast<byte, float>(expected), MemoryMarshal.Cast<byte, float>(actual));
    }

    public static byte[] State(this RnnSession session)
    {
        var state = new byte[session.StateBytes];
        session.SaveState(state);
        return state;
    }
}
