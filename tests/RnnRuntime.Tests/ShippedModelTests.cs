namespace RnnRuntime.Tests;

/// <summary>What the model that ships computes, on every machine.</summary>
public sealed class ShippedModelTests
{
    private const string Hash = "0da9ad2bc6321c1828d8ed77f39b490ea0d90b38d886a1823547d71a8f9144de";

    public static TheoryData<string> Kernels => [.. TestModels.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void TheHashIsTheSameOnEveryMachine(string kernel)
    {
        TestModels.Require(kernel);
        using var resource = typeof(Cli.CliException).Assembly.GetManifestResourceStream("charlm.rnn");
        Assert.SkipWhen(resource is null, "this build of rnn holds no model");
        using var bytes = new MemoryStream();
        resource.CopyTo(bytes);
        using var model = RnnModel.Load(bytes.ToArray(), new RnnOptions { Kernel = kernel });
        Assert.Equal(Hash, GoldenHash.Of(model));
    }
}
