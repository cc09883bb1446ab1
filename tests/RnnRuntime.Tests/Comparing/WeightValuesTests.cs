using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

public sealed class WeightValuesTests
{
    [Fact]
    public void Int8IsScaledByTheRow()
    {
        float[] weights = [1, -0.25f, 0.5f, 10, 127, -64];
        var quantized = (LinearNode)TestModels.ToInt8(ComparedGraphs.Linear(2, weights)).Nodes.Single();
        var scale = 1f / 127;
        Assert.Equal([127 * scale, -32 * scale, 64 * scale, 10, 127, -64], WeightValues.ToFloat32(quantized.Weights));
    }

    [Fact]
    public void Float32IsAsItIs()
    {
        float[] weights = [1, -0.25f, 0.5f, 10];
        Assert.Equal(weights, WeightValues.ToFloat32(((LinearNode)ComparedGraphs.Linear(2, weights).Nodes.Single()).Weights));
    }
}
