using RnnRuntime.Graph;

namespace RnnRuntime.Formats;

/// <content>Operators that move, join, multiply and reduce whole tensors.</content>
internal sealed partial class NodeJsonReader
{
    private Node? ReadTensorOperator(string operatorName, string name)
    {
        if (OperatorNames<ReduceOperator>.Find(operatorName) is { } function)
        {
            return ReadReduce(name, function);
        }

        return operatorName switch
        {
            "view" => ReadView(name),
            "concat" => ReadConcat(name),
            "pick" => ReadPick(name),
            "gather" => ReadGather(name),
            "matmul" => ReadMatMul(name),
            "layer_norm" => ReadLayerNorm(name),
            "softmax" => ReadSoftmax(name, logarithm: false),
            "log_softmax" => ReadSoftmax(name, logarithm: true),
            "constant" => ReadConstant(name),
            _ => null,
        };
    }

    private ViewNode ReadView(string name)
    {
        var input = Input("input");
        return new ViewNode(
            name, input, Define("output", input.Type, _attributes.Shape("shape")), _attributes.Numbers("strides"), _attributes.Number("offset"));
    }

    private ConcatNode ReadConcat(string name)
    {
        var parts = Inputs("parts");
        var axis = _attributes.Number("axis");
        return new ConcatNode(name, parts, Define("output", parts[0].Type, ShapeRules.ConcatOutput(_section, parts, axis)), axis);
    }

    private PickNode ReadPick(string name)
    {
        var sources = Inputs("sources");
        return new PickNode(
            name, sources, Define("output", sources[0].Type, _attributes.Shape("shape")), Tensor("map"), _attributes.Float("fill"));
    }

    private GatherNode ReadGather(string name)
    {
        var (data, indices) = (Input("data"), Input("indices"));
        var axis = _attributes.Number("axis");
        return new GatherNode(name, data, indices, Define("output", data.Type, ShapeRules.GatherOutput(_section, data, indices, axis)), axis);
    }

    private MatMulNode ReadMatMul(string name)
    {
        var (left, right) = (Input("left"), Input("right"));
        return new MatMulNode(name, left, right, Output("output", ShapeRules.MatMulOutput(_section, left, right)));
    }

    private ReduceNode ReadReduce(string name, ReduceOperator function)
    {
        var input = Input("input");
        return new ReduceNode(name, function, input, Output("output", ShapeRules.ReduceOutput(_section, input)));
    }

    private LayerNormNode ReadLayerNorm(string name)
    {
        var input = Input("input");
        return new LayerNormNode(
            name, input, Output("output", input.Shape), OptionalTensor("scale"), OptionalTensor("bias"), _attributes.Float("epsilon"));
    }

    private SoftmaxNode ReadSoftmax(string name, bool logarithm)
    {
        var input = Input("input");
        return new SoftmaxNode(name, input, Output("output", input.Shape), logarithm);
    }

    private ConstantNode ReadConstant(string name)
    {
        var data = Tensor("data");
        return new ConstantNode(name, Define("output", data.Type, data.Shape), data);
    }
}
