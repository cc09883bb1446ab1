using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Comparing;

/// <summary>A small network and others that are near it.</summary>
internal static class ComparedGraphs
{
    /// <summary>Input x [6], nodes first (LSTM of 8), second (GRU of 8) and head (linear), output y [3].</summary>
    public static RnnGraph Layers()
    {
        var random = new WeightSource(3);
        var builder = new RnnGraphBuilder();
        var h = builder.Lstm(builder.Input("x", 6), 8, random.Matrix(32, 6), random.Matrix(32, 8), random.Bias(32, true), "first");
        h = builder.Gru(h, 8, random.Matrix(24, 8), random.Matrix(24, 8), random.Bias(24, true), random.Bias(24, true), name: "second");
        builder.Output("y", builder.Linear(h, 3, random.Matrix(3, 8), random.Bias(3, true), "head"));
        return builder.Build();
    }

    /// <summary>Input x [columns], output y [rows]: one linear layer of these weights.</summary>
    public static RnnGraph Linear(int rows, params float[] weights)
    {
        var builder = new RnnGraphBuilder();
        builder.Output("y", builder.Linear(builder.Input("x", weights.Length / rows), rows, weights, name: "layer"));
        return builder.Build();
    }

    public static RnnGraph With(RnnGraph graph, Func<Node, Node> map) =>
        new(graph.InputValues, graph.OutputValues, graph.StateVariables, [.. graph.Nodes.Select(map)], graph.Metadata);

    /// <summary>The weights with these rows rounded to -1, 0 or 1 times the largest of a row.</summary>
    public static Weights Coarse(Weights weights, int firstRow, int rows)
    {
        var values = WeightValues.ToFloat32(weights);
        for (var row = firstRow; row < firstRow + rows; row++)
        {
            var line = values.AsSpan(row * weights.Columns, weights.Columns);
            var largest = line.ToArray().Max(MathF.Abs);
            foreach (ref var value in line)
            {
                value = MathF.Round(value / largest) * largest;
            }
        }

        return new Weights(weights.Values with { Data = MemoryMarshal.AsBytes<float>(values).ToArray() }, null);
    }

    public static RnnInputs Inputs(RnnGraph graph, params float[] x) => RnnInputs.FromArrays(graph, new Dictionary<string, float[]> { ["x"] = x });
}
