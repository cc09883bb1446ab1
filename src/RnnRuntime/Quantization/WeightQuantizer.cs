using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Quantization;

/// <summary>Rounds float32 weights to fewer bits.</summary>
internal static class WeightQuantizer
{
    private const int Largest = 127;
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>The largest finite float16.</summary>
    private const float LargestFloat16 = 65504f;

    /// <summary>Magnitudes that round to at most the largest bfloat16.</summary>
    private const float LargestBFloat16 = 3.3895e38f;

    /// <summary>
    /// Powers of two below the largest weight that stay normal numbers when kernels widen float16: they shift the largest to the exponent 15, and -14 is
    /// the least normal one. It matters to weights from 64 on; smaller ones have no float16 that far down.
    /// </summary>
    private const int NormalExponents = 29;

    /// <summary>Why the weights cannot have the type, or null where they can.</summary>
    public static string? Obstacle(Weights weights, TensorType type) => type switch
    {
        TensorType.Int8 when weights.Columns > Weights.MaximumInt8Columns => $"{weights.Columns} columns; int8 takes at most {Weights.MaximumInt8Columns}",
        TensorType.Float16 when LargestMagnitude(weights) is var largest and > LargestFloat16 => $"a weight of magnitude {largest}; float16 ends at {LargestFloat16}",
        TensorType.BFloat16 when LargestMagnitude(weights) is var largest and > LargestBFloat16 => $"a weight of magnitude {largest}; bfloat16 ends at {LargestBFloat16}",
        _ => null,
    };

    /// <summary>The float32 weights in another type, their tensors under the names given; only int8 has scales.</summary>
    public static Weights Quantize(Weights weights, TensorType type, string name, string scalesName) => type switch
    {
        TensorType.Int8 => ToInt8(weights, name, scalesName),
        TensorType.BFloat16 => ToHalf(weights, type, name, HalfPrecision.ToBFloat16, 0),
        TensorType.Float16 => ToHalf(weights, type, name, HalfPrecision.ToFloat16, MathF.ScaleB(1, ExponentOf(LargestMagnitude(weights)) - NormalExponents)),
        _ => weights,
    };

    /// <summary>Symmetric, one scale a row: <c>scale = max|w| / 127</c>; rounded to nearest, ties to even.</summary>
    public static Weights ToInt8(Weights weights, string name, string scalesName)
    {
        var source = FloatsOf(weights);
        var values = new byte[source.Length];
        var scales = new float[weights.Rows];
        for (var row = 0; row < weights.Rows; row++)
        {
            var from = source.Slice(row * weights.Columns, weights.Columns);
            var scale = WeightValues.LargestMagnitude(from) / Largest;
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

        return new Weights(
            new Constant(name, TensorType.Int8, weights.Values.Shape, values),
            new Constant(scalesName, TensorType.Float32, new TensorShape(weights.Rows), MemoryMarshal.AsBytes<float>(scales).ToArray()));
    }

    /// <summary>Magnitudes below the smallest become zeros.</summary>
    private static Weights ToHalf(Weights weights, TensorType type, string name, Func<float, ushort> round, float smallest)
    {
        var source = FloatsOf(weights);
        var values = new ushort[source.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Math.Abs(source[i]) < smallest ? (ushort)0 : round(source[i]);
        }

        return new Weights(new Constant(name, type, weights.Values.Shape, MemoryMarshal.AsBytes<ushort>(values).ToArray()));
    }

    private static ReadOnlySpan<float> FloatsOf(Weights weights) => MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span);

    private static float LargestMagnitude(Weights weights) => WeightValues.LargestMagnitude(FloatsOf(weights));

    private static int ExponentOf(float magnitude) => magnitude == 0 ? 0 : (int)Math.Floor(Math.Log2(magnitude));
}
