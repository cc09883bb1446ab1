namespace RnnRuntime.Import.Layers;

/// <summary>Activations by the names that layer lists use.</summary>
internal static class Activations
{
    /// <summary>Those that need no parameter.</summary>
    public const string Names = "tanh, relu, sigmoid, elu, softmax, log_softmax, linear";

    public const string TopologyNames = Names + ", silu, softplus, softsign, exp, log, sqrt, abs, leaky_relu (alpha), hard_sigmoid (alpha, beta)";

    public static TensorRef Apply(LayerGraph graph, string location, TensorRef x, string name) =>
        Find(name) is { } function ? function(graph, location, x) : throw new RnnImportException(location, $"activation {JsonText.Quote(name)}", Names);

    /// <summary>A topology's activation with its parameters.</summary>
    public static TensorRef Apply(LayerGraph graph, JsonFields layer, TensorRef x)
    {
        var name = layer.Text("function");
        var location = layer.LocationOf("function");
        switch (name)
        {
            case "elu":
                var curve = layer.OptionalFloat("alpha") ?? 1;
                return graph.Unary(location, x, (builder, value) => builder.Elu(value, curve));
            case "leaky_relu":
                var slope = layer.Float("alpha");
                return graph.Unary(location, x, (builder, value) => builder.LeakyRelu(value, slope));
            case "hard_sigmoid":
                var (alpha, beta) = (layer.Float("alpha"), layer.Float("beta"));
                return graph.Unary(location, x, (builder, value) => builder.HardSigmoid(value, alpha, beta));
            case "silu":
                return graph.Unary(location, x, (builder, value) => builder.Multiply(value, builder.Sigmoid(value)));
            case "softplus":
                return graph.Unary(location, x, (builder, value) => builder.Softplus(value));
            case "softsign":
                return graph.Unary(location, x, (builder, value) => builder.Softsign(value));
            case "exp":
                return graph.Unary(location, x, (builder, value) => builder.Exp(value));
            case "log":
                return graph.Unary(location, x, (builder, value) => builder.Log(value));
            case "sqrt":
                return graph.Unary(location, x, (builder, value) => builder.Sqrt(value));
            case "abs":
                return graph.Unary(location, x, (builder, value) => builder.Abs(value));
            default:
                return Find(name) is { } function
                    ? function(graph, location, x)
                    : throw new RnnImportException(location, $"activation {JsonText.Quote(name)}", TopologyNames);
        }
    }

    private static Func<LayerGraph, string, TensorRef, TensorRef>? Find(string name) => name switch
    {
        "tanh" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.Tanh(value)),
        "relu" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.Relu(value)),
        "sigmoid" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.Sigmoid(value)),
        "softmax" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.Softmax(value)),
        "log_softmax" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.LogSoftmax(value)),
        "elu" => (graph, location, x) => graph.Unary(location, x, (builder, value) => builder.Elu(value)),
        "linear" => (_, _, x) => x,
        _ => null,
    };
}
