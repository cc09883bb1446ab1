using System.Runtime.InteropServices;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Comparisons in which +0 and -0 differ and a NaN equals every NaN: kernels promise no sign and payload of it, and processors differ in those.</summary>
internal static class Bits
{
    public static void Equal(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var left = MemoryMarshal.Cast<float, int>(expected);
        var right = MemoryMarshal.Cast<float, int>(actual);
        for (var at = left.CommonPrefixLength(right); at < left.Length; at++)
        {
            if (left[at] != right[at] && !(float.IsNaN(expected[at]) && float.IsNaN(actual[at])))
            {
                Assert.Fail(
                    $"{what}: element {at} of {left.Length}: expected {expected[at]:R} (0x{left[at]:X8}), found {actual[at]:R} (0x{right[at]:X8}).");
            }
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
