using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

public sealed class RnnInputsTests
{
    [Fact]
    public void ASeedGivesTheSameNumbersOnEveryMachine()
    {
        var source = new NormalSource(42);
        Assert.Equal(GoldenNormals, Enumerable.Range(0, 4).Select(_ => BitConverter.SingleToInt32Bits(source.NextNormal())));
    }

    /// <summary>From the definition of the generator and of the polar method, in exact integers and with a logarithm of 50 digits.</summary>
    private static int[] GoldenNormals => [unchecked((int)0xBF39E97F), unchecked((int)0xBE584401), 0x3E62F110, 0x3F05D45E];

    [Fact]
    public void NormalNumbersAreStandardNormal()
    {
        var source = new NormalSource(1);
        var values = Enumerable.Range(0, 200_000).Select(_ => (double)source.NextNormal()).ToArray();
        Assert.InRange(values.Average(), -0.01, 0.01);
        Assert.InRange(values.Average(value => value * value), 0.99, 1.01);
        Assert.InRange(values.Average(value => value * value * value * value), 2.94, 3.06);
        Assert.InRange(values.Count(value => Math.Abs(value) < 1) / 200_000.0, 0.6777, 0.6877);
    }

    [Fact]
    public void RandomIndicesReachTheWholeTableAndNoFurther()
    {
        var graph = SampleGraphs.Operators();
        var inputs = RnnInputs.Random(graph, 400, 9);
        Assert.True(inputs.IsRandom);
        Assert.Equal(400, inputs.Steps);
        var (input, limit) = Assert.Single(IndexSources.InputLimits(graph));
        Assert.Equal(Enumerable.Range(0, limit), inputs.Integers(input.Name).ToArray().Distinct().Order());
        Assert.Equal(inputs.Integers("ids").ToArray(), RnnInputs.Random(graph, 400, 9).Integers("ids").ToArray());
        Assert.NotEqual(inputs.Integers("ids").ToArray(), RnnInputs.Random(graph, 400, 10).Integers("ids").ToArray());
    }

    [Fact]
    public void OtherIntegersAreSmall()
    {
        var sketch = new GraphSketch();
        var integers = sketch.Input("n", TensorType.Int32, 3);
        sketch.Output("y", sketch.Add("cast", (name, output) => new CastNode(name, integers, output), 3));
        Assert.Equal(Enumerable.Range(0, 8), RnnInputs.Random(sketch.Build(), 200, 1).Integers("n").ToArray().Distinct().Order());
    }

    [Fact]
    public void ArraysAreHeldToTheGraph()
    {
        var graph = SampleGraphs.Layers();
        Dictionary<string, float[]> x = new() { ["x"] = new float[6] };
        Dictionary<string, int[]> Tokens(params int[] tokens) => new() { ["token"] = tokens };
        Assert.Equal(2, RnnInputs.FromArrays(graph, x, Tokens(0, 3)).Steps);
        Assert.False(RnnInputs.FromArrays(graph, x, Tokens(0, 3)).IsRandom);
        Refuses("Input 'token' (int32 []) is not given.", () => RnnInputs.FromArrays(graph, x));
        Refuses("Input 'token' is given for 3 steps, inputs before it for 2.", () => RnnInputs.FromArrays(graph, x, Tokens(0, 1, 2)));
        Refuses("Input 'token', step 1: index 4, expected 0 to 3.", () => RnnInputs.FromArrays(graph, x, Tokens(0, 4)));
        Refuses("Input 'token', step 0: index -1, expected 0 to 3.", () => RnnInputs.FromArrays(graph, x, Tokens(-1, 0)));
        Refuses("Input 'x' takes 3 values a step; found 7, not a multiple.", () => RnnInputs.FromArrays(graph, new Dictionary<string, float[]> { ["x"] = new float[7] }, Tokens(0, 0)));
        Refuses("The network has no float32 input 'token'; its inputs are 'x' (float32 [3]), 'token' (int32 [])", () => RnnInputs.FromArrays(graph, new Dictionary<string, float[]> { ["token"] = [1] }));
        Refuses("no int32 input 'z'", () => RnnInputs.FromArrays(graph, x, new Dictionary<string, int[]> { ["z"] = [1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => RnnInputs.Random(graph, 0, 1));
        Refuses("would have 3221225469 values", () => RnnInputs.Random(graph, (1 << 30) - 1, 1));
    }

    [Fact]
    public void ArraysAreCopied()
    {
        var graph = ComparedGraphs.Linear(1, 1);
        float[] values = [1, 2];
        var inputs = ComparedGraphs.Inputs(graph, values);
        values[0] = 9;
        var changed = RnnComparer.Compare(graph, ComparedGraphs.Linear(1, 2), inputs);
        Assert.Equal((1 + 4) / 2.0, changed.Outputs[0].Error.NoisePower);
    }

    private static void Refuses(string message, Action make) => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(make).Message);
}
