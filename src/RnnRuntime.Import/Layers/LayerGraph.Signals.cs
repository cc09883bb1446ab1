using RnnRuntime.Graph;

namespace RnnRuntime.Import.Layers;

/// <content>Layers over a signal [T, F] that lies whole in one step.</content>
internal sealed partial class LayerGraph
{
    /// <summary>How a kernel moves over a signal; the padding is zeros on both sides.</summary>
    public readonly record struct Window(int Stride, int Dilation, int Groups, int Before, int After);

    /// <summary>The zeros on both sides that give ceil(T / stride) steps; of an odd number the greater part comes after, as in PyTorch and Keras.</summary>
    public static (int Before, int After) SamePadding(int steps, int kernel, int stride, int dilation)
    {
        var results = ((steps - 1) / stride) + 1;
        var total = Math.Max(0, ((results - 1) * (long)stride) + ((kernel - 1) * (long)dilation) + 1 - steps);
        var before = (int)Math.Min(total / 2, int.MaxValue);
        return (before, (int)Math.Min(total - before, int.MaxValue));
    }

    /// <summary>Convolution over the signal: [T, C] to [T', filters].</summary>
    public TensorRef SignalConvolution(string location, TensorRef x, Weight weight, Weight? bias, bool kernelFirst, Window window)
    {
        var (_, channels) = Signal(location, x);
        var (filters, kernel) = Kernel(location, channels, weight, bias, window.Groups, kernelFirst);
        return Layer(location, weight.Tensor.Count + (Int128)filters, () => _builder.Convolution(
            x, filters, kernel, Matrices.Convolution(weight.ToFloats(), filters, kernel, channels / window.Groups, 1, kernelFirst), bias?.ToFloats(),
            new RnnGraphBuilder.SignalWindow(window.Stride, window.Dilation, window.Before, window.After, window.Groups)));
    }

    /// <summary>Steps in front and behind, mirrored at the first and the last, which are not repeated.</summary>
    public TensorRef ReflectPad(string location, TensorRef x, int before, int after)
    {
        var (steps, features) = Signal(location, x);
        if (before >= steps || after >= steps)
        {
            throw new RnnImportException(location, $"{before} and {after} steps around {steps}", $"at most {steps - 1} on each side: a mirror holds no more");
        }

        var padded = (Int128)steps + before + after;
        return Layer(location, padded * features, () =>
        {
            var map = new int[(int)padded * features];
            for (var step = 0; step < (int)padded; step++)
            {
                var source = Math.Abs(step - before);
                source = source < steps ? source : (2 * (steps - 1)) - source;
                for (var feature = 0; feature < features; feature++)
                {
                    map[(step * features) + feature] = (source * features) + feature;
                }
            }

            return _builder.Pick(x, map, (int)padded, features);
        });
    }

    /// <summary>sqrt(re^2 + im^2): the first half of the features and the second.</summary>
    public TensorRef Magnitude(string location, TensorRef x)
    {
        var features = Features(location, x);
        if (features % 2 != 0)
        {
            throw new RnnImportException(location, $"{features} features", "an even number: real parts, then imaginary ones");
        }

        return Layer(location, 0, () =>
        {
            var axis = x.Shape.Rank - 1;
            var (real, imaginary) = (_builder.Slice(x, axis, 0, features / 2), _builder.Slice(x, axis, features / 2, features / 2));
            return _builder.Sqrt(_builder.Add(_builder.Multiply(real, real), _builder.Multiply(imaginary, imaginary)));
        });
    }

    /// <summary>One vector of a signal: [T, F] to [F].</summary>
    public TensorRef Pool(string location, TensorRef x, string function)
    {
        var (steps, features) = Signal(location, x);
        return Layer(location, 0, () => function switch
        {
            "mean" => _builder.Reduce(ReduceOperator.ReduceMean, _builder.Transpose(x)),
            "max" => _builder.Reduce(ReduceOperator.ReduceMaximum, _builder.Transpose(x)),
            "sum" => _builder.Reduce(ReduceOperator.ReduceSum, _builder.Transpose(x)),
            "first" => _builder.Reshape(_builder.Slice(x, 0, 0, 1), features),
            "last" => _builder.Reshape(_builder.Slice(x, 0, steps - 1, 1), features),
            _ => throw new RnnImportException(location, JsonText.Quote(function), "mean, max, sum, first or last"),
        });
    }
}
