using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime;

/// <content>Operations along axes, and layers over a whole signal that lies in one step.</content>
public sealed partial class RnnGraphBuilder
{
    /// <summary>
    /// Normalises the last axis: <c>(x - mean) / sqrt(variance + epsilon) * scale + bias</c>, the variance divided by the number of
    /// elements (Ba et al. 2016).
    /// </summary>
    /// <param name="input">float32 [..., C].</param>
    /// <param name="scale">[C], or empty for ones.</param>
    /// <param name="bias">[C], or empty for zeros.</param>
    /// <param name="epsilon">Finite, at least 0.</param>
    /// <param name="name">The node's name; null for layer_norm1, layer_norm2, ...</param>
    /// <returns>float32 of the input's shape.</returns>
    /// <exception cref="ArgumentException">A length, shape or name is not as said here, or a number is not finite.</exception>
    public TensorRef LayerNorm(TensorRef input, ReadOnlySpan<float> scale = default, ReadOnlySpan<float> bias = default, float epsilon = 1e-5f, string? name = null)
    {
        var x = Own(input, nameof(input));
        Require(x is { Type: TensorType.Float32, Shape.Rank: >= 1 }, nameof(input), Names.Describe(x.Type, x.Shape), "float32 [..., C]");
        CheckData(scale, x.Shape[-1], $"[{x.Shape[-1]}]", nameof(scale), optional: true);
        CheckData(bias, x.Shape[-1], $"[{x.Shape[-1]}]", nameof(bias), optional: true);
        Require(float.IsFinite(epsilon) && epsilon >= 0, nameof(epsilon), $"{epsilon}", "a finite number of at least 0");

        name = NodeName(name, "layer_norm");
        return Add(new LayerNormNode(
            name, x, Float32($"{name}.output", x.Shape), OptionalVector($"{name}.scale", scale), OptionalVector($"{name}.bias", bias), epsilon));
    }

    /// <summary>Joins tensors along their last axis.</summary>
    /// <param name="parts">At least one; float32 [..., C] that differ in C only.</param>
    /// <returns>float32 [..., sum of C].</returns>
    /// <exception cref="ArgumentException">There is none, a shape or type is not as said here, or a tensor is of another builder.</exception>
    public TensorRef Concat(params ReadOnlySpan<TensorRef> parts)
    {
        var values = ImmutableArray.CreateBuilder<Value>(parts.Length);
        foreach (var part in parts)
        {
            var value = Own(part, nameof(parts));
            Require(value is { Type: TensorType.Float32, Shape.Rank: >= 1 }, nameof(parts), Names.Describe(value.Type, value.Shape), "float32 [..., C]");
            values.Add(value);
        }

        var axis = values.Count == 0 ? 0 : values[0].Shape.Rank - 1;
        var joined = values.ToImmutable();
        var shape = Fit(() => ShapeRules.ConcatOutput("concat", joined, axis));
        var name = NodeName(null, "concat");
        return Add(new ConcatNode(name, joined, Float32($"{name}.output", shape), axis));
    }

    /// <summary>The same elements in another shape.</summary>
    internal TensorRef Reshape(TensorRef input, params ReadOnlySpan<int> shape)
    {
        var x = Own(input, nameof(input));
        var extents = new TensorShape(shape);
        Require(extents.ElementCount == x.Shape.ElementCount, nameof(shape), $"{extents}", $"{x.Shape.ElementCount} elements as {x.Shape}");
        return View(x, extents, ViewNode.RowMajorStrides(extents), 0);
    }

    /// <summary>The two last axes exchanged: [..., A, B] to [..., B, A].</summary>
    internal TensorRef Transpose(TensorRef input)
    {
        var x = Own(input, nameof(input));
        Require(x.Shape.Rank >= 2, nameof(input), $"{x.Shape}", "[..., A, B]");
        int[] extents = [.. x.Shape.Dimensions];
        var strides = ViewNode.RowMajorStrides(x.Shape);
        (extents[^1], extents[^2]) = (extents[^2], extents[^1]);
        (strides[^1], strides[^2]) = (strides[^2], strides[^1]);
        return View(x, new TensorShape(extents), strides, 0);
    }

    /// <summary>A run of one axis' indices.</summary>
    internal TensorRef Slice(TensorRef input, int axis, int start, int count)
    {
        var x = Own(input, nameof(input));
        var fits = axis >= 0 && axis < x.Shape.Rank && start >= 0 && count >= 1 && count <= x.Shape[axis] - start;
        Require(fits, nameof(start), $"{count} of axis {axis} from {start}", $"indices of {x.Shape}");
        int[] extents = [.. x.Shape.Dimensions];
        extents[axis] = count;
        var strides = ViewNode.RowMajorStrides(x.Shape);
        return View(x, new TensorShape(extents), strides, start * strides[axis]);
    }

    /// <summary>Elements by their place in the input, in another shape.</summary>
    /// <param name="input">float32 of any shape.</param>
    /// <param name="map">For each element of the result the input's, row-major.</param>
    /// <param name="shape">The result's.</param>
    internal TensorRef Pick(TensorRef input, ReadOnlySpan<int> map, params ReadOnlySpan<int> shape)
    {
        var x = Own(input, nameof(input));
        var extents = new TensorShape(shape);
        Require(x.Type == TensorType.Float32 && map.Length == extents.ElementCount, nameof(map), $"{map.Length} places", $"{extents.ElementCount} of float32");
        var name = NodeName(null, "pick");
        var constant = new Constant($"{name}.map", TensorType.Int32, new TensorShape(map.Length), MemoryMarshal.AsBytes(map).ToArray());
        return Add(new PickNode(name, [x], Float32($"{name}.output", extents), constant, Fill: 0));
    }

    /// <summary>Reduces the last axis: [..., K] to [...].</summary>
    internal TensorRef Reduce(ReduceOperator function, TensorRef input)
    {
        var x = Own(input, nameof(input));
        var shape = Fit(() => ShapeRules.ReduceOutput("reduce", x));
        var name = NodeName(null, Names.Of(function));
        return Add(new ReduceNode(name, function, x, Float32($"{name}.output", shape)));
    }

    /// <summary>Convolution over a signal that lies whole in the input, with zeros around it.</summary>
    /// <param name="input">float32 [T, C].</param>
    /// <param name="filters">R.</param>
    /// <param name="kernelSize">k.</param>
    /// <param name="weights">[R, k, C / groups].</param>
    /// <param name="bias">[R], or empty for none.</param>
    /// <param name="window">How the kernel moves.</param>
    /// <param name="name">The node's name; null for conv1, conv2, ...</param>
    /// <returns>float32 [T', R].</returns>
    internal TensorRef Convolution(
        TensorRef input, int filters, int kernelSize, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, SignalWindow window, string? name = null)
    {
        var x = Own(input, nameof(input));
        Require(x is { Type: TensorType.Float32, Shape.Rank: 2 }, nameof(input), Names.Describe(x.Type, x.Shape), "float32 [T, C]");
        Require(window.Groups >= 1 && x.Shape[1] % window.Groups == 0, nameof(window), $"{window.Groups} groups", $"a divisor of {x.Shape[1]}");
        CheckSize(filters, nameof(filters));
        CheckSize(kernelSize, nameof(kernelSize));
        CheckData(weights, Product(filters, kernelSize, x.Shape[1] / window.Groups), $"[filters, kernelSize, {x.Shape[1] / window.Groups}]", nameof(weights));
        CheckData(bias, filters, "[filters]", nameof(bias), optional: true);

        name = NodeName(name, "conv");
        var matrix = Matrix($"{name}.weights", weights, filters);
        var signal = Own(Reshape(input, 1, x.Shape[0], x.Shape[1]), nameof(input));
        var shape = Fit(() => ShapeRules.ConvOutput(
            name, signal, matrix, [kernelSize], [window.Stride], [window.Dilation], [window.Before], [window.After], window.Groups));
        var y = Add(new ConvNode(
            name, signal, Float32($"{name}.output", shape), matrix, OptionalVector($"{name}.bias", bias), [kernelSize], [window.Stride], [window.Dilation],
            [window.Before], [window.After], window.Groups));
        return Reshape(y, shape[1], filters);
    }

    private TensorRef View(Value x, TensorShape shape, ReadOnlySpan<int> strides, int offset)
    {
        var name = NodeName(null, "view");
        return Add(new ViewNode(name, x, NewValue($"{name}.output", x.Type, shape), [.. strides], offset));
    }

    /// <summary>How a kernel moves over a signal: its stride, the distance of its taps, the zeros on both sides, the groups of channels.</summary>
    internal readonly record struct SignalWindow(int Stride = 1, int Dilation = 1, int Before = 0, int After = 0, int Groups = 1);
}
