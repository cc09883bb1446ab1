namespace RnnRuntime.Tests;

/// <summary>One hash a network, whichever kernels compute it.</summary>
[Trait("Category", "Kernels")]
public sealed class GoldenHashTests
{
    private static readonly Dictionary<string, string> s_hashes = new()
    {
        ["network-signal"] = "958a95f14e43310e389b6fda1e0d443f41c030625e8026008621e488e78237da",
        ["network-language"] = "805cd16832edfc0c13a1ff88ec73d27b63fbdcc5e3006a513ff1c8dd695bb813",
        ["lstm-40x64-1layer"] = "f176598ad6223fe3c6af7ac734e360bc66443d1ecfbcec5f2ca646d981c410c3",
        ["gru-reset-before-20x33-1layer"] = "4e25f5674ccbfba557ee930165c1ae7effd911c771c8b9568ae659e23f9f9c83",
    };

    public static TheoryData<string> Kernels => [.. TestModels.Kernels.Where(kernel => kernel != "scalar")];

    public static MatrixTheoryData<string, string> Pinned => new(s_hashes.Keys, TestModels.Kernels);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void GoldenNetworksHaveTheHashOfScalar(string kernel)
    {
        TestModels.Require(kernel);
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "golden"), "*.rnn").Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(HashOf(file, "scalar"), HashOf(file, kernel)));
    }

    /// <summary>Written here, so that machines that never meet are held to one another.</summary>
    [Theory]
    [MemberData(nameof(Pinned))]
    public void TheHashIsTheSameOnEveryMachine(string network, string kernel)
    {
        TestModels.Require(kernel);
        Assert.Equal(s_hashes[network], HashOf(Path.Combine(AppContext.BaseDirectory, "golden", network + ".rnn"), kernel));
    }

    [Fact]
    public void AnotherWeightIsAnotherHash()
    {
        using var model = TestModels.Bind(TestModels.Single("lstm", 3, 5, seed: 1), "scalar");
        using var other = TestModels.Bind(TestModels.Single("lstm", 3, 5, seed: 2), "scalar");
        Assert.Equal(GoldenHash.Of(model), GoldenHash.Of(model));
        Assert.NotEqual(GoldenHash.Of(model), GoldenHash.Of(other));
    }

    private static string HashOf(string file, string kernel)
    {
        using var model = RnnModel.Load(file, new RnnOptions { Kernel = kernel });
        return GoldenHash.Of(model);
    }
}
