using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Plan;

/// <summary>
/// One axis of a convolution. Output o reads the inputs Start + o * Stride + k * Dilation for the taps k; those outside the length are
/// padding.
/// </summary>
internal readonly record struct ConvAxis(int Length, int Output, int Kernel, int Stride, int Dilation, int Start)
{
    public static ConvAxis Trivial { get; } = Identity(1);

    /// <summary>Inputs from the first one that any window reads to the last.</summary>
    public long Reach => ((long)(Output - 1) * Stride) + ((long)(Kernel - 1) * Dilation) + 1;

    public bool IsPadded => Start < 0 || Start + Reach > Length;

    public bool IsIdentity => Kernel == 1 && Stride == 1 && Start == 0 && Output == Length;

    /// <summary>Whether the only window is the whole axis.</summary>
    public bool IsCovered => Output == 1 && Dilation == 1 && Start == 0 && Kernel == Length;

    public static ConvAxis Identity(int length) => new(length, length, 1, 1, 1, 0);

    /// <summary>Without the taps at either end that lie in padding for every output, and how many of the first ones those are.</summary>
    public (ConvAxis Axis, int Dropped) Trim()
    {
        int first = 0, last = Kernel - 1;
        while (first < last && !IsRead(first))
        {
            first++;
        }

        while (last > first && !IsRead(last))
        {
            last--;
        }

        var kernel = last - first + 1;
        var start = Start + ((long)first * Dilation);
        if (start > int.MaxValue)
        {
            return (this, 0);
        }

        return (new ConvAxis(Length, Output, kernel, Output == 1 ? 1 : Stride, kernel == 1 ? 1 : Dilation, (int)start), first);
    }

    private bool IsRead(int tap)
    {
        var index = Start + ((long)tap * Dilation);
        var output = index >= 0 ? 0 : (-index + Stride - 1) / Stride;
        return output < Output && index + (output * Stride) < Length;
    }
}

/// <summary>
/// A convolution as four axes, the batch among them, and channels: as few axes in use as the numbers allow. Outer axes come first; those not in
/// use are trivial.
/// </summary>
internal sealed record ConvGeometry(ImmutableArray<ConvAxis> Axes, int Channels, int Groups, int Filters)
{
    public const int AxisCount = 4;

    public ConvAxis Inner => Axes[AxisCount - 1];

    public int GroupChannels => Channels / Groups;

    public int GroupFilters => Filters / Groups;

    /// <summary>Runs of positions: one for each combination of the outer axes' outputs.</summary>
    public int Rows => Axes[0].Output * Axes[1].Output * Axes[2].Output;

    public int Positions => Rows * Inner.Output;

    public int Taps => Axes[0].Kernel * Axes[1].Kernel * Axes[2].Kernel * Inner.Kernel;

    /// <summary>Floats of a window, of one group.</summary>
    public int Columns => Taps * GroupChannels;

    public bool IsDepthwise => Groups > 1 && Groups == Channels && Groups == Filters;

    /// <summary>Whether a window is one run of the input, but for padding on the inner axis.</summary>
    public bool HasContiguousWindows =>
        Axes.Take(AxisCount - 1).All(axis => axis.Kernel == 1 && !axis.IsPadded) && (Inner.Kernel == 1 || (Inner.Dilation == 1 && Groups == 1));

    /// <summary>Floats between neighbours of an axis.</summary>
    public nint ElementStride(int axis)
    {
        nint stride = Channels;
        for (var inner = AxisCount - 1; inner > axis; inner--)
        {
            stride *= Axes[inner].Length;
        }

        return stride;
    }

    public NativeAxes ToNative() => new() { First = ToNative(0), Second = ToNative(1), Third = ToNative(2), Fourth = ToNative(3) };

    /// <summary>The node's geometry, and its weights without taps that always lie in padding.</summary>
    public static (ConvGeometry Geometry, Weights Weights) Of(ConvNode node)
    {
        var (input, output) = (node.Input.Shape, node.Output.Shape);
        var spatial = node.Kernel.Length;
        var axes = new List<ConvAxis> { ConvAxis.Identity(input[0]) };
        var dropped = new int[spatial];
        for (var i = 0; i < spatial; i++)
        {
            var axis = new ConvAxis(input[i + 1], output[i + 1], node.Kernel[i], node.Strides[i], node.Dilations[i], -node.PadsBefore[i]);
            (axis, dropped[i]) = axis.Trim();
            axes.Add(axis);
        }

        var channels = input[-1];
        var weights = Trim(node.Weights, node.Kernel, [.. axes.Skip(1).Select(axis => axis.Kernel)], dropped, channels / node.Groups);
        while (axes.Count > 0 && axes[^1].IsCovered && (node.Groups == 1 || axes[^1].Length == 1))
        {
            channels *= axes[^1].Length;
            axes.RemoveAt(axes.Count - 1);
        }

        for (var i = axes.Count - 1; i >= 0; i--)
        {
            if (axes[i] == ConvAxis.Trivial)
            {
                axes.RemoveAt(i);
            }
            else if (i > 0 && axes[i].IsIdentity && axes[i - 1].IsIdentity)
            {
                axes[i - 1] = ConvAxis.Identity(axes[i - 1].Length * axes[i].Length);
                axes.RemoveAt(i);
            }
        }

        while (axes.Count < AxisCount)
        {
            axes.Insert(0, ConvAxis.Trivial);
        }

        return (new ConvGeometry([.. axes], channels, node.Groups, node.Weights.Rows), weights);
    }

    private NativeAxis ToNative(int axis) => new()
    {
        Length = Axes[axis].Length,
        Output = Axes[axis].Output,
        Kernel = Axes[axis].Kernel,
        Stride = Axes[axis].Stride,
        Dilation = Axes[axis].Dilation,
        Start = Axes[axis].Start,
        ElementStride = ElementStride(axis),
    };

    private static Weights Trim(Weights weights, ImmutableArray<int> from, int[] to, int[] dropped, int channels)
    {
        if (from.AsSpan().SequenceEqual(to))
        {
            return weights;
        }

        var element = Names.SizeOf(weights.Values.Type);
        var columns = to.Aggregate(channels, (product, extent) => product * extent);
        var source = weights.Values.Data.Span;
        var result = new byte[checked(weights.Rows * columns * element)];
        var run = to[^1] * channels * element;
        for (int at = 0, window = 0; at < result.Length; at += run, window++)
        {
            // Windows count [row][outer taps kept].
            var (rest, index, stride) = (window, (nint)dropped[^1], (nint)from[^1]);
            for (var axis = to.Length - 2; axis >= 0; axis--)
            {
                index += (dropped[axis] + (rest % to[axis])) * stride;
                stride *= from[axis];
                rest /= to[axis];
            }

            source.Slice((int)((index + (rest * stride)) * channels * element), run).CopyTo(result.AsSpan(at));
        }

        return weights with { Values = weights.Values with { Shape = new TensorShape([weights.Rows, columns]), Data = result } };
    }
}
