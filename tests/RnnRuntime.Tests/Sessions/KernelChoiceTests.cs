using System.Diagnostics;
using RnnRuntime.Interop;
using RnnRuntime.Kernels;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Sets an environment variable, so nothing runs beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelEnvironment
{
    public const string Name = "RNNRUNTIME_KERNEL";
}

/// <summary>A kernel is the one that was named, or the best; never another.</summary>
[Collection(KernelEnvironment.Name)]
public sealed class KernelChoiceTests : IDisposable
{
    private const string NoAvx2 = "RNNRUNTIME_TEST_WITHOUT_AVX2";

    private readonly string? _before = Environment.GetEnvironmentVariable(KernelRegistry.EnvironmentVariable);

    public KernelChoiceTests() => Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, null);

    private static string Available => string.Join(", ", RnnKernels.All.Where(kernel => kernel.IsAvailable).Select(kernel => kernel.Name));

    public void Dispose() => Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, _before);

    [Fact]
    public void TheBestAvailableIsTheDefault()
    {
        Assert.Equal(RnnKernels.All.First(kernel => kernel.IsAvailable).Name, RnnKernels.Default);
        using var model = RnnModel.FromGraph(TestModels.Single("lstm", 3, 4, seed: 1));
        Assert.Equal(RnnKernels.Default, model.Kernel);
        Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, "");
        Assert.Equal(RnnKernels.All.First(kernel => kernel.IsAvailable).Name, RnnKernels.Default);
    }

    [Fact]
    public void AnAvailableNameIsTakenFromOptionOrVariable()
    {
        var graph = TestModels.Single("lstm", 3, 4, seed: 1);
        foreach (var kernel in RnnKernels.All.Where(kernel => kernel.IsAvailable))
        {
            using var byOption = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel.Name });
            Assert.Equal(kernel.Name, byOption.Kernel);
            Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, kernel.Name);
            Assert.Equal(kernel.Name, RnnKernels.Default);
            using var byVariable = RnnModel.FromGraph(graph);
            Assert.Equal(kernel.Name, byVariable.Kernel);
            Assert.All(byVariable.DescribePlan().Steps, step => Assert.StartsWith(kernel.Name, step.Kernel, StringComparison.Ordinal));
            using var optionFirst = RnnModel.FromGraph(graph, new RnnOptions { Kernel = "scalar" });
            Assert.Equal("scalar", optionFirst.Kernel);
            Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, null);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("avx1024")]
    [InlineData("AVX2")]
    [InlineData("scalar ")]
    public void AnUnknownNameListsTheAvailable(string name)
    {
        var graph = TestModels.Single("lstm", 3, 4, seed: 1);
        var byOption = Assert.Throws<ArgumentException>(() => RnnModel.FromGraph(graph, new RnnOptions { Kernel = name }));
        Assert.Contains($"'{name}' is not a kernel", byOption.Message, StringComparison.Ordinal);
        Assert.Contains($"Available: {Available}.", byOption.Message, StringComparison.Ordinal);
        if (name.Length > 0)
        {
            Environment.SetEnvironmentVariable(KernelRegistry.EnvironmentVariable, name);
            var byVariable = Assert.Throws<ArgumentException>(() => RnnModel.FromGraph(graph));
            Assert.Contains($"{KernelRegistry.EnvironmentVariable} '{name}' is not a kernel", byVariable.Message, StringComparison.Ordinal);
            Assert.Contains($"Available: {Available}.", byVariable.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => RnnKernels.Default);
        }
    }

    [Fact]
    public void AnUnavailableNameSaysWhatItNeedsAndListsTheAvailable()
    {
        var missing = RnnKernels.All.Where(kernel => !kernel.IsAvailable).ToArray();
        Assert.SkipWhen(missing.Length == 0, "Every kernel can run on this processor; the next test runs this one in a process without AVX2.");
        foreach (var kernel in missing)
        {
            Assert.Contains(LibraryIsMissing(kernel) ? "the library" : "this processor lacks", kernel.UnavailableReason, StringComparison.Ordinal);
            var exception = Assert.Throws<ArgumentException>(() => KernelRegistry.Choose(kernel.Name));
            Assert.Contains($"kernel '{kernel.Name}' cannot run here: {kernel.UnavailableReason}", exception.Message, StringComparison.Ordinal);
            Assert.Contains($"Available: {Available}.", exception.Message, StringComparison.Ordinal);
        }

        if (Environment.GetEnvironmentVariable(NoAvx2) == "1")
        {
            Assert.Contains("scalar", Available, StringComparison.Ordinal);
            Assert.DoesNotContain(RnnKernels.All, kernel => kernel.IsAvailable && kernel.Name.StartsWith("avx", StringComparison.Ordinal));
            Assert.False(RnnKernels.Default.StartsWith("avx", StringComparison.Ordinal), RnnKernels.Default);
        }
    }

    private static bool LibraryIsMissing(RnnKernelInfo kernel) =>
        NativeKernels.Default.Obstacle is not null && KernelRegistry.All.Single(variant => variant.Name == kernel.Name) is NativeVariant;

    [Fact]
    public async Task AProcessWithoutAvx2RefusesItsKernelsAndStillFusesMultiplyAdds()
    {
        Assert.SkipUnless(Environment.ProcessPath is { Length: > 0 }, "The path of this program is not known.");
        var assembly = typeof(KernelChoiceTests).Assembly.Location;
        Assert.SkipUnless(File.Exists(assembly), "This program is not a file of its own that could be started again.");
        var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        var start = new ProcessStartInfo(Environment.ProcessPath) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            .. host ? ["exec", assembly] : Array.Empty<string>(),
            "-noLogo", "-noColor", "-method", $"{typeof(KernelChoiceTests).FullName}.{nameof(AnUnavailableNameSaysWhatItNeedsAndListsTheAvailable)}",
            "-method", $"{typeof(FusedMultiplyAddTests).FullName}.{nameof(FusedMultiplyAddTests.ScalarAndVectorRoundOnce)}",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        start.Environment["DOTNET_EnableAVX2"] = "0";
        start.Environment[NoAvx2] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {output}{await errors}");
        Assert.Contains("Total: 2, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
    }
}
