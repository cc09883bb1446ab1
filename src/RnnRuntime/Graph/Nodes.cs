using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>
/// An operation of the portable graph. A node says what is computed and knows no hardware. Every shape is that of one step
/// of one stream; streams and time steps are the session's business.
/// </summary>
internal abstract record Node(string Name)
{
    /// <summary>The operator's name as files and listings write it.</summary>
    public abstract string Operator { get; }

    public abstract ImmutableArray<Value> Inputs { get; }

    public abstract ImmutableArray<Value> Outputs { get; }

    public virtual ImmutableArray<Constant> Constants => [];

    protected static ImmutableArray<Constant> Present(params ReadOnlySpan<Constant?> constants)
    {
        var builder = ImmutableArray.CreateBuilder<Constant>();
        foreach (var constant in constants)
        {
            if (constant is not null)
            {
                builder.Add(constant);
            }
        }

        return builder.ToImmutable();
    }

    protected static ImmutableArray<Value> PresentValues(params ReadOnlySpan<Value?> values)
    {
        var builder = ImmutableArray.CreateBuilder<Value>();
        foreach (var value in values)
        {
            if (value is not null)
            {
                builder.Add(value);
            }
        }

        return builder.ToImmutable();
    }
}

/// <summary>
/// Long short-term memory. Rows of the weights and the bias are the gates i, f, g, o of H units each (PyTorch's order).
/// <c>c' = f*c + i*g; h' = o*tanh(c')</c>. Hochreiter and Schmidhuber 1997, Gers et al. 2000.
/// </summary>
internal sealed record LstmNode(
    string Name, Value Input, Value Hidden, Value Cell, Value NewHidden, Value NewCell,
    Weights InputWeights, Weights RecurrentWeights, Constant? Bias) : Node(Name)
{
    public int HiddenSize => NewHidden.Shape[-1];

    public override string Operator => "lstm";

    public override ImmutableArray<Value> Inputs => [Input, Hidden, Cell];

    public override ImmutableArray<Value> Outputs => [NewHidden, NewCell];

    public override ImmutableArray<Constant> Constants =>
        Present(InputWeights.Values, InputWeights.Scales, InputWeights.Factors, RecurrentWeights.Values, RecurrentWeights.Scales, RecurrentWeights.Factors, Bias);
}

/// <summary>
/// Gated recurrent unit. Rows are the gates r, z, n of H units each (PyTorch's order).
/// Reset after: <c>n = tanh(Wn.x + bWn + r*(Un.h + bUn))</c>; reset before: <c>n = tanh(Wn.x + bWn + Un.(r*h) + bUn)</c>;
/// <c>h' = (1-z)*n + z*h</c>. Cho et al. 2014.
/// </summary>
internal sealed record GruNode(
    string Name, Value Input, Value Hidden, Value NewHidden,
    Weights InputWeights, Weights RecurrentWeights, Constant? InputBias, Constant? RecurrentBias, bool ResetAfter) : Node(Name)
{
    public int HiddenSize => NewHidden.Shape[-1];

    public override string Operator => "gru";

    public override ImmutableArray<Value> Inputs => [Input, Hidden];

    public override ImmutableArray<Value> Outputs => [NewHidden];

    public override ImmutableArray<Constant> Constants =>
        Present(InputWeights.Values, InputWeights.Scales, InputWeights.Factors, RecurrentWeights.Values, RecurrentWeights.Scales, RecurrentWeights.Factors, InputBias, RecurrentBias);
}

/// <summary>Plain recurrence: <c>h' = activation(W.x + U.h + b)</c>. Elman 1990. The activation is Tanh, Relu or Identity.</summary>
internal sealed record RnnNode(
    string Name, Value Input, Value Hidden, Value NewHidden,
    Weights InputWeights, Weights RecurrentWeights, Constant? Bias, UnaryOperator Activation) : Node(Name)
{
    public int HiddenSize => NewHidden.Shape[-1];

    public override string Operator => "rnn";

    public override ImmutableArray<Value> Inputs => [Input, Hidden];

    public override ImmutableArray<Value> Outputs => [NewHidden];

    public override ImmutableArray<Constant> Constants =>
        Present(InputWeights.Values, InputWeights.Scales, InputWeights.Factors, RecurrentWeights.Values, RecurrentWeights.Scales, RecurrentWeights.Factors, Bias);
}

/// <summary>Affine map of the last axis: input [..., columns], output [..., rows], weights [rows, columns], bias [rows].</summary>
internal sealed record LinearNode(string Name, Value Input, Value Output, Weights Weights, Constant? Bias) : Node(Name)
{
    public override string Operator => "linear";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => Present(Weights.Values, Weights.Scales, Weights.Factors, Bias);
}

/// <summary>Table look-up: int32 indices of any shape S, table [count, size], output [S..., size].</summary>
internal sealed record EmbeddingNode(string Name, Value Indices, Value Output, Weights Table) : Node(Name)
{
    public override string Operator => "embedding";

    public override ImmutableArray<Value> Inputs => [Indices];

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => Present(Table.Values, Table.Scales);
}

/// <summary>
/// Streaming causal 1-D convolution over the time axis: input [channels], output [filters]; weights [filters, kernelSize * channels]
/// with the oldest tap first. The state holds the last (kernelSize - 1) * dilation inputs, oldest first: [that, channels].
/// A kernel of size 1 has no state: History and NewHistory are null.
/// </summary>
internal sealed record CausalConv1dNode(
    string Name, Value Input, Value? History, Value Output, Value? NewHistory,
    Weights Weights, Constant? Bias, int KernelSize, int Dilation) : Node(Name)
{
    public override string Operator => "causal_conv1d";

    public override ImmutableArray<Value> Inputs => History is null ? [Input] : [Input, History];

    public override ImmutableArray<Value> Outputs => NewHistory is null ? [Output] : [Output, NewHistory];

    public override ImmutableArray<Constant> Constants => Present(Weights.Values, Weights.Scales, Weights.Factors, Bias);
}

/// <summary>Delay line: the output is the input of <c>Steps</c> steps ago. State [Steps, input shape...], oldest first.</summary>
internal sealed record DelayNode(string Name, Value Input, Value History, Value Output, Value NewHistory, int Steps) : Node(Name)
{
    public override string Operator => "delay";

    public override ImmutableArray<Value> Inputs => [Input, History];

    public override ImmutableArray<Value> Outputs => [Output, NewHistory];
}

/// <summary>Softmax over the last axis, or its logarithm.</summary>
internal sealed record SoftmaxNode(string Name, Value Input, Value Output, bool Logarithm) : Node(Name)
{
    public override string Operator => Logarithm ? "log_softmax" : "softmax";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>A constant as a value.</summary>
internal sealed record ConstantNode(string Name, Value Output, Constant Data) : Node(Name)
{
    public override string Operator => "constant";

    public override ImmutableArray<Value> Inputs => [];

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => [Data];
}
