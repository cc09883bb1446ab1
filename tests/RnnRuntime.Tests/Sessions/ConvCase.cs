using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>A convolution's numbers, its graph with random weights, and what it computes by definition.</summary>
internal sealed record ConvCase(
    int Batch, int[] Extents, int Channels, int Filters, int[] Kernel, int[] Strides, int[] Dilations, int[] PadsBefore, int[] PadsAfter, int Groups, int Seed)
{
    public int GroupChannels => Channels / Groups;

    public int Columns => Kernel.Aggregate(GroupChannels, (product, extent) => product * extent);

    public int[] Outputs =>
        [.. Extents.Select((extent, i) => ((extent + PadsBefore[i] + PadsAfter[i] - (Dilations[i] * (Kernel[i] - 1)) - 1) / Strides[i]) + 1)];

    /// <summary>Over one axis; no padding, stride and dilation of 1.</summary>
    public static ConvCase Line(int length, int channels, int filters, int kernel, int stride = 1, int pad = 0, int dilation = 1, int groups = 1, int batch = 1) =>
        new(batch, [length], channels, filters, [kernel], [stride], [dilation], [pad], [pad], groups, Seed: 1);

    public static ConvCase Random(int seed)
    {
        var random = new Random(seed);
        while (true)
        {
            var rank = random.Next(1, 4);
            var longest = rank switch { 1 => 60, 2 => 9, _ => 5 };
            var groups = random.Next(3) == 0 ? random.Next(2, 9) : 1;
            var channels = groups == 1 ? random.Next(1, 41) : groups * random.Next(1, 4);
            var filters = groups == 1 ? random.Next(1, 41) : groups * random.Next(1, 4);
            if (random.Next(6) == 0)
            {
                groups = channels = filters = random.Next(2, 41);
            }

            var kernel = Numbers(1, random.Next(2) == 0 ? 3 : 5);
            var dilations = Numbers(1, random.Next(2) == 0 ? 1 : 3);
            var padded = random.Next(2);
            var made = new ConvCase(
                random.Next(1, 4), Numbers(1, longest), channels, filters, kernel, Numbers(1, random.Next(2) == 0 ? 1 : 4), dilations,
                Numbers(0, padded * kernel.Max() * dilations.Max()), Numbers(0, padded * kernel.Max() * dilations.Max()), groups, seed);
            var fits = made.Extents.Select((extent, i) => extent + made.PadsBefore[i] + made.PadsAfter[i] > dilations[i] * (kernel[i] - 1)).All(each => each);
            if (fits && made.Batch * made.Outputs.Aggregate(1L, (product, extent) => product * extent) * filters * made.Columns < 1_000_000)
            {
                return made;
            }

            int[] Numbers(int minimum, int maximum) => [.. Enumerable.Range(0, rank).Select(_ => random.Next(minimum, maximum + 1))];
        }
    }

    public RnnGraph Graph(bool int8 = false, bool bias = true)
    {
        var random = new WeightSource(Seed);
        var values = random.Matrix(Filters, Columns);
        var addend = random.Bias(Filters, bias);
        var x = new Value("x", TensorType.Float32, new TensorShape([Batch, .. Extents, Channels]));
        var y = new Value("y", TensorType.Float32, new TensorShape([Batch, .. Outputs, Filters]));
        var node = new ConvNode(
            "conv", x, y, int8 ? Int8(values) : new Weights(Float32("w", values, Filters, Columns), null), bias ? Float32("b", addend, Filters) : null,
            [.. Kernel], [.. Strides], [.. Dilations], [.. PadsBefore], [.. PadsAfter], Groups);
        var graph = new RnnGraph([x], [("y", y)], [], [node], ImmutableSortedDictionary<string, string>.Empty);
        GraphValidator.Validate(graph);
        return graph;
    }

    /// <summary>
    /// The output of one frame, and a bound of what float32 rounding and, with int8 weights, quantising each window to 127 steps may change.
    /// </summary>
    public (double[] Output, double[] Allowed) Reference(RnnGraph graph, ReadOnlySpan<float> input)
    {
        var node = (ConvNode)graph.Nodes.Single();
        var weights = Real(node.Weights);
        var bias = node.Bias is null ? new float[Filters] : MemoryMarshal.Cast<byte, float>(node.Bias.Data.Span).ToArray();
        var (extents, kernel, outputs) = (Whole(Extents), Whole(Kernel), Whole(Outputs));
        var positions = outputs[0] * outputs[1] * outputs[2];
        var (result, allowed) = (new double[Batch * positions * Filters], new double[Batch * positions * Filters]);
        var (strides, dilations, pads) = (Whole(Strides), Whole(Dilations), Whole(PadsBefore, 0));
        var indices = new int[3];
        for (var at = 0; at < result.Length; at++)
        {
            var (position, filter) = (at / Filters % positions, at % Filters);
            int[] output = [position / (outputs[1] * outputs[2]), position / outputs[2] % outputs[1], position % outputs[2]];
            var (sum, magnitudes, largest, rowSum) = ((double)bias[filter], (double)Math.Abs(bias[filter]), 0d, 0d);
            for (var column = 0; column < Columns; column++)
            {
                var (tap, channel) = (column / GroupChannels, (filter / (Filters / Groups) * GroupChannels) + (column % GroupChannels));
                int[] taps = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]];
                var inside = true;
                for (var axis = 0; axis < 3; axis++)
                {
                    indices[axis] = (output[axis] * strides[axis]) + (taps[axis] * dilations[axis]) - pads[axis];
                    inside &= indices[axis] >= 0 && indices[axis] < extents[axis];
                }

                var n = at / Filters / positions;
                var element = inside ? input[(((((((n * extents[0]) + indices[0]) * extents[1]) + indices[1]) * extents[2]) + indices[2]) * Channels) + channel] : 0.0;
                var weight = weights[(filter * Columns) + column];
                sum += weight * element;
                magnitudes += Math.Abs(weight * element);
                largest = Math.Max(largest, Math.Abs(element));
                rowSum += Math.Abs(weight);
            }

            result[at] = sum;
            allowed[at] = ((Columns + 2) * magnitudes / (1 << 24)) + (node.Weights.IsInt8 ? rowSum * largest / 127 * 0.501 : 0) + 1e-30;
        }

        return (result, allowed);
    }

    public override string ToString() =>
        $"seed {Seed}: [{Batch}, {string.Join(", ", Extents)}, {Channels}] -> {Filters}, kernel {Text(Kernel)}, strides {Text(Strides)}, dilations "
        + $"{Text(Dilations)}, pads {Text(PadsBefore)} and {Text(PadsAfter)}, {Groups} groups";

    private static string Text(int[] numbers) => $"[{string.Join(", ", numbers)}]";

    private static int[] Whole(int[] numbers, int missing = 1) => [.. Enumerable.Repeat(missing, 3 - numbers.Length), .. numbers];

    private static Constant Float32(string name, float[] values, params ReadOnlySpan<int> shape) =>
        new(name, TensorType.Float32, new TensorShape(shape), MemoryMarshal.AsBytes<float>(values).ToArray());

    private Weights Int8(float[] values)
    {
        var (stored, scales) = (new sbyte[values.Length], new float[Filters]);
        for (var row = 0; row < Filters; row++)
        {
            var slice = values.AsSpan(row * Columns, Columns);
            scales[row] = slice.ToArray().Max(Math.Abs) / 127;
            for (var i = 0; i < Columns; i++)
            {
                stored[(row * Columns) + i] = (sbyte)Math.Clamp(MathF.Round(slice[i] / scales[row]), -127, 127);
            }
        }

        return new Weights(
            new Constant("w", TensorType.Int8, new TensorShape([Filters, Columns]), MemoryMarshal.AsBytes<sbyte>(stored).ToArray()), Float32("s", scales, Filters));
    }

    private static double[] Real(Weights weights)
    {
        if (!weights.IsInt8)
        {
            return Array.ConvertAll(MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).ToArray(), value => (double)value);
        }

        var scales = MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span).ToArray();
        return [.. MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span).ToArray().Select((value, i) => value * (double)scales[i / weights.Columns])];
    }
}
