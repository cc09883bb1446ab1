using System.Runtime.InteropServices;

namespace RnnRuntime.Graph;

/// <summary>The numbers that stored weights stand for.</summary>
internal static class WeightValues
{
    /// <summary>[rows, columns] as float32, whatever the weights are stored as.</summary>
    public static float[] ToFloat32(Weights weights) => weights.Values.Type switch
    {
        TensorType.Float32 => MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).ToArray(),
        TensorType.Int8 => Scale(weights),
        var type => throw new NotSupportedException($"'{weights.Values.Name}': weights of {Names.Of(type)} have no rule for their float32 values."),
    };

    private static float[] Scale(Weights weights)
    {
        var stored = MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span);
        var scales = MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span);
        var values = new float[stored.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scales[i / weights.Columns] * stored[i];
        }

        return values;
    }
}
