using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Convolutions. ONNX has channels before the spatial axes, the core behind them: the views between are dropped where two meet. A
/// transposed convolution is one over its input with zeros in between, with the kernel turned round.
/// </summary>
internal static class ConvolutionOperators
{
    public static void Register(Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> handlers)
    {
        handlers.Add("Conv", Conv);
        handlers.Add("ConvTranspose", ConvTranspose);
    }

    /// <summary>What both operators have in common.</summary>
    private sealed record Geometry(
        Value Input, HostTensor Weights, Constant? Bias, int Rank, int Groups, WindowAttributes Window);

    public static ImmutableArray<Operand?> Conv(NodeContext node)
    {
        var g = Read(node, isTransposed: false);
        var (filters, channels) = (g.Weights.Shape[0], g.Weights.Shape[1]);
        if (g.Input.Shape[1] != (long)channels * g.Groups)
        {
            throw node.Refuse("W", $"{g.Weights} with {g.Groups} groups", $"weights for the {g.Input.Shape[1]} channels of X");
        }

        var taps = g.Window.Kernel.Aggregate(1, (product, extent) => product * extent);
        var source = g.Weights.Values<float>();
        var weights = new float[source.Length];
        for (var filter = 0; filter < filters; filter++)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                for (var tap = 0; tap < taps; tap++)
                {
                    weights[(((filter * taps) + tap) * channels) + channel] = source[(((filter * channels) + channel) * taps) + tap];
                }
            }
        }

        var input = ToChannelsLast(node.Emit, g.Input);
        return Emit(node, g, input, node.Emit.NewConstant(weights, filters, taps * channels), g.Window.Strides, g.Window.Before, g.Window.After);
    }

    private static ImmutableArray<Operand?> ConvTranspose(NodeContext node)
    {
        var g = Read(node, isTransposed: true);
        var (channels, filtersOfGroup) = (g.Weights.Shape[0], g.Weights.Shape[1]);
        if (g.Input.Shape[1] != channels || channels % g.Groups != 0)
        {
            throw node.Refuse("W", $"{g.Weights} with {g.Groups} groups", $"weights for the {g.Input.Shape[1]} channels of X");
        }

        var extra = WindowAttributes.Numbers(node, "output_padding", g.Rank, 0);
        var requested = node.Attributes.Integers("output_shape");
        var input = ToChannelsLast(node.Emit, g.Input);
        var (before, after) = (new int[g.Rank], new int[g.Rank]);
        for (var i = 0; i < g.Rank; i++)
        {
            var (reach, stride) = (g.Window.Reach(i), g.Window.Strides[i]);
            var whole = ((g.Input.Shape[i + 2] - 1L) * stride) + reach + 1 + extra[i];
            if (requested is { } shape)
            {
                if (shape.Length != g.Rank && shape.Length != g.Rank + 2)
                {
                    throw node.Attributes.Error("output_shape", $"{shape.Length} extents", $"{g.Rank}");
                }

                // A shape larger than the whole result is padded at its end.
                var total = whole - shape[shape.Length - g.Rank + i];
                extra[i] = checked((int)(extra[i] + Math.Max(0, -total)));
                SetTotal(i, total);
            }
            else if (g.Window.AutoPad is "SAME_UPPER" or "SAME_LOWER")
            {
                SetTotal(i, whole - ((long)g.Input.Shape[i + 2] * stride));
            }

            input = Stretch(node, input, i + 1, stride);
            (before[i], after[i]) = (checked((int)(reach - g.Window.Before[i])), checked((int)(reach - g.Window.After[i] + extra[i])));
            var (cutBefore, cutAfter) = (Math.Max(0, -before[i]), Math.Max(0, -after[i]));
            if (cutBefore + (long)cutAfter > 0)
            {
                if (cutBefore + (long)cutAfter >= input.Shape[i + 1])
                {
                    throw node.Refuse($"pads that leave nothing of axis {i}", "pads below the output's extent");
                }

                input = node.Emit.Slice(input, i + 1, cutBefore, input.Shape[i + 1] - cutBefore - cutAfter);
                (before[i], after[i]) = (Math.Max(0, before[i]), Math.Max(0, after[i]));
            }
        }

        var taps = g.Window.Kernel.Aggregate(1, (product, extent) => product * extent);
        var groupChannels = channels / g.Groups;
        var source = g.Weights.Values<float>();
        var weights = new float[source.Length];
        for (var channel = 0; channel < channels; channel++)
        {
            var group = channel / groupChannels;
            for (var f = 0; f < filtersOfGroup; f++)
            {
                var filter = (group * filtersOfGroup) + f;
                for (var tap = 0; tap < taps; tap++)
                {
                    // Row-major taps in reverse order are the kernel turned round on every axis.
                    weights[(((filter * taps) + (taps - 1 - tap)) * groupChannels) + (channel % groupChannels)] =
                        source[(((channel * filtersOfGroup) + f) * taps) + tap];
                }
            }
        }

        var matrix = node.Emit.NewConstant(weights, filtersOfGroup * g.Groups, taps * groupChannels);
        return Emit(node, g, input, matrix, [.. Enumerable.Repeat(1, g.Rank)], before, after);

        // Without SAME_UPPER the odd one comes first.
        void SetTotal(int axis, long total)
        {
            total = Math.Max(0, total);
            g.Window.Before[axis] = checked((int)(g.Window.AutoPad == "SAME_UPPER" ? total / 2 : (total + 1) / 2));
            g.Window.After[axis] = checked((int)total) - g.Window.Before[axis];
        }
    }

    /// <summary>Zeros between the elements of an axis of [N, spatial..., channels].</summary>
    private static Value Stretch(NodeContext node, Value input, int axis, int stride)
    {
        if (stride == 1 || input.Shape[axis] == 1)
        {
            return input;
        }

        int[] extents = [.. input.Shape.Dimensions];
        extents[axis] = checked(((extents[axis] - 1) * stride) + 1);
        var shape = node.Emit.ShapeOf(node.Location, [.. extents]);
        var inner = input.Shape.Dimensions[(axis + 1)..].Aggregate(1, (product, extent) => product * extent);
        var map = new int[shape.ElementCount];
        for (var i = 0; i < map.Length; i++)
        {
            var (outer, rest) = Math.DivRem(i, extents[axis] * inner);
            var (position, within) = Math.DivRem(rest, inner);
            map[i] = position % stride == 0 ? (((outer * input.Shape[axis]) + (position / stride)) * inner) + within : -1;
        }

        return node.Emit.Pick([input], shape, map, 0);
    }

    private static ImmutableArray<Operand?> Emit(NodeContext node, Geometry g, Value input, Constant weights, int[] strides, int[] before, int[] after)
    {
        var matrix = new RnnRuntime.Graph.Weights(weights, null);
        var shape = ShapeRules.ConvOutput(
            node.Location, input, matrix, [.. g.Window.Kernel], [.. strides], [.. g.Window.Dilations], [.. before], [.. after], g.Groups);
        node.Emit.ShapeOf(node.Location, shape.Dimensions);
        var output = node.Emit.NewValue(TensorType.Float32, shape);
        node.Emit.Add(new ConvNode(
            node.Emit.NewNodeName(), input, output, matrix, g.Bias, [.. g.Window.Kernel], [.. strides], [.. g.Window.Dilations], [.. before], [.. after], g.Groups));
        return [Operand.Of(node.Emit.Transpose(output, [0, g.Rank + 1, .. Enumerable.Range(1, g.Rank)]), ElementType.Float32)];
    }

    private static Value ToChannelsLast(GraphEmitter emit, Value input) =>
        emit.Transpose(input, [0, .. Enumerable.Range(2, input.Shape.Rank - 2), 1]);

    private static Geometry Read(NodeContext node, bool isTransposed)
    {
        var input = node.Float(0, "X");
        if (node.ConstantFloat(1, "W") is not { } weights)
        {
            throw node.Refuse("W", $"{node.Operand(1, "W")} that is computed", "constant weights");
        }

        var rank = weights.Rank - 2;
        if (rank is < 1 or > 3 || input.Shape.Rank != weights.Rank || weights.Count == 0)
        {
            throw node.Refuse($"{node.Operand(0, "X")} and weights {weights}", "both of 3 to 5 extents");
        }

        int[] kernel = [.. weights.Shape[2..]];
        var declared = WindowAttributes.Numbers(node, "kernel_shape", rank, 0);
        if (node.Attributes.Has("kernel_shape") && !declared.AsSpan().SequenceEqual(kernel))
        {
            throw node.Attributes.Error("kernel_shape", $"[{string.Join(", ", declared)}]", $"[{string.Join(", ", kernel)}] as the weights");
        }

        var groups = node.Attributes.Integer("group", 1);
        var filters = isTransposed ? checked((int)Math.Min((long)weights.Shape[1] * Math.Max(groups, 1), int.MaxValue)) : weights.Shape[0];
        if (groups < 1 || groups > 1 << 20 || filters % groups != 0)
        {
            throw node.Attributes.Error("group", $"{groups}", $"a divisor of the {filters} filters");
        }

        Constant? bias = null;
        if (node.Has(2))
        {
            var tensor = node.ConstantFloat(2, "B") ?? throw node.Refuse("B", "a bias that is computed", "a constant bias");
            bias = tensor.Rank == 1 && tensor.Shape[0] == filters
                ? node.Emit.NewConstant($"{node.Location}, input B", tensor)
                : throw node.Refuse("B", $"{tensor}", $"[{filters}]");
        }

        return new Geometry(
            input, weights, bias, rank, (int)groups,
            WindowAttributes.Read(node, rank, kernel, isTransposed ? default : input.Shape.Dimensions.AsSpan()[2..]));
    }
}
