using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using RnnRuntime.Kernels;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests;

/// <summary>
/// Holds an emulated run to the processor that it was started for, and the dispatch to what it must choose there. <c>tests/emulate.sh</c> sets the
/// variables: which features the processor has, which variants are tested on it, and which must be refused.
/// </summary>
[Trait("Category", "Kernels")]
[Trait("Category", "Dispatch")]
public sealed class EmulationTests
{
    private const string Features = "RNNRUNTIME_EMULATED_FEATURES";
    private const string Missing = "RNNRUNTIME_MISSING_KERNELS";

    public static TheoryData<string, bool> Detected => new()
    {
        { "avx2", Avx2.IsSupported && Fma.IsSupported },

        // Not Vector512.IsHardwareAccelerated: on Skylake the runtime has the instructions and prefers 256 bits.
        { "avx512", Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported },
        { "avx512vnni", HasAvx512Vnni },
        { "avxvnni", AvxVnni.IsSupported },
    };

    // Leaf 7, bit 11 of ECX: the runtime has no class for it.
    private static bool HasAvx512Vnni => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0;

    [Theory]
    [MemberData(nameof(Detected), DisableDiscoveryEnumeration = true)]
    public void TheProcessorHasTheFeaturesItIsThereForAndNoOthers(string feature, bool isPresent)
    {
        var expected = Listed(Features).Contains(feature);
        Assert.True(isPresent == expected, $"{feature} is {(isPresent ? "present" : "absent")}, but {Features} is '{string.Join(",", Listed(Features))}'.");
    }

    /// <summary>The variants tested here are the best that the processor can run: one in C#, one in C where the library is there.</summary>
    [Fact]
    public void TheVariantsTestedHereAreThoseThatAreChosen()
    {
        RequireEmulation();
        var available = RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name).ToArray();
        string?[] best = [available.First(name => !IsNative(name)), available.FirstOrDefault(IsNative)];
        Assert.Equal(Variants.Names, best.OfType<string>());
        Assert.Equal(available[0], RnnKernels.Default);
        Assert.Contains(RnnKernels.Default, Variants.Names);
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 4, seed: 1));
        Assert.Equal(RnnKernels.Default, model.Kernel);
    }

    [Fact]
    public void VariantsThatTheProcessorCannotRunAreRefusedWithTheReasonAndNoOthers()
    {
        RequireEmulation();
        var missing = RnnKernels.All.Where(kernel => !kernel.IsAvailable).ToArray();
        Assert.Equal(Listed(Missing).Intersect(RnnKernels.All.Select(kernel => kernel.Name)).Order(), missing.Select(kernel => kernel.Name).Order());
        var graph = TestModels.Single("lstm", 3, 4, seed: 1);
        foreach (var kernel in missing)
        {
            Assert.Contains("lacks", kernel.UnavailableReason, StringComparison.Ordinal);
            var refusal = Assert.Throws<ArgumentException>(() => RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel.Name }));
            Assert.Contains($"'{kernel.Name}' cannot run", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FusedMultiplyAddOfSixteenLanesIsExact()
    {
        var factor = Vector512.Create(1f + 1f / 4096);
        var expected = new float[Vector512<float>.Count];
        var actual = new float[Vector512<float>.Count];
        var ramp = Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

        Vector512.FusedMultiplyAdd(factor, ramp * factor, -ramp).CopyTo(actual);
        for (var lane = 0; lane < expected.Length; lane++)
        {
            expected[lane] = MathF.FusedMultiplyAdd(factor[lane], lane * factor[lane], -lane);
        }

        Assert.Equal(expected, actual);
    }

    private static bool IsNative(string name) => KernelRegistry.All.Single(variant => variant.Name == name) is NativeVariant;

    private static void RequireEmulation() =>
        Assert.SkipWhen(Environment.GetEnvironmentVariable(Features) is null, $"{Features} is not set: this processor was not chosen for what it has.");

    private static string[] Listed(string variable)
    {
        RequireEmulation();
        return (Environment.GetEnvironmentVariable(variable) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
    }
}
