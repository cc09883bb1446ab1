using RnnRuntime.Import.Layers;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>Layers over a signal that lies whole in a step, against plain arithmetic and against the same layers step by step.</summary>
public sealed class SignalTopologyTests
{
    private const int Steps = 6;

    private static readonly CellForms Forward = new("ifgo", seed: 21);
    private static readonly CellForms Backward = new("ifgo", seed: 22);

    [Theory]
    [InlineData("lstm", "ifgo", "")]
    [InlineData("gru", "rzn", "")]
    [InlineData("rnn", "h", "\"nonlinearity\":\"relu\",")]
    public void ACarriedStateOverSignalsIsTheStream(string type, string gates, string rest)
    {
        var file = Torch(new CellForms(gates, seed: 23), "r.", "_l0");
        var x = CellForms.Signal(3 * Steps);
        var stream = Run(file, null, $$"""{"type":"{{type}}",{{rest}}"prefix":"r."}""", x);
        LayerRuns.Near(stream, Run(file, Steps, $$"""{"type":"{{type}}",{{rest}}"prefix":"r.","state":"carried"}""", x), 1e-6);
        LayerRuns.Near(stream, Run(file, 1, $$"""{"type":"{{type}}",{{rest}}"prefix":"r.","state":"carried"}""", x), 0);
        var first = x[..(Steps * CellForms.Features)];
        LayerRuns.Near(
            [.. stream[..(Steps * CellForms.Hidden)], .. stream[..(Steps * CellForms.Hidden)]],
            Run(file, Steps, $$"""{"type":"{{type}}",{{rest}}"prefix":"r.","state":"zeros"}""", [.. first, .. first]), 1e-6);
    }

    [Fact]
    public void ReverseIsTheStreamOfTheReversedSignal()
    {
        var file = Torch(Forward, "r.", "_l0");
        var x = CellForms.Signal(Steps);
        var expected = Reversed(Run(file, null, """{"type":"lstm","prefix":"r."}""", Reversed(x, CellForms.Features)), CellForms.Hidden);
        LayerRuns.Near(expected, Run(file, Steps, """{"type":"lstm","prefix":"r.","direction":"reverse","state":"zeros"}""", x), 1e-6);
    }

    /// <summary>Keras has both directions under prefixes of their own.</summary>
    [Fact]
    public void BidirectionalIsBothLayersAndAConcat()
    {
        var torch = LayerRuns.Named([.. Pairs(Torch(Forward, "r.", "_l0")), .. Pairs(Torch(Backward, "r.", "_l0_reverse"))]);
        var keras = LayerRuns.Named([.. Pairs(Keras(Forward, "f/")), .. Pairs(Keras(Backward, "b/"))]);
        var x = CellForms.Signal(Steps);
        var y = Run(torch, Steps, """{"type":"lstm","prefix":"r.","direction":"bidirectional","state":"zeros"}""", x);
        Assert.Equal(Steps * 2 * CellForms.Hidden, y.Length);
        Assert.Equal(y, Run(keras, Steps, """
            {"type":"lstm","name":"f","prefix":"f/","state":"zeros"},
            {"type":"lstm","name":"b","input":"x","prefix":"b/","direction":"reverse","state":"zeros"},
            {"type":"concat","inputs":["f","b"]}
            """, x, "keras"));
    }

    /// <summary>i and f see the old cell state, o the new one.</summary>
    [Fact]
    public void PeepholesAreThoseOfTheFormula()
    {
        var peepholes = new[] { 0.5f, -0.25f, 0.75f }.Select(scale => Enumerable.Range(1, CellForms.Hidden).Select(i => scale * i / CellForms.Hidden).ToArray()).ToArray();
        var file = LayerRuns.Named(
            ("w", HostTensor.Floats([20, 3], Forward.Input)), ("u", HostTensor.Floats([20, 5], Forward.Recurrent)), ("b", HostTensor.Floats([20], Forward.InputBias)),
            ("pi", HostTensor.Floats([5], peepholes[0])), ("pf", HostTensor.Floats([5], peepholes[1])), ("po", HostTensor.Floats([5], peepholes[2])));
        const string Layer = """
            {"type":"lstm","input_weights":"w","recurrent_weights":"u","bias":"b","biases":"one","peephole_input":"pi","peephole_forget":"pf","peephole_output":"po"}
            """;
        var x = CellForms.Signal(Steps);
        var expected = new List<float>();
        var (h, c) = (new double[5], new double[5]);
        for (var step = 0; step < Steps; step++)
        {
            var old = (double[])h.Clone();
            for (var unit = 0; unit < 5; unit++)
            {
                double Sum(int gate)
                {
                    var row = (gate * 5) + unit;
                    return Forward.InputBias[row] + Enumerable.Range(0, 3).Sum(i => (double)Forward.Input[(row * 3) + i] * x[(step * 3) + i])
                        + Enumerable.Range(0, 5).Sum(i => (double)Forward.Recurrent[(row * 5) + i] * old[i]);
                }

                double Sigmoid(double value) => 1 / (1 + Math.Exp(-value));
                var (input, forget) = (Sigmoid(Sum(0) + (peepholes[0][unit] * c[unit])), Sigmoid(Sum(1) + (peepholes[1][unit] * c[unit])));
                c[unit] = (forget * c[unit]) + (input * Math.Tanh(Sum(2)));
                h[unit] = Sigmoid(Sum(3) + (peepholes[2][unit] * c[unit])) * Math.Tanh(c[unit]);
            }

            expected.AddRange(h.Select(value => (float)value));
        }

        LayerRuns.Near([.. expected], Run(file, null, Layer, x), 1e-6);
        LayerRuns.Refused(() => Run(file, null, Layer.Replace(",\"peephole_forget\":\"pf\"", ""), x), "peephole_forget");
    }

    /// <summary>Keras' layout of a projection is the transposed one.</summary>
    [Fact]
    public void AProjectionHasEitherLayout()
    {
        const int Size = 2;
        float[] u = [.. Forward.Recurrent.Take(20 * Size)], p = [.. Forward.InputBias.Take(Size * 5)];
        var rows = LayerRuns.Named(("w", HostTensor.Floats([20, 3], Forward.Input)), ("u", HostTensor.Floats([20, Size], u)), ("p", HostTensor.Floats([Size, 5], p)));
        var columns = LayerRuns.Named(
            ("w", HostTensor.Floats([3, 20], Transposed(Forward.Input, 20, 3))), ("u", HostTensor.Floats([Size, 20], Transposed(u, 20, Size))),
            ("p", HostTensor.Floats([5, Size], Transposed(p, Size, 5))));
        const string Layer = """{"type":"lstm","gates":"ifgo","biases":"none","layout":"out_in","input_weights":"w","recurrent_weights":"u","projection_weights":"p"}""";
        var x = CellForms.Signal(Steps);
        var y = Run(rows, null, Layer, x);
        Assert.Equal(Steps * Size, y.Length);
        Assert.Equal(y, Run(columns, null, Layer.Replace("out_in", "in_out"), x));
        LayerRuns.Near(y, Run(rows, Steps, Layer.Replace("\"lstm\"", "\"lstm\",\"state\":\"zeros\""), x), 1e-6);
        LayerRuns.Refused(() => Run(columns, null, Layer, x), "tensor 'u'", "projection size");
    }

    [Theory]
    [InlineData("0", 1, 1, 1)]
    [InlineData("2", 1, 1, 1)]
    [InlineData("[0,3]", 2, 1, 1)]
    [InlineData("\"valid\"", 1, 2, 1)]
    [InlineData("\"same\"", 1, 1, 1)]
    [InlineData("\"same\"", 2, 1, 2)]
    [InlineData("\"same\"", 1, 2, 2)]
    [InlineData("\"causal\"", 3, 2, 1)]
    public void ConvolutionsOverASignalAreSums(string padding, int stride, int dilation, int groups)
    {
        const int Channels = 4;
        const int Filters = 6;
        const int Kernel = 3;
        const int Length = 9;
        var random = new Random(24);
        float[] Fill(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var (weights, bias, x) = (Fill(Filters * Channels / groups * Kernel), Fill(Filters), Fill(Length * Channels));
        var (before, after) = padding switch
        {
            "0" or "\"valid\"" => (0, 0),
            "2" => (2, 2),
            "[0,3]" => (0, 3),
            "\"causal\"" => ((Kernel - 1) * dilation, 0),
            _ => Same(),
        };
        var expected = new List<float>();
        for (var start = -before; start + ((Kernel - 1) * dilation) < Length + after; start += stride)
        {
            for (var filter = 0; filter < Filters; filter++)
            {
                double sum = bias[filter];
                for (var channel = 0; channel < Channels / groups; channel++)
                {
                    for (var tap = 0; tap < Kernel; tap++)
                    {
                        var at = start + (tap * dilation);
                        var source = (filter / (Filters / groups) * (Channels / groups)) + channel;
                        sum += at < 0 || at >= Length ? 0 : (double)weights[(((filter * Channels / groups) + channel) * Kernel) + tap] * x[(at * Channels) + source];
                    }
                }

                expected.Add((float)sum);
            }
        }

        var file = LayerRuns.Named(("w", HostTensor.Floats([Filters, Channels / groups, Kernel], weights)), ("b", HostTensor.Floats([Filters], bias)));
        var layer = $$"""{"type":"conv1d","weight":"w","bias":"b","padding":{{padding}},"stride":{{stride}},"dilation":{{dilation}},"groups":{{groups}}}""";
        LayerRuns.Near([.. expected], Run(file, Length, layer, x, features: Channels), 1e-6);

        // The number of steps is ceil(length / stride); of an odd number of zeros more come after.
        (int, int) Same()
        {
            var total = Math.Max(0, (((Length + stride - 1) / stride) - 1) * stride + ((Kernel - 1) * dilation) + 1 - Length);
            return (total / 2, total - (total / 2));
        }
    }

    [Fact]
    public void PadsMagnitudesAndPoolsAreComputed()
    {
        var none = LayerRuns.Named();
        float[] x = [3, 4, 0, -1, 5, 12];
        Assert.Equal([5f, 12, 0, -1, 3, 4, 0, -1, 5, 12, 0, -1], Run(none, 3, """{"type":"reflect_pad","before":2,"after":1}""", x, features: 2));
        Assert.Equal([5f, 1, 13], Run(none, 3, """{"type":"magnitude"}""", x, features: 2));
        Assert.Equal([5f], Run(none, null, """{"type":"magnitude"}""", [3, 4], features: 2));
        foreach (var (function, expected) in new[] { ("mean", new[] { 8f / 3, 5 }), ("max", [5, 12]), ("sum", [8, 15]), ("first", [3, 4]), ("last", [5, 12]) })
        {
            LayerRuns.Near(expected, Run(none, 3, $$"""{"type":"pool_time","function":"{{function}}"}""", x, features: 2), 1e-6);
        }
    }

    [Theory]
    [InlineData("""{"type":"lstm","prefix":"r."}""", "field state: found nothing", "zeros")]
    [InlineData("""{"type":"lstm","prefix":"r.","state":"kept"}""", "'kept'", "carried")]
    [InlineData("""{"type":"lstm","prefix":"r.","state":"zeros","direction":"bidirectional"}""", "'r.weight_ih_l0_reverse'", "its tensors")]
    [InlineData("""{"type":"lstm","input_weights":"a","recurrent_weights":"b","state":"zeros","direction":"bidirectional"}""", "bidirectional", "a concat of both")]
    [InlineData("""{"type":"reflect_pad","before":6}""", "6 and 0 steps around 6", "at most 5")]
    [InlineData("""{"type":"conv1d","weight":"c","padding":"full"}""", "'full'", "valid, same or causal")]
    [InlineData("""{"type":"conv1d","weight":"c","padding":-1}""", "-1", "at least 0")]
    [InlineData("""{"type":"conv1d","weight":"c","padding":0,"dilation":4}""", "[1, 6, 3]", "the kernel's reach")]
    [InlineData("""{"type":"pool_time","function":"median"}""", "'median'", "mean, max")]
    [InlineData("""{"type":"pool_time","name":"p","function":"max"},{"type":"add","inputs":["p","x"]}""", "[3] and [6, 3]", "one size")]
    [InlineData("""{"type":"pool_time","name":"p","function":"max"},{"type":"concat","inputs":["p","x"]}""", "[3] and [6, 3]", "as many time steps")]
    public void WhatASignalLeavesOpenIsRefused(string layers, string found, string expected)
    {
        var file = LayerRuns.Named([.. Pairs(Torch(Forward, "r.", "_l0")), ("c", HostTensor.Floats([2, 3, 3], new float[18]))]);
        LayerRuns.Refused(() => Run(file, Steps, layers, CellForms.Signal(Steps)), found, expected.Replace("its tensors", "one of its tensors"));
    }

    [Fact]
    public void SignalsCountTowardsTheLimits()
    {
        var file = LayerRuns.Named(("w", HostTensor.Floats([1000, 1], new float[1000])));
        string Topology(int steps) =>
            $$"""{"style":"pytorch","time_steps":{{steps}},"inputs":[{"name":"x","size":1}],"layers":[{"type":"linear","weight":"w"}]}""";
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology(int.MaxValue), LayerRuns.Limits), "MaximumElements");
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology(1_000_000), LayerRuns.Limits), "1000000000 elements", "MaximumElements");
        LayerRuns.Refused(() => TopologyReader.Read(file, Topology(1000), LayerRuns.Limits with { MaximumTensorBytes = 1_000_000 }), "MaximumTensorBytes");
        Assert.NotNull(TopologyReader.Read(file, Topology(1000), LayerRuns.Limits));
    }

    private static float[] Run(NamedTensors file, int? steps, string layers, float[] x, string style = "pytorch", int features = CellForms.Features)
    {
        var time = steps is null ? "" : $"\"time_steps\":{steps},";
        var topology = $$"""{"style":"{{style}}",{{time}}"inputs":[{"name":"x","size":{{features}}}],"layers":[{{layers}}]}""";
        return LayerRuns.Run(TopologyReader.Read(file, topology, LayerRuns.Limits), x);
    }

    private static NamedTensors Torch(CellForms cell, string prefix, string suffix)
    {
        var rows = cell.InputBias.Length;
        return LayerRuns.Named(
            ($"{prefix}weight_ih{suffix}", HostTensor.Floats([rows, CellForms.Features], cell.Input)), ($"{prefix}weight_hh{suffix}", HostTensor.Floats([rows, CellForms.Hidden], cell.Recurrent)),
            ($"{prefix}bias_ih{suffix}", HostTensor.Floats([rows], cell.InputBias)), ($"{prefix}bias_hh{suffix}", HostTensor.Floats([rows], cell.RecurrentBias)));
    }

    private static NamedTensors Keras(CellForms cell, string prefix) => LayerRuns.Named(
        ($"{prefix}kernel", cell.Write(cell.Input, CellForms.Features, "ifgo", true)), ($"{prefix}recurrent_kernel", cell.Write(cell.Recurrent, CellForms.Hidden, "ifgo", true)),
        ($"{prefix}bias", cell.Write(cell.BothBiases, 1, "ifgo", false)));

    private static IEnumerable<(string, HostTensor)> Pairs(NamedTensors file) => file.Tensors.Select(pair => (pair.Key, pair.Value));

    private static float[] Reversed(float[] rows, int size) => [.. rows.Chunk(size).Reverse().SelectMany(row => row)];

    private static float[] Transposed(float[] matrix, int rows, int columns) =>
        [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[(i % rows * columns) + (i / rows)])];
}
