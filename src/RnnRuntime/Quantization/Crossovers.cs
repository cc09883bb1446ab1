using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>
/// From which size on weights of fewer bits make a step faster: measured by <c>bench crossover</c> (bench/results), one stream and one step,
/// and set where every kernel variant gains. It is asked when a model is quantised, never when it is loaded, so that a file is the same network on every machine.
/// </summary>
internal static class Crossovers
{
    /// <summary>Fewest columns of the matrices of a node, taken together, for which int8 gains.</summary>
    private const int Int8Columns = 40;

    /// <summary>Fewest multiply-adds of a node for which int8 gains.</summary>
    private const long Int8Products = 8_000;

    /// <summary>Whether a step of the node in this type takes no longer than in float32.</summary>
    public static bool Gains(Node node, TensorType type)
    {
        var matrices = NodeWeights.Of(node);
        var products = matrices.Sum(matrix => (long)matrix.Weights.Rows * matrix.Weights.Columns);
        return type switch
        {
            TensorType.Int8 => products >= Int8Products && matrices.Sum(matrix => matrix.Weights.Columns) >= Int8Columns,
            _ => true,
        };
    }
}
