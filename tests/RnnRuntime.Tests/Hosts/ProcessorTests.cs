using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Tests.Hosts;

/// <summary>
/// What the shared library makes of this machine's processor, whose features are asked for here and not of the library; tests/emulate.sh does the same on other
/// processors. The library is compiled without 512-bit vectors in C#.
/// </summary>
public sealed class ProcessorTests(HostFolder folder) : IClassFixture<HostFolder>
{
    private const string Variable = "RNNRUNTIME_KERNEL";

    // Leaf 7, bit 11 of ECX: the runtime has no class for it.
    private static bool HasAvx512Vnni => HasAvx512 && (X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0;

    private static bool HasAvx512 => Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported;

    private static string Fastest => HasAvx512Vnni ? "c-avx512vnni" : HasAvx512 ? "c-avx512" : "c-avx2";

    private static string[] Refused =>
    [
        .. new (string Name, bool CanRun)[] { ("c-avx512vnni", HasAvx512Vnni), ("c-avx512", HasAvx512), ("avx512", false), ("avxvnni", AvxVnni.IsSupported) }
            .Where(kernel => !kernel.CanRun).Select(kernel => kernel.Name),
    ];

    public static TheoryData<string> NamesThatCannotRun => ["no-such-kernel", "avx512"];

    [Fact]
    public void TheLibraryTakesTheFastestKernelOfThisProcessorAndAllGiveTheSameBits()
    {
        var output = Run(null, ["runs", Fastest, .. Refused]);
        Assert.Contains($"ok charlm with {Fastest}, by itself\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c-scalar")]
    [InlineData("avx2")]
    public void TheEnvironmentChoosesAnotherKernel(string kernel)
    {
        var output = Run(kernel, ["runs", kernel, .. Refused]);
        Assert.Contains($"kernel {kernel}: can run here, the default\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(NamesThatCannotRun))]
    public void WhatTheEnvironmentNamesAndCannotRunIsAStatus(string kernel) => Run(kernel, "unknown");

    /// <summary>The host itself: it sees a kernel that is not the default one, one that was to be refused, and a processor that is not too old.</summary>
    [Theory]
    [InlineData("runs", "scalar", "FAILED scalar is not the default\n")]
    [InlineData("runs", "no-such-kernel", "FAILED one kernel is the default")]
    [InlineData("lacks", "AVX2", "FAILED rnn_start(): RNN_OK instead of RNN_UNSUPPORTED_PROCESSOR")]
    public void TheHostSeesAnotherChoice(string how, string expected, string failure)
    {
        var (exitCode, output) = HostProgram.Start(Program(), [folder.Path, how, expected]);
        Assert.Equal(1, exitCode);
        Assert.Contains(failure, output, StringComparison.Ordinal);
    }

    private static string Program()
    {
        var program = HostProgram.Require("c-processor");
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "only x64 has several processors that the library is made for");
        Assert.SkipUnless(Avx2.IsSupported && Fma.IsSupported, "this processor cannot run the library, which tests/emulate.sh tests on one like it");
        return program;
    }

    private string Run(string? kernel, params string[] arguments) =>
        HostProgram.Run(Program(), [folder.Path, .. arguments], kernel is null ? null : new() { [Variable] = kernel });
}
