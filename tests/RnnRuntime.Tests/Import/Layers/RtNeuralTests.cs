using System.Globalization;
using RnnRuntime.Import.Layers;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>RTNeural's JSON against the project's own vectors, and what is refused.</summary>
public sealed class RtNeuralTests
{
    private const double Tolerance = 5e-6;

    [Theory]
    [InlineData("dense")]
    [InlineData("conv")]
    [InlineData("lstm")]
    [InlineData("gru_1d")]
    public void VectorsAreMet(string name)
    {
        var folder = SharedModels.Folder("rtneural");
        var graph = LayerFiles.ReadJson(File.ReadAllBytes(Path.Combine(folder, $"{name}.json")), LayerRuns.Options);
        var y = LayerRuns.Run(graph, LayerRuns.ReadCsv(Path.Combine(folder, $"{name}_x.csv")));
        LayerRuns.Near(LayerRuns.ReadCsv(Path.Combine(folder, $"{name}_y.csv")), y, Tolerance);
    }

    [Fact]
    public void TheStateDictLstmMeetsItsVector()
    {
        const string Topology = """
            {
              "style": "pytorch",
              "inputs": [{ "name": "x", "size": 1 }],
              "layers": [
                { "type": "lstm", "prefix": "lstm." },
                { "type": "lstm", "prefix": "lstm2.", "layers": 3 },
                { "type": "linear", "weight": "dense.weight", "bias": "dense.bias" }
              ]
            }
            """;
        var folder = SharedModels.Folder("rtneural");
        var json = File.ReadAllText(Path.Combine(folder, "lstm_torch.json"));
        var y = LayerRuns.Run(LayerRuns.ReadJson(json, Topology), LayerRuns.ReadCsv(Path.Combine(folder, "lstm_torch_x.csv")));
        LayerRuns.Near(LayerRuns.ReadCsv(Path.Combine(folder, "lstm_torch_y.csv")), y, Tolerance);
        LayerRuns.Refused(() => LayerRuns.ReadJson(json), "2 recurrent modules", "'lstm.'", "'lstm2.'", "topology");
    }

    /// <summary>The vector is that of a convolution without padding: it starts where a causal one has seen a whole kernel.</summary>
    [Fact]
    public void TheStateDictConvolutionMeetsItsVector()
    {
        const string Topology = """
            {
              "style": "pytorch",
              "inputs": [{ "name": "x", "size": 1 }],
              "layers": [{ "type": "conv1d", "weight": "weight", "bias": "bias", "padding": "causal" }]
            }
            """;
        const int Filters = 12;
        const int Late = 4;
        var folder = SharedModels.Folder("rtneural");
        var graph = LayerRuns.ReadJson(File.ReadAllText(Path.Combine(folder, "conv1d_torch.json")), Topology);
        var y = LayerRuns.Run(graph, LayerRuns.ReadCsv(Path.Combine(folder, "conv1d_torch_x.csv")));
        var rows = LayerRuns.ReadCsv(Path.Combine(folder, "conv1d_torch_y.csv"));
        var steps = rows.Length / Filters;
        var expected = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            expected[(i % steps * Filters) + (i / steps)] = rows[i];
        }

        LayerRuns.Near(expected, y.AsSpan(Late * Filters), Tolerance);
    }

    [Fact]
    public void AModelWithOtherUnitsThanItsWeightsIsRefused()
    {
        var json = File.ReadAllBytes(Path.Combine(SharedModels.Folder("rtneural"), "bad_lstm.json"));
        LayerRuns.Refused(() => LayerFiles.ReadJson(json, LayerRuns.Options), "layers[0] (lstm)", "16 units", "20");
    }

    [Fact]
    public void ASkipAddsTheInputAndNotesBecomeMetadata()
    {
        var graph = LayerRuns.ReadJson("""{"in_shape":[null,1],"layers":[{"type":"dense","shape":[null,1],"weights":[[[2]],[0.5]]}],"in_skip":1,"in_gain":0,"samplerate":48000,"author":"me"}""");
        Assert.Equal([3.5f, 6.5f], LayerRuns.Run(graph, [1, 2]));
        Assert.Equal("48000", graph.Metadata["sample_rate"]);
        Assert.Equal("me", graph.Metadata["rtneural.author"]);
    }

    [Theory]
    [InlineData("\"type\":\"conv2d\",\"weights\":[]", "layers[0] (conv2d)", "dense, time-distributed-dense")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2]],[0,0]],\"use_bias\":true", "'use_bias'", "activation")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2]],[0,0],[0]]", "3 lists", "bias")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2],[3,4]]]", "weights[0]", "[1, 2]")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2,3]]]", "2 units", "3, as")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2]],[0]]", "weights[1]", "[2]")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,\"2\"]]]", "weights[0]", "finite float32")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,1e39]]]", "1e39", "finite float32")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2],[3]]]", "a list of 1", "lists of one shape")]
    [InlineData("\"type\":\"dense\",\"weights\":[[[1,2]]],\"activation\":\"swish\"", "'swish'", "tanh, relu")]
    [InlineData("\"type\":\"activation\",\"weights\":[]", "field activation", "tanh, relu")]
    [InlineData("\"type\":\"lstm\",\"activation\":\"relu\",\"weights\":[[[1,1,1,1,1,1,1,1]],[[1,1,1,1,1,1,1,1],[1,1,1,1,1,1,1,1]]]", "'relu'", "tanh")]
    [InlineData("\"type\":\"gru\",\"weights\":[[[1,1,1,1,1,1]],[[1,1,1,1,1,1],[1,1,1,1,1,1]],[0,0,0,0,0,0]]", "weights[2]", "[2, 6]")]
    [InlineData("\"type\":\"conv1d\",\"kernel_size\":[2],\"weights\":[[[[1,2]]]]", "kernel_size", "1, as")]
    [InlineData("\"type\":\"conv1d\",\"kernel_size\":[1],\"groups\":2,\"weights\":[[[[1,2]]]]", "2 groups", "divide both")]
    [InlineData("\"type\":\"conv1d\",\"kernel_size\":[1],\"dilation\":[0],\"weights\":[[[[1,2]]]]", "dilation", "at least 1")]
    [InlineData("\"type\":\"conv1d\",\"kernel_size\":[2],\"dilation\":[2147483647],\"weights\":[[[[1,2]],[[1,2]]]]", "elements", "MaximumElements")]
    [InlineData("\"type\":\"batchnorm\",\"weights\":[[1],[1]]", "epsilon", "a number")]
    [InlineData("\"type\":\"batchnorm\",\"epsilon\":0,\"weights\":[[1],[0]]", "element 0", "positive")]
    public void WhatIsNotExactIsRefused(string layer, string found, string expected) =>
        LayerRuns.Refused(() => LayerRuns.ReadJson($$"""{"in_shape":[null,null,1],"layers":[{"shape":[null,null,2],{{layer}}}]}"""), found, expected);

    [Theory]
    [InlineData("""{"in_shape":[null,0],"layers":[]}""", "in_shape")]
    [InlineData("""{"in_shape":[1,null],"layers":[]}""", "no number at the end")]
    [InlineData("""{"in_shape":[null,1],"layers":[]}""", "at least one layer")]
    [InlineData("""{"in_shape":[null,1],"in_shape":[null,1],"layers":[]}""", "keys that differ")]
    [InlineData("""{"in_shape":[null,2147483647],"layers":[]}""", "MaximumElements")]
    [InlineData("""{"in_shape":[null,1],"layers":[{"type":"dense","shape":[1],"weights":[[[1]]]}],"in_skip":2}""", "in_skip")]
    [InlineData("""{"in_shape":[null,1],"layers":[{"type":"dense","shape":[1],"weights":[[[1]]]}],"out_gain":-3.5}""", "out_gain")]
    [InlineData("""{"in_shape":[null,1],"layers":[{"type":"\ud800","shape":[1],"weights":[]}]}""", "Unicode")]
    [InlineData("""{"in_shape":[null,1],"layers":[{"type":"dense","shape":[1],"weights":[[[NaN]]]}]}""", "no JSON")]
    [InlineData("[]", "an object")]
    [InlineData("{}", "in_shape, layers")]
    [InlineData("", "no JSON")]
    public void ABadFileIsRefused(string json, string part) => LayerRuns.Refused(() => LayerRuns.ReadJson(json), part);

    [Fact]
    public void DeepNestingIsRefused()
    {
        var lists = string.Concat(Enumerable.Repeat('[', 100_000));
        LayerRuns.Refused(() => LayerRuns.ReadJson($$"""{"in_shape":[null,1],"layers":{{lists}}"""), "MaximumNesting");
    }

    /// <summary>A group's filters see their own channels only: the same as two convolutions side by side.</summary>
    [Fact]
    public void GroupsSeeTheirOwnChannels()
    {
        var graph = LayerRuns.ReadJson(
            """{"in_shape":[null,4],"layers":[{"type":"conv1d","shape":[2],"kernel_size":2,"dilation":1,"groups":2,"weights":[[[[1,10],[2,20]],[[3,30],[4,40]]]]}]}""");
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8];
        float[] expected = [(3 * 1) + (4 * 2), (30 * 3) + (40 * 4), 1 + (2 * 2) + (3 * 5) + (4 * 6), (10 * 3) + (20 * 4) + (30 * 7) + (40 * 8)];
        Assert.Equal(expected, LayerRuns.Run(graph, x));
    }

    [Fact]
    public void NumbersAreTheNearestFloats()
    {
        foreach (var text in new[] { "0.1", "1e-45", "3.4028235e38", "0.30000001192092896", "-1.17549435e-38" })
        {
            var graph = LayerRuns.ReadJson($$"""{"in_shape":[null,1],"layers":[{"type":"dense","shape":[1],"weights":[[[{{text}}]]]}]}""");
            var weight = graph.Nodes[0].Constants[0].Data.Span;
            Assert.Equal(float.Parse(text, CultureInfo.InvariantCulture), BitConverter.ToSingle(weight));
        }
    }
}
