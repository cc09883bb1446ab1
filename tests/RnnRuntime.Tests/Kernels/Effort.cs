namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// How much of a long list of sizes or cases is tried. An emulated processor is fifty times slower than this one: RNNRUNTIME_TEST_EFFORT=small leaves
/// the sizes that differ in the code they run, and a part of the numbers.
/// </summary>
internal static class Effort
{
    private static readonly bool s_isSmall = Environment.GetEnvironmentVariable("RNNRUNTIME_TEST_EFFORT") == "small";

    public static T Of<T>(T all, T few) => s_isSmall ? few : all;

    /// <summary>From 1 on: in a small run those around multiples of a vector, of two and of four, and the last.</summary>
    public static IEnumerable<int> Lengths(int last) =>
        Enumerable.Range(1, last).Where(length => !s_isSmall || length is < 6 or 7 or 8 or 9 or 15 or 16 or 17 or 31 or 32 or 33 || length == last);

    public static int Cases(int count) => s_isSmall ? (count + 7) / 8 : count;

    /// <summary>Whether a number of 16 bits is among those tried: in a small run one in 13, and the ends of the mantissas.</summary>
    public static bool Takes(int bits) => !s_isSmall || bits % 13 == 0 || (bits & 0x3FF) is 0 or 0x3FF;
}
