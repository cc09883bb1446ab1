using System.Runtime.InteropServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>The registry as theory data, and comparisons of results.</summary>
internal static class Variants
{
    public static KernelVariant Scalar => KernelRegistry.All.Single(variant => variant.Name == "scalar");

    /// <summary>
    /// Every variant of the registry, or those that RNNRUNTIME_TEST_KERNELS lists: an emulated processor runs what no other one can, the rest
    /// is tested faster elsewhere.
    /// </summary>
    public static IEnumerable<string> Names
    {
        get
        {
            var names = KernelRegistry.All.Select(variant => variant.Name).ToArray();
            var chosen = Environment.GetEnvironmentVariable("RNNRUNTIME_TEST_KERNELS") is { Length: > 0 } list ? list.Split(',') : names;
            Assert.Empty(chosen.Except(names));
            return chosen;
        }
    }

    public static TheoryData<string> Data => [.. Names];

    /// <summary>The variant; the test is skipped where it cannot run.</summary>
    public static KernelVariant Require(string name)
    {
        var variant = KernelRegistry.All.Single(candidate => candidate.Name == name);
        Assert.SkipUnless(variant.IsSupported, $"kernel {name} cannot run here: {variant.UnavailableReason}");
        return variant;
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var expectedBits = MemoryMarshal.Cast<float, uint>(expected);
        var actualBits = MemoryMarshal.Cast<float, uint>(actual);
        var at = expectedBits.CommonPrefixLength(actualBits);
        if (at < expected.Length)
        {
            Assert.Fail($"{what}, element {at} of {expected.Length}: expected {expected[at]:R} (0x{expectedBits[at]:x8}), found {actual[at]:R} (0x{actualBits[at]:x8}).");
        }
    }

    /// <summary>Fails unless the condition holds for every element; the message names the first argument that breaks it.</summary>
    public static void AssertAll(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Func<float, bool> condition, string what)
    {
        for (var i = 0; i < y.Length; i++)
        {
            if (!condition(y[i]))
            {
                Assert.Fail($"{what}({x[i]:R}) = {y[i]:R}");
            }
        }
    }

    /// <summary>Fails unless |actual - expected| is at most the tolerance; NaN fails.</summary>
    public static void AssertWithin(double expected, double tolerance, float actual, string what, int element)
    {
        if (!(Math.Abs(actual - expected) <= tolerance))
        {
            Assert.Fail($"{what}, element {element}: expected {expected:R} within {tolerance:R}, found {actual:R}, error {Math.Abs(actual - expected):R}.");
        }
    }
}
