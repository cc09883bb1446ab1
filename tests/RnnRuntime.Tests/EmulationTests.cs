using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Tests;

/// <summary>Holds an emulated run to the processor it was started for: <c>tests/emulate.sh</c> sets the variable.</summary>
[Trait("Category", "Kernels")]
public sealed class EmulationTests
{
    private const string Requirement = "RNNRUNTIME_REQUIRE_AVX512";

    [Fact]
    public void RequiredAvx512IsPresent()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Requirement) == "1", $"{Requirement} is not 1: this run promises no AVX-512 processor.");

        Assert.True(Avx512F.IsSupported, "Avx512F.IsSupported is false: the processor lacks AVX-512F, or the runtime was told not to use it.");
        Assert.True(Avx512BW.IsSupported, "Avx512BW.IsSupported is false: the processor lacks AVX-512BW, or the runtime was told not to use it.");
        Assert.True(Vector512.IsHardwareAccelerated, "Vector512.IsHardwareAccelerated is false: Vector512<T> code runs as two 256-bit halves.");
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
}
