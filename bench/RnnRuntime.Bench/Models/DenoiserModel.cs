using static RnnRuntime.Bench.Peers.OnnxMessages;

namespace RnnRuntime.Bench.Models;

/// <summary>
/// A streaming denoiser in spirit, as an exporter writes one: 428 small nodes for half a million multiply-adds. Each of eight blocks is a causal
/// convolution over the last three frames with its cache, a gate, a GRU written out that runs along the bands, a layer normalisation
/// written out, and a treatment of two half-bands of their own.
/// </summary>
internal static class DenoiserModel
{
    private const int Seed = 20244;
    private const int Blocks = 8;
    private const int Features = 32;
    private const int Channels = 16;
    private const int Bands = 14;
    private const int Half = Bands / 2;
    private const int CachedFrames = 2;
    private const int TapsInTime = 3;
    private const int TapsInBand = 3;

    internal const int NodeCount = 428;

    internal const int MultiplyAdds =
        (2 * Features * Channels * Bands) +
        (Blocks * Bands * Channels * Channels * ((TapsInTime * TapsInBand) + 6 + 2));

    internal static ModelProblem Build()
    {
        var writer = new OnnxGraphWriter(Seed);
        string input = writer.Input("x", 1, Features);
        string x = writer.Node("MatMul", [input, writer.Weights(Features, Features, Channels * Bands)]);
        x = writer.Node("Add", [x, writer.Weights(Features, Channels * Bands)]);
        x = writer.Node("Tanh", [x]);
        x = writer.Node("Reshape", [x, writer.Integers(1, Channels, Bands)]);
        for (int block = 0; block < Blocks; block++)
        {
            x = Block(writer, x, block);
        }

        string mask = writer.Node("Reshape", [x, writer.Integers(1, Channels * Bands)]);
        mask = writer.Node("MatMul", [mask, writer.Weights(Channels * Bands, Channels * Bands, Features)]);
        mask = writer.Node("Add", [mask, writer.Weights(Features, Features)]);
        mask = writer.Node("Sigmoid", [mask]);
        string clean = writer.Node("Mul", [mask, input]);
        string residual = writer.Node("Sub", [input, clean]);
        string floor = writer.Node("Mul", [residual, writer.Constant([0.05f], 1)]);
        writer.Output("y", "Add", [clean, floor], [1, Features]);
        return writer.NodeCount == NodeCount
            ? writer.Build($"denoiser, {NodeCount} nodes")
            : throw new InvalidOperationException($"The denoiser has {writer.NodeCount} nodes; {NodeCount} are expected.");
    }

    private static string Block(OnnxGraphWriter writer, string x, int block)
    {
        string y = writer.Node("Add", [Gate(writer, Convolve(writer, x, block)), x]);
        string rows = writer.Node("Transpose", [y], Attribute("perm", [0, 2, 1]));
        rows = writer.Node("Reshape", [rows, writer.Integers(Bands, Channels)]);
        string hidden = Gru(writer, rows, block);
        string both = writer.Node("Concat", [hidden, rows], Attribute("axis", 1));
        string mixed = writer.Node("Gemm", [both, writer.Weights(2 * Channels, 2 * Channels, Channels), writer.Weights(Channels, Channels)]);
        string normal = Normalize(writer, mixed);
        normal = writer.Node("Reshape", [normal, writer.Integers(1, Bands, Channels)]);
        normal = writer.Node("Transpose", [normal], Attribute("perm", [0, 2, 1]));
        string sum = writer.Node("Add", [normal, y]);
        return Bend(writer, sum);
    }

    /// <summary>[1, C, F] with the cached frames: a convolution over three frames and three bands.</summary>
    private static string Convolve(OnnxGraphWriter writer, string x, int block)
    {
        string cache = writer.State($"cache{block}", 1, Channels, CachedFrames, Bands);
        string frame = writer.Node("Unsqueeze", [x, writer.Integers(2)]);
        string frames = writer.Node("Concat", [cache, frame], Attribute("axis", 2));
        writer.StateOutput(cache, "Slice", [frames, writer.Integers(1), writer.Integers(1 + CachedFrames), writer.Integers(2)]);
        int fanIn = Channels * TapsInTime * TapsInBand;
        string y = writer.Node(
            "Conv", [frames, writer.Weights(fanIn, Channels, Channels, TapsInTime, TapsInBand), writer.Weights(fanIn, Channels)],
            Attribute("kernel_shape", [TapsInTime, TapsInBand]), Attribute("pads", [0, 1, 0, 1]));
        return writer.Node("Squeeze", [y, writer.Integers(2)]);
    }

    private static string Gate(OnnxGraphWriter writer, string x)
    {
        string[] halves = writer.Nodes(2, "Split", [x, writer.Integers(Channels / 2, Channels / 2)], Attribute("axis", 1));
        string opened = writer.Node("Sigmoid", [halves[0]]);
        string value = writer.Node("Tanh", [halves[1]]);
        string product = writer.Node("Mul", [opened, value]);
        return writer.Node("Concat", [product, value], Attribute("axis", 1));
    }

    /// <summary>n = tanh(Wn x + bn + r (Un h + cn)), h' = n + z (h - n), every band a row.</summary>
    private static string Gru(OnnxGraphWriter writer, string x, int block)
    {
        string h = writer.State($"hidden{block}", Bands, Channels);
        string[] fromInput = Gates(writer, x);
        string[] fromHidden = Gates(writer, h);
        string r = writer.Node("Sigmoid", [writer.Node("Add", [fromInput[0], fromHidden[0]])]);
        string z = writer.Node("Sigmoid", [writer.Node("Add", [fromInput[1], fromHidden[1]])]);
        string n = writer.Node("Tanh", [writer.Node("Add", [fromInput[2], writer.Node("Mul", [r, fromHidden[2]])])]);
        string change = writer.Node("Mul", [z, writer.Node("Sub", [h, n])]);
        writer.StateOutput(h, "Add", [n, change]);
        return $"{h}_out";

        static string[] Gates(OnnxGraphWriter writer, string x)
        {
            string sums = writer.Node("MatMul", [x, writer.Weights(Channels, Channels, 3 * Channels)]);
            sums = writer.Node("Add", [sums, writer.Weights(Channels, 3 * Channels)]);
            return writer.Nodes(3, "Split", [sums, writer.Integers(Channels, Channels, Channels)], Attribute("axis", 1));
        }
    }

    private static string Normalize(OnnxGraphWriter writer, string x)
    {
        string mean = writer.Node("ReduceMean", [x], Attribute("axes", [1]));
        string centred = writer.Node("Sub", [x, mean]);
        string squared = writer.Node("Mul", [centred, centred]);
        string variance = writer.Node("ReduceMean", [squared], Attribute("axes", [1]));
        string deviation = writer.Node("Sqrt", [writer.Node("Add", [variance, writer.Constant([1e-5f], 1)])]);
        string normal = writer.Node("Div", [centred, deviation]);
        string scaled = writer.Node("Mul", [normal, writer.Weights(1, Channels)]);
        return writer.Node("Add", [scaled, writer.Weights(1, Channels)]);
    }

    /// <summary>Low and high bands go ways of their own.</summary>
    private static string Bend(OnnxGraphWriter writer, string x)
    {
        string low = writer.Node("Slice", [x, writer.Integers(0), writer.Integers(Half), writer.Integers(2)]);
        string high = writer.Node("Slice", [x, writer.Integers(Half), writer.Integers(Bands), writer.Integers(2)]);
        string bent = writer.Node("Mul", [low, writer.Node("Sigmoid", [low])]);
        string bounded = writer.Node("Tanh", [high]);
        string joined = writer.Node("Concat", [bent, bounded], Attribute("axis", 2));
        string scaled = writer.Node("Mul", [joined, writer.Weights(1, Channels, 1)]);
        return writer.Node("Max", [scaled, writer.Node("Mul", [scaled, writer.Constant([0.1f], 1)])]);
    }
}
