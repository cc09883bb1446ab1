using RnnRuntime.Graph;

namespace RnnRuntime.Import.Layers;

/// <content>Layers with weights, and what combines tensors.</content>
internal sealed partial class LayerGraph
{
    /// <summary>A recurrent layer; the state's names begin with <paramref name="name"/>.</summary>
    /// <param name="location">How errors name it.</param>
    /// <param name="x">One step or a signal.</param>
    /// <param name="cell">Its weights.</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="isReverse">Whether it runs from the signal's end.</param>
    /// <param name="carriesState">Whether a call begins where the one before ended; otherwise with zeros.</param>
    public TensorRef Cell(string location, TensorRef x, CellWeights cell, string name, bool isReverse = false, bool carriesState = true)
    {
        Features(location, x);
        var isPlain = cell.Projection is null && cell.Peepholes.Length == 0;
        var weights = (Int128)cell.Input.Length + cell.Recurrent.Length + cell.InputBias.Length + cell.RecurrentBias.Length
            + cell.Peepholes.Length + (cell.Projection?.Length ?? 0);
        return Layer(location, weights, () =>
        {
            if (isPlain && !IsSignal(x))
            {
                return PlainCell(x, cell, name);
            }

            return isPlain && carriesState && x.Shape[0] == 1
                ? _builder.Reshape(PlainCell(_builder.Reshape(x, x.Shape[1]), cell, name), 1, cell.Hidden)
                : _builder.Sequence(x, Sequence(cell, isReverse, carriesState), name);
        });
    }

    public TensorRef Linear(string location, TensorRef x, Weight weight, Weight? bias, MatrixLayout layout)
    {
        var features = Features(location, x);
        weight.ExpectRank(2, "a matrix");
        var outputs = weight.Tensor.Shape[layout == MatrixLayout.OutIn ? 0 : 1];
        if (layout == MatrixLayout.OutIn)
        {
            weight.Expect([outputs, features], "[outputs, inputs]");
        }
        else
        {
            weight.Expect([features, outputs], "[inputs, outputs]");
        }

        bias?.Expect([outputs], "[outputs]");
        return Layer(location, (Int128)outputs * (features + 1), () =>
        {
            var values = weight.ToFloats();
            var rows = layout == MatrixLayout.OutIn ? values : Matrices.Transpose(values, features, outputs);
            return _builder.Linear(x, outputs, rows, bias?.ToFloats());
        });
    }

    public TensorRef Embedding(string location, TensorRef tokens, Weight table)
    {
        if (tokens.Type != TensorType.Int32)
        {
            throw new RnnImportException(location, $"{tokens}", "a token, int32, as the layer's input");
        }

        table.ExpectRank(2, "a table [count, size]");
        return Layer(location, table.Tensor.Count, () => _builder.Embedding(tokens, table.Tensor.Shape[0], table.Tensor.Shape[1], table.ToFloats()));
    }

    /// <summary>Causal convolution over the steps of a stream: zeros before the first step.</summary>
    public TensorRef Convolution(string location, TensorRef x, Weight weight, Weight? bias, int dilation, int groups, bool kernelFirst)
    {
        var channels = Features(location, x);
        var (filters, kernel) = Kernel(location, channels, weight, bias, groups, kernelFirst);
        return Layer(
            location, ((Int128)filters * kernel * channels) + filters + ((kernel - 1) * (Int128)dilation * channels),
            () => _builder.CausalConv1d(
                x, filters, kernel, Matrices.Convolution(weight.ToFloats(), filters, kernel, channels, groups, kernelFirst), bias?.ToFloats(), dilation));
    }

    /// <summary>
    /// Batch normalisation with its running statistics, as a scale and a shift: gamma / sqrt(variance + epsilon), computed in float64.
    /// </summary>
    public TensorRef BatchNorm(string location, TensorRef x, Weight? gamma, Weight? beta, Weight mean, Weight variance, double epsilon)
    {
        var features = Features(location, x);
        foreach (var weight in new[] { gamma, beta, mean, variance })
        {
            weight?.Expect([features], "[channels]");
        }

        var (means, variances, gammas, betas) = (mean.ToFloats(), variance.ToFloats(), gamma?.ToFloats(), beta?.ToFloats());
        var (scale, shift) = (new float[features], new float[features]);
        for (var i = 0; i < features; i++)
        {
            if (!(variances[i] + epsilon > 0))
            {
                throw new RnnImportException($"{variance.Name}, element {i}", $"{variances[i]} with epsilon {epsilon}", "a positive sum of both");
            }

            var factor = (gammas is null ? 1.0 : gammas[i]) / Math.Sqrt(variances[i] + epsilon);
            scale[i] = (float)factor;
            shift[i] = (float)((betas is null ? 0.0 : betas[i]) - (means[i] * factor));
        }

        return Layer(
            location, features * 2, () => _builder.Add(_builder.Multiply(x, _builder.Constant(scale, features)), _builder.Constant(shift, features)));
    }

    /// <summary>x where it is positive, else alpha * x; one alpha, or one a channel.</summary>
    public TensorRef PRelu(string location, TensorRef x, Weight alpha)
    {
        var features = Features(location, x);
        if (alpha.Tensor.Count != 1 && (alpha.Tensor.Count != features || alpha.Tensor.Shape[^1] != features))
        {
            throw new RnnImportException(alpha.Name, $"{alpha.Tensor}", $"1 slope or {features}, one a channel");
        }

        return Layer(location, alpha.Tensor.Count, () =>
        {
            var slopes = alpha.ToFloats();
            return _builder.PRelu(x, slopes.Length == 1 ? _builder.Constant(slopes) : _builder.Constant(slopes, features));
        });
    }

    /// <summary>Normalisation over the features of each step.</summary>
    public TensorRef LayerNorm(string location, TensorRef x, Weight? gamma, Weight? beta, float epsilon)
    {
        var features = Features(location, x);
        gamma?.Expect([features], "[features]");
        beta?.Expect([features], "[features]");
        return Layer(location, features * 2, () => _builder.LayerNorm(x, gamma?.ToFloats(), beta?.ToFloats(), epsilon));
    }

    public TensorRef Unary(string location, TensorRef x, Func<RnnGraphBuilder, TensorRef, TensorRef> function)
    {
        Features(location, x);
        return Layer(location, 0, () => function(_builder, x));
    }

    /// <summary>Elementwise combination of tensors of one shape.</summary>
    public TensorRef Combine(string location, TensorRef left, TensorRef right, Func<RnnGraphBuilder, Func<TensorRef, TensorRef, TensorRef>> function)
    {
        Features(location, left);
        Features(location, right);
        return left.Shape == right.Shape
            ? Layer(location, 0, () => function(_builder)(left, right))
            : throw new RnnImportException(location, $"inputs of sizes {left.Shape} and {right.Shape}", "inputs of one size");
    }

    /// <summary>The features of all, one after another.</summary>
    public TensorRef Concat(string location, TensorRef[] parts)
    {
        foreach (var part in parts)
        {
            Features(location, part);
            if (part.Shape.Rank != parts[0].Shape.Rank || (IsSignal(part) && part.Shape[0] != parts[0].Shape[0]))
            {
                throw new RnnImportException(location, $"inputs of sizes {parts[0].Shape} and {part.Shape}", "inputs of as many time steps");
            }
        }

        return Layer(location, parts.Length, () => _builder.Concat(parts));
    }

    private TensorRef PlainCell(TensorRef x, CellWeights cell, string name) => cell.Format.Kind switch
    {
        CellKind.Lstm => _builder.Lstm(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, name),
        CellKind.Gru => _builder.Gru(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, cell.RecurrentBias, cell.Format.ResetAfter, name),
        _ => _builder.Rnn(x, cell.Hidden, cell.Input, cell.Recurrent, cell.InputBias, cell.Format.Nonlinearity, name),
    };

    private static RnnGraphBuilder.SequenceLayer Sequence(CellWeights cell, bool isReverse, bool carriesState)
    {
        var kind = cell.Format.Kind switch
        {
            CellKind.Lstm => SequenceCell.Lstm,
            CellKind.Gru => SequenceCell.Gru,
            _ => SequenceCell.Rnn,
        };
        return new RnnGraphBuilder.SequenceLayer(kind, cell.Hidden, cell.Input, cell.Recurrent)
        {
            InputBias = cell.InputBias,
            RecurrentBias = cell.RecurrentBias,
            Peepholes = cell.Peepholes,
            ProjectionSize = cell.Projection is null ? null : cell.Projection.Length / cell.Hidden,
            Projection = cell.Projection ?? [],
            ResetAfter = cell.Format.ResetAfter,
            Nonlinearity = cell.Format.Nonlinearity switch
            {
                RnnActivation.Relu => UnaryOperator.Relu,
                RnnActivation.Identity => UnaryOperator.Identity,
                _ => UnaryOperator.Tanh,
            },
            IsReverse = isReverse,
            CarriesState = carriesState,
        };
    }

    /// <summary>Filters and kernel size of a convolution whose tensors fit.</summary>
    private static (int Filters, int Kernel) Kernel(string location, int channels, Weight weight, Weight? bias, int groups, bool kernelFirst)
    {
        var meaning = kernelFirst ? "[kernel, channels / groups, filters]" : "[filters, channels / groups, kernel]";
        weight.ExpectRank(3, meaning);
        var (kernel, filters) = kernelFirst ? (weight.Tensor.Shape[0], weight.Tensor.Shape[2]) : (weight.Tensor.Shape[2], weight.Tensor.Shape[0]);
        if (channels % groups != 0 || filters % groups != 0)
        {
            throw new RnnImportException(location, $"{groups} groups of {channels} channels and {filters} filters", "groups that divide both");
        }

        weight.Expect(kernelFirst ? [kernel, channels / groups, filters] : [filters, channels / groups, kernel], meaning);
        bias?.Expect([filters], "[filters]");
        return (filters, kernel);
    }
}
