using System.Runtime.InteropServices;

namespace RnnRuntime.Graph;

/// <summary>The real numbers that weights stand for.</summary>
internal static class WeightValues
{
    /// <summary>All of them, row-major; int8 is <c>scale[row] * stored * factor[column]</c>.</summary>
    public static float[] ToFloat32(Weights weights)
    {
        var values = new float[weights.Values.Shape.ElementCount];
        for (var row = 0; row < weights.Rows; row++)
        {
            CopyRow(weights, row, values.AsSpan(row * weights.Columns, weights.Columns));
        }

        return values;
    }

    public static float LargestMagnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    /// <summary>One row of them.</summary>
    public static void CopyRow(Weights weights, int row, Span<float> target)
    {
        var data = weights.Values.Data.Span;
        var start = row * weights.Columns;
        switch (weights.Values.Type)
        {
            case TensorType.Float32:
                MemoryMarshal.Cast<byte, float>(data).Slice(start, weights.Columns).CopyTo(target);
                break;
            case TensorType.Int8:
                var scale = MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span)[row];
                for (var column = 0; column < weights.Columns; column++)
                {
                    target[column] = (sbyte)data[start + column] * scale;
                }

                for (var column = 0; weights.Factors is not null && column < weights.Columns; column++)
                {
                    target[column] *= HalfPrecision.Element(weights.Factors, column);
                }

                break;
            default:
                for (var column = 0; column < weights.Columns; column++)
                {
                    target[column] = HalfPrecision.Element(weights.Values, start + column);
                }

                break;
        }
    }
}
