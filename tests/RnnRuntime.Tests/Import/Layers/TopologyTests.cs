using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Every gate order, layout and form of bias gives the bits of the cell built by hand; what a topology leaves open is refused.</summary>
public sealed class TopologyTests
{
    private const int Steps = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryOrderOfLstmGatesIsTheSameCell(bool transpose)
    {
        var cell = new CellForms("ifgo", seed: 1);
        var expected = Expected(builder => builder.Lstm(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.BothBiases));
        foreach (var gates in CellForms.Orders("ifgo"))
        {
            var file = TwoBiases(cell, gates, transpose);
            foreach (var letters in new[] { gates, gates.Replace('g', 'c') })
            {
                Assert.Equal(expected, Read(file, Layer("lstm", letters, transpose, "two", "\"input_bias\":\"b\",\"recurrent_bias\":\"c\"")));
            }
        }
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void EveryOrderOfGruGatesIsTheSameCell(bool transpose, bool resetAfter)
    {
        var cell = new CellForms("rzn", seed: 2);
        var expected = Expected(builder => builder.Gru(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.InputBias, cell.RecurrentBias, resetAfter));
        var reset = $"\"reset_after\":{(resetAfter ? "true" : "false")}";
        foreach (var gates in CellForms.Orders("rzn"))
        {
            var file = TwoBiases(cell, gates, transpose);
            Assert.Equal(expected, Read(file, Layer("gru", gates, transpose, "two", $"\"input_bias\":\"b\",\"recurrent_bias\":\"c\",{reset}")));
            var both = new[] { cell.InputBias, cell.RecurrentBias }.SelectMany(bias => cell.Write(bias, 1, gates, false).Values<float>().ToArray()).ToArray();
            var merged = LayerRuns.Named([.. file.Tensors[..2].Select(pair => (pair.Key, pair.Value)), ("b", HostTensor.Floats([2, 3 * CellForms.Hidden], both))]);
            Assert.Equal(expected, Read(merged, Layer("gru", gates.Replace('n', 'h'), transpose, "merged", $"\"bias\":\"b\",{reset}")));
        }
    }

    [Fact]
    public void OneBiasOfAGruIsTheInputs()
    {
        var cell = new CellForms("rzn", seed: 3);
        var expected = Expected(builder => builder.Gru(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.InputBias, resetAfter: false));
        var file = LayerRuns.Named(
            ("w", cell.Write(cell.Input, CellForms.Features, "zrn", true)), ("u", cell.Write(cell.Recurrent, CellForms.Hidden, "zrn", true)),
            ("b", cell.Write(cell.InputBias, 1, "zrn", false)));
        Assert.Equal(expected, Read(file, Layer("gru", "zrh", true, "one", "\"bias\":\"b\",\"reset_after\":false")));
    }

    [Theory]
    [InlineData("tanh", RnnActivation.Tanh)]
    [InlineData("relu", RnnActivation.Relu)]
    [InlineData("linear", RnnActivation.Identity)]
    public void APlainRnnIsTheSameCell(string name, RnnActivation activation)
    {
        var cell = new CellForms("h", seed: 4);
        var expected = Expected(builder => builder.Rnn(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.BothBiases, activation));
        var file = TwoBiases(cell, "h", transpose: true);
        Assert.Equal(expected, Read(
            file, $$"""{"type":"rnn","layout":"in_out","biases":"two","nonlinearity":"{{name}}","input_weights":"w","recurrent_weights":"u","input_bias":"b","recurrent_bias":"c"}"""));
    }

    [Fact]
    public void StylesGiveTheirDefaults()
    {
        var cell = new CellForms("ifgo", seed: 5);
        var expected = Expected(builder => builder.Lstm(
            builder.Input("x", CellForms.Features), CellForms.Hidden, cell.Input, cell.Recurrent, cell.BothBiases));
        var torch = LayerRuns.Named(
            ("p.weight_ih_l0", cell.Write(cell.Input, CellForms.Features, "ifgo", false)), ("p.weight_hh_l0", cell.Write(cell.Recurrent, CellForms.Hidden, "ifgo", false)),
            ("p.bias_ih_l0", cell.Write(cell.InputBias, 1, "ifgo", false)), ("p.bias_hh_l0", cell.Write(cell.RecurrentBias, 1, "ifgo", false)));
        var keras = LayerRuns.Named(
            ("p/kernel:0", cell.Write(cell.Input, CellForms.Features, "ifgo", true)), ("p/recurrent_kernel:0", cell.Write(cell.Recurrent, CellForms.Hidden, "ifgo", true)),
            ("p/bias:0", cell.Write(cell.BothBiases, 1, "ifgo", false)));
        Assert.Equal(expected, Read(torch, """{"type":"lstm","prefix":"p."}""", "\"style\":\"pytorch\","));
        Assert.Equal(expected, Read(keras, """{"type":"lstm","prefix":"p/"}""", "\"style\":\"keras\","));
    }

    [Fact]
    public void ResidualsPReluBatchNormAndConvolutionsAreComputed()
    {
        var file = LayerRuns.Named(
            ("k", HostTensor.Floats([3, 3, 1], [1, 0, 0, 0, 2, 0, 0, 0, 3])), ("slope", HostTensor.Floats([1], [0.5f])),
            ("n.weight", HostTensor.Floats([3], [1, 2, 3])), ("n.bias", HostTensor.Floats([3], [0, 1, 0])), ("n.running_mean", HostTensor.Floats([3], [0, 0, 1])),
            ("n.running_var", HostTensor.Floats([3], [3, 3, 3])), ("n.num_batches_tracked", HostTensor.Scalar(7)));
        const string Layers = """
            {"type":"conv1d","name":"c","weight":"k","padding":"causal"},
            {"type":"prelu","alpha":"slope"},
            {"type":"batchnorm","name":"n","prefix":"n.","epsilon":1},
            {"type":"add","name":"sum","inputs":["x","c","n"]},
            {"type":"multiply","inputs":["sum","x"]}
            """;
        var y = Read(file, Layers, "\"style\":\"pytorch\",", [1, -2, 3]);

        // c = [1, -4, 9], prelu [1, -2, 9], batchnorm (1 / sqrt(3 + 1)) [0.5, -1, 12], sum [2.5, -7, 24].
        Assert.Equal([2.5f, 14f, 72f], y);
    }

    [Theory]
    [InlineData("""{"type":"lstm","prefix":"p."}""", "field gates", "a style")]
    [InlineData("""{"type":"lstm","gates":"ifgg","prefix":"p."}""", "'ifgg'", "ifco Keras'")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"out_in","biases":"two","prefix":"q."}""", "'q.weight_ih_l0'", "'w' float32 [20, 3]")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"in_out","biases":"none","input_weights":"w","recurrent_weights":"u"}""", "tensor 'u'", "[20, 80]")]
    [InlineData("""{"type":"gru","gates":"rzn","layout":"out_in","biases":"none","input_weights":"w","recurrent_weights":"u"}""", "reset_after", "a style")]
    [InlineData("""{"type":"rnn","layout":"out_in","biases":"none","input_weights":"w","recurrent_weights":"u"}""", "nonlinearity", "a string")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"out_in","biases":"none","direction":"bidirectional"}""", "'bidirectional'", "which a stream has not")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"out_in","biases":"none","direction":"both"}""", "'both'", "forward, reverse")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"out_in","biases":"none","state":"zeros"}""", "'zeros'", "carried")]
    [InlineData("""{"type":"conv1d","layout":"out_in_kernel","padding":"causal","stride":2,"weight":"w"}""", "field stride", "time_steps")]
    [InlineData("""{"type":"reflect_pad","after":1}""", "Float32[3]", "time_steps")]
    [InlineData("""{"type":"pool_time","function":"mean"}""", "Float32[3]", "time_steps")]
    [InlineData("""{"type":"magnitude"}""", "3 features", "an even number")]
    [InlineData("""{"type":"layernorm","prefix":"q.","epsilon":0.1}""", "'q.'", "weight and bias")]
    [InlineData("""{"type":"layernorm","gamma":"b","epsilon":0.1}""", "'b'", "[3]")]
    [InlineData("""{"type":"clip"}""", "neither min nor max", "one of them")]
    [InlineData("""{"type":"activation","function":"leaky_relu"}""", "field alpha", "a number")]
    [InlineData("""{"type":"concat","inputs":["x"]}""", "1 names", "at least two")]
    [InlineData("""{"type":"lstm","gates":"ifgo","layout":"out_in","biases":"two","input_weights":"w","recurrent_weights":"u","input_bias":"b","recurrent_bias":"w"}""", "tensor 'w'", "[20]")]
    [InlineData("""{"type":"linear","weight":"w","layout":"out_in","bias":"c","activation":"tanh"}""", "'activation'", "weight, bias")]
    [InlineData("""{"type":"linear","weight":"u","layout":"out_in"}""", "tensor 'u'", "[20, 3]")]
    [InlineData("""{"type":"linear","input":"y","weight":"w","layout":"out_in"}""", "'y'", "an earlier layer")]
    [InlineData("""{"type":"linear","name":"x","weight":"w","layout":"out_in"}""", "a second 'x'", "differ")]
    [InlineData("""{"type":"embedding","table":"w"}""", "layers[0] (embedding)", "a token")]
    [InlineData("""{"type":"conv1d","layout":"out_in_kernel","padding":"same","weight":"w"}""", "'same'", "causal")]
    [InlineData("""{"type":"activation","function":"gelu"}""", "'gelu'", "tanh, relu")]
    [InlineData("""{"type":"add","inputs":["x"]}""", "1 names", "at least two")]
    [InlineData("""{"type":"transformer"}""", "'transformer'", "embedding, lstm")]
    [InlineData("""{"type":"activation","function":"tanh"}""", "4 tensors", "'w' float32 [20, 3]")]
    public void WhatATopologyLeavesOpenIsRefused(string layer, string found, string expected)
    {
        var file = TwoBiases(new CellForms("ifgo", seed: 6), "ifgo", transpose: false);
        LayerRuns.Refused(() => Read(file, layer), found, expected);
    }

    [Fact]
    public void UnusedTensorsAreErrorsUnlessIgnored()
    {
        var file = TwoBiases(new CellForms("ifgo", seed: 7), "ifgo", transpose: false);
        const string Layer = """{"type":"linear","weight":"w","bias":"b","layout":"out_in"}""";
        LayerRuns.Refused(() => Read(file, Layer), "2 tensors", "'u'", "'c'", "ignore");
        LayerRuns.Refused(() => Read(file, Layer, "\"ignore\":[\"u\",\"c\",\"d\"],"), "'d'");
        LayerRuns.Refused(() => Read(file, Layer, "\"ignore\":[\"w\",\"u\",\"c\"],"), "'w'");
        Assert.Equal(20, Read(file, Layer, "\"ignore\":[\"u*\",\"c\"],", new float[3]).Length);
    }

    [Fact]
    public void AVocabularyHasACharacterForEachOutput()
    {
        var file = LayerRuns.Named(("t", HostTensor.Floats([2, 3], [0, 1, 2, 3, 4, 5])));
        string Topology(string vocabulary) =>
            $$"""{"inputs":[{"name":"token","type":"token"}],"layers":[{"type":"embedding","table":"t"}],"vocabulary":{{vocabulary}}}""";
        Assert.Equal("aéb", TopologyReader.Read(file, Topology("""["a","é","b"]"""), LayerRuns.Limits).Metadata["vocabulary"]);
        Assert.Equal("a\U0001F600b", TopologyReader.Read(file, Topology("\"a\U0001F600b\""), LayerRuns.Limits).Metadata["vocabulary"]);
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology("\"ab\""), LayerRuns.Limits), "2 characters", "3");
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology("""["a","bc","d"]"""), LayerRuns.Limits), "'bc'", "one character");
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology("\"aba\""), LayerRuns.Limits), "U+0061");
    }

    [Fact]
    public void NumbersThatFloat32DoesNotHoldAreRefused()
    {
        var exact = LayerRuns.Named(("w", HostTensor.Of<double>(ElementType.Float64, [1, 3], [0.5, -2, 1024])));
        var inexact = LayerRuns.Named(("w", HostTensor.Of<double>(ElementType.Float64, [1, 3], [0.5, 0.1, 1024])));
        var half = LayerRuns.Named(("w", HostTensor.Of<Half>(ElementType.Float16, [1, 3], [(Half)0.5, (Half)(-2), (Half)1024])));
        var brain = LayerRuns.Named(("w", HostTensor.Of<ushort>(ElementType.BFloat16, [1, 3], [0x3F00, 0xC000, 0x4480])));
        var integer = LayerRuns.Named(("w", HostTensor.Of<int>(ElementType.Int32, [1, 3], [1, 2, 3])));
        var infinite = LayerRuns.Named(("w", HostTensor.Floats([1, 3], [1, 2, float.PositiveInfinity])));
        const string Layer = """{"type":"linear","weight":"w","layout":"out_in"}""";
        foreach (var file in new[] { exact, half, brain })
        {
            Assert.Equal([1024.5f - 2], Read(file, Layer, "", [1, 1, 1]));
        }

        LayerRuns.Refused(() => Read(inexact, Layer), "tensor 'w', element 1", "0.1", "float32");
        LayerRuns.Refused(() => Read(integer, Layer), "int32 [1, 3]", "floating-point");
        LayerRuns.Refused(() => Read(infinite, Layer), "element 2", "finite");
    }

    [Fact]
    public void LimitsAreNamed()
    {
        var file = LayerRuns.Named(("w", HostTensor.Floats([3, 3], new float[9])));
        var layer = """{"type":"linear","weight":"w","layout":"out_in"}""";
        var topology = Whole(string.Join(',', Enumerable.Repeat(layer, 50)), "");
        Assert.Equal(50, TopologyReader.Read(file, topology, LayerRuns.Limits).Nodes.Length);
        LayerRuns.Refused(() => TopologyReader.Read(file, topology, LayerRuns.Limits with { MaximumNodes = 20 }), "MaximumNodes");
        LayerRuns.Refused(() => TopologyReader.Read(file, topology, LayerRuns.Limits with { MaximumTensorBytes = 500 }), "MaximumTensorBytes");
        LayerRuns.Refused(() => TopologyReader.Read(file, topology, LayerRuns.Limits with { MaximumElements = 8 }), "MaximumElements");
        LayerRuns.Refused(() => TopologyReader.Read(file, topology, LayerRuns.Limits with { MaximumFileBytes = 100 }), "MaximumFileBytes");
    }

    private static NamedTensors TwoBiases(CellForms cell, string gates, bool transpose) => LayerRuns.Named(
        ("w", cell.Write(cell.Input, CellForms.Features, gates, transpose)), ("u", cell.Write(cell.Recurrent, CellForms.Hidden, gates, transpose)),
        ("b", cell.Write(cell.InputBias, 1, gates, false)), ("c", cell.Write(cell.RecurrentBias, 1, gates, false)));

    private static string Layer(string type, string gates, bool transpose, string biases, string rest) =>
        $$"""{"type":"{{type}}","gates":"{{gates}}","layout":"{{(transpose ? "in_out" : "out_in")}}","biases":"{{biases}}","input_weights":"w","recurrent_weights":"u",{{rest}}}""";

    private static string Whole(string layers, string fields) => $$"""{{{fields}}"inputs":[{"name":"x","size":{{CellForms.Features}}}],"layers":[{{layers}}]}""";

    private static float[] Read(NamedTensors file, string layers, string fields = "", float[]? x = null) =>
        LayerRuns.Run(TopologyReader.Read(file, Whole(layers, fields), LayerRuns.Limits), x ?? CellForms.Signal(Steps));

    private static float[] Expected(Func<RnnGraphBuilder, TensorRef> layer)
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", layer(builder));
        return LayerRuns.Run(builder.Build(), CellForms.Signal(Steps));
    }
}
