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

    public static Constant Vector(string name, float[] values) => new(name, TensorType.Float32, new TensorShape(values.Length), Bytes(values));

    /// <summary>Bfloat16 or float16 weights with these bits.</summary>
    public static Weights Half(TensorType format, int rows, int columns, ushort[] bits) =>
        new(new Constant("w", format, new TensorShape(rows, columns), MemoryMarshal.AsBytes<ushort>(bits).ToArray()), null);

    /// <summary>The values rounded to bfloat16 or float16.</summary>
    public static Weights Half(TensorType format, int rows, int columns, float[] values) =>
        Half(format, rows, columns, [.. values.Select(value => Narrow(format, value))]);

    public static ushort Narrow(TensorType format, float value) =>
        format == TensorType.BFloat16 ? HalfPrecision.ToBFloat16(value) : HalfPrecision.ToFloat16(value);

    public static float Widen(TensorType format, ushort bits) =>
        format == TensorType.BFloat16 ? HalfPrecision.FromBFloat16(bits) : HalfPrecision.FromFloat16(bits);

    /// <summary>The same real numbers as float32.</summary>
    public static Weights Widened(Weights weights) => Float32(weights.Rows, weights.Columns, WeightValues.ToFloat32(weights));

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
