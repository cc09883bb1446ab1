namespace RnnRuntime.Bench.Peers;

/// <summary>A problem as a network of this project: one input <c>x</c>, one cell, one output <c>y</c>.</summary>
internal static class CellGraph
{
    internal static RnnGraph Build(CellProblem problem, RnnPrecision? precision)
    {
        CellShape shape = problem.Shape;
        var builder = new RnnGraphBuilder();
        TensorRef x = builder.Input("x", shape.Input);
        builder.Output("y", shape.Cell switch
        {
            Cell.Lstm => builder.Lstm(x, shape.Hidden, problem.InputWeights, problem.RecurrentWeights, problem.Bias),
            Cell.Gru => builder.Gru(x, shape.Hidden, problem.InputWeights, problem.RecurrentWeights, problem.Bias, problem.RecurrentBias),
            _ => builder.Rnn(x, shape.Hidden, problem.InputWeights, problem.RecurrentWeights, problem.Bias),
        });
        RnnGraph graph = builder.Build();
        return precision is { } asked
            ? RnnQuantizer.Quantize(graph, new RnnQuantizationOptions { Precision = asked, NeverSlower = false }).Graph
            : graph;
    }
}
