using System.Collections.Immutable;

namespace RnnRuntime.Graph;

/// <summary>
/// The input's elements in another shape and order: output[i0, i1, ...] = input[Offset + sum of i_k * Strides[k]], counted in elements of
/// the input's row-major order. Reshapes, transposes, slices, splits and expansions are views.
/// </summary>
internal sealed record ViewNode(string Name, Value Input, Value Output, ImmutableArray<int> Strides, int Offset) : Node(Name)
{
    public override string Operator => "view";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];

    /// <summary>Whether the output is a run of the input's elements in their own order.</summary>
    public bool IsContiguous => Strides.AsSpan().SequenceEqual(RowMajorStrides(Output.Shape, Strides.AsSpan()));

    /// <summary>Row-major strides of a shape. Axes of extent 1 have any stride: they take it from <paramref name="template"/>.</summary>
    public static int[] RowMajorStrides(TensorShape shape, ReadOnlySpan<int> template = default)
    {
        var strides = new int[shape.Rank];
        var stride = 1;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = shape[axis] == 1 && !template.IsEmpty ? template[axis] : stride;
            stride *= shape[axis];
        }

        return strides;
    }
}

/// <summary>Joins tensors along an axis. All of one type.</summary>
internal sealed record ConcatNode(string Name, ImmutableArray<Value> Parts, Value Output, int Axis) : Node(Name)
{
    public override string Operator => "concat";

    public override ImmutableArray<Value> Inputs => Parts;

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>
/// Chooses elements by a fixed map: output[i] = all sources' elements one after another [Map[i]], or Fill where the map says -1.
/// Padding, gathering and scattering at fixed places are picks.
/// </summary>
internal sealed record PickNode(string Name, ImmutableArray<Value> Sources, Value Output, Constant Map, float Fill) : Node(Name)
{
    public override string Operator => "pick";

    public override ImmutableArray<Value> Inputs => Sources;

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => [Map];
}

/// <summary>
/// Looks up along an axis: data [A..., count, B...] with int32 indices of shape S gives [A..., S..., B...]. Indices are at least 0 and
/// below count; they come from an input, which checks them.
/// </summary>
internal sealed record GatherNode(string Name, Value Data, Value Indices, Value Output, int Axis) : Node(Name)
{
    public override string Operator => "gather";

    public override ImmutableArray<Value> Inputs => [Data, Indices];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>Matrix product of two tensors that are both computed: [..., M, K] by [..., K, N]; leading axes broadcast.</summary>
internal sealed record MatMulNode(string Name, Value Left, Value Right, Value Output) : Node(Name)
{
    public override string Operator => "matmul";

    public override ImmutableArray<Value> Inputs => [Left, Right];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>Reductions of the last axis.</summary>
internal enum ReduceOperator
{
    ReduceSum,
    ReduceMean,
    ReduceMaximum,
    ReduceMinimum,
}

/// <summary>Reduces the last axis: [..., K] to [...].</summary>
internal sealed record ReduceNode(string Name, ReduceOperator Function, Value Input, Value Output) : Node(Name)
{
    public override string Operator => Names.Of(Function);

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];
}

/// <summary>
/// Normalises the last axis: (x - mean) / sqrt(variance + Epsilon) * Scale + Bias, the variance divided by the number of elements.
/// Scale and bias have the extent of the last axis. Ba et al. 2016.
/// </summary>
internal sealed record LayerNormNode(string Name, Value Input, Value Output, Constant? Scale, Constant? Bias, float Epsilon) : Node(Name)
{
    public override string Operator => "layer_norm";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => Present(Scale, Bias);
}

/// <summary>
/// Convolution over 1 to 3 spatial axes, channels last: input [N, spatial..., channels], output [N, spatial..., filters], weights
/// [filters, kernel... * channels / groups], channels innermost. Zeros are padded. No state: the whole signal is in the input.
/// </summary>
internal sealed record ConvNode(
    string Name, Value Input, Value Output, Weights Weights, Constant? Bias, ImmutableArray<int> Kernel, ImmutableArray<int> Strides,
    ImmutableArray<int> Dilations, ImmutableArray<int> PadsBefore, ImmutableArray<int> PadsAfter, int Groups) : Node(Name)
{
    /// <summary>Whether each channel has a filter of its own and nothing else.</summary>
    public bool IsDepthwise => Groups > 1 && Groups == Weights.Rows && Groups == Input.Shape[-1];

    public override string Operator => "conv";

    public override ImmutableArray<Value> Inputs => [Input];

    public override ImmutableArray<Value> Outputs => [Output];

    public override ImmutableArray<Constant> Constants => Present(Weights.Values, Weights.Scales, Weights.Factors, Bias);
}
