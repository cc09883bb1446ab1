namespace RnnRuntime.Import.Layers;

/// <summary>Activations by the names that layer lists use.</summary>
internal static class Activations
{
    public const string Names = "tanh, relu, sigmoid, elu, softmax, log_softmax, linear";

    public static TensorRef Apply(LayerGraph graph, string location, TensorRef x, string name) => name switch
    {
        "tanh" => graph.Unary(location, x, builder => builder.Tanh),
        "relu" => graph.Unary(location, x, builder => builder.Relu),
        "sigmoid" => graph.Unary(location, x, builder => builder.Sigmoid),
        "softmax" => graph.Unary(location, x, builder => builder.Softmax),
        "log_softmax" => graph.Unary(location, x, builder => builder.LogSoftmax),
        "elu" => graph.Unary(location, x, builder => value => Elu(builder, value)),
        "linear" => x,
        _ => throw new RnnImportException(location, $"activation {JsonText.Quote(name)}", Names),
    };

    /// <summary>max(x, 0) + (e^min(x, 0) - 1).</summary>
    private static TensorRef Elu(RnnGraphBuilder builder, TensorRef x)
    {
        var negative = builder.Minimum(x, builder.Constant([0f]));
        return builder.Add(builder.Relu(x), builder.Subtract(builder.Exp(negative), builder.Constant([1f])));
    }
}
