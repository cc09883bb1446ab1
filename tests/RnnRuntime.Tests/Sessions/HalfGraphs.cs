using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Graphs whose weights have 16 bits, and the same numbers as float32.</summary>
internal static class HalfGraphs
{
    /// <summary>Every matrix rounded to the format.</summary>
    public static RnnGraph Rounded(RnnGraph graph, TensorType format) => Map(graph, weights => Convert(weights, format));

    /// <summary>Every matrix as float32.</summary>
    public static RnnGraph Widened(RnnGraph graph) => Map(graph, weights => new Weights(
        weights.Values with { Type = TensorType.Float32, Data = MemoryMarshal.AsBytes<float>(WeightValues.ToFloat32(weights)).ToArray() }, null));

    private static RnnGraph Map(RnnGraph graph, Func<Weights, Weights> map)
    {
        // Nodes may share a constant, which stays shared.
        var done = new Dictionary<Constant, Weights>();
        var nodes = graph.Nodes.Select(node => NodeWeights.Map(node, matrix =>
            done.TryGetValue(matrix.Weights.Values, out var mapped) ? mapped : done[matrix.Weights.Values] = map(matrix.Weights)));
        var result = new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, [.. nodes], graph.Metadata);
        GraphValidator.Validate(result);
        return result;
    }

    private static Weights Convert(Weights weights, TensorType format)
    {
        ushort[] bits = [.. WeightValues.ToFloat32(weights).Select(value => TestWeights.Narrow(format, value))];
        return new Weights(weights.Values with { Type = format, Data = MemoryMarshal.AsBytes<ushort>(bits).ToArray() }, null);
    }
}
