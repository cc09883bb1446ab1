using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>Turns float32 weights into int8, symmetric, one scale a row: <c>scale = max|w| / 127</c>, rounded to nearest, ties to even.</summary>
internal static class WeightQuantizer
{
    private const int Largest = 127;
    private const float SmallestNormal = 1.17549435e-38f;

    public static Weights Quantize(Weights weights)
    {
        if (weights.IsInt8)
        {
            return weights;
        }

        if (weights.Columns > Weights.MaximumInt8Columns)
        {
            throw new ArgumentException(
                $"'{weights.Values.Name}' has {weights.Columns} columns; int8 takes at most {Weights.MaximumInt8Columns}. Keep its node in float32.");
        }

        var source = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span);
        var values = new byte[source.Length];
        var scales = new float[weights.Rows];
        for (var row = 0; row < weights.Rows; row++)
        {
            var from = source.Slice(row * weights.Columns, weights.Columns);
            var largest = 0f;
            foreach (var weight in from)
            {
                largest = Math.Max(largest, Math.Abs(weight));
            }

            var scale = largest / Largest;
            if (scale < SmallestNormal)
            {
                continue;
            }

            scales[row] = scale;
            for (var column = 0; column < from.Length; column++)
            {
                var rounded = Math.Clamp(MathF.Round(from[column] / scale), -Largest, Largest);
                values[(row * weights.Columns) + column] = (byte)(sbyte)rounded;
            }
        }

        var name = weights.Values.Name;
        return new Weights(
            new Constant(name, TensorType.Int8, weights.Values.Shape, values),
            new Constant($"{name}.scales", TensorType.Float32, new TensorShape(weights.Rows), MemoryMarshal.AsBytes<float>(scales).ToArray()));
    }

    /// <summary>The same graph with the weights of its recurrent, linear and convolution nodes in int8, but for the named nodes.</summary>
    public static ImmutableArray<Node> Quantize(ImmutableArray<Node> nodes, IReadOnlySet<string> keepFloat) =>
        [.. nodes.Select(node => keepFloat.Contains(node.Name) ? node : Quantize(node))];

    private static Node Quantize(Node node) => node is EmbeddingNode ? node : NodeWeights.Map(node, matrix => Quantize(matrix.Weights));
}
