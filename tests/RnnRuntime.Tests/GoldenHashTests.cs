namespace RnnRuntime.Tests;

/// <summary>One hash a network, whichever kernels compute it.</summary>
public sealed class GoldenHashTests
{
    public static TheoryData<string> Kernels => [.. TestModels.Kernels.Where(kernel => kernel != "scalar")];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void GoldenNetworksHaveTheHashOfScalar(string kernel)
    {
        TestModels.Require(kernel);
        var files = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "golden"), "*.rnn").Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(HashOf(file, "scalar"), HashOf(file, kernel)));
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
