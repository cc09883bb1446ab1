using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Kernels;

/// <summary>Weights and vectors out of numbers.</summary>
internal static class TestWeights
{
    public static Weights Float32(int rows, int columns, float[] values) =>
        new(new Constant("w", TensorType.Float32, new TensorShape(rows, columns), Bytes(values)), null);

    public static Weights Int8(int rows, int columns, sbyte[] values, float[] scales) =>
        new(
            new Constant("w", TensorType.Int8, new TensorShape(rows, columns), MemoryMarshal.AsBytes<sbyte>(values).ToArray()),
            new Constant("w.scales", TensorType.Float32, new TensorShape(rows), Bytes(scales)));

    public static ReadOnlySpan<float> Floats(this Constant constant) => MemoryMarshal.Cast<byte, float>(constant.Data.Span);

    public static ReadOnlySpan<sbyte> Bytes(this Constant constant) => MemoryMarshal.Cast<byte, sbyte>(constant.Data.Span);

    /// <summary>Uniform in [-largest, largest).</summary>
    public static float[] Uniform(Random random, int count, float largest = 1f)
    {
        var result = new float[count];
        foreach (ref var value in result.AsSpan())
        {
            value = ((random.NextSingle() * 2) - 1) * largest;
        }

        return result;
    }

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
