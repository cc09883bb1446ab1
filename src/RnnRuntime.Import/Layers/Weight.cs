using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Layers;

/// <summary>A tensor and how errors name it.</summary>
internal readonly record struct Weight(string Name, HostTensor Tensor)
{
    /// <summary>Refuses another shape than this one; <paramref name="meaning"/> says what the extents are.</summary>
    public Weight Expect(ReadOnlySpan<long> shape, string meaning)
    {
        var matches = Tensor.Rank == shape.Length;
        for (var axis = 0; matches && axis < shape.Length; axis++)
        {
            matches = Tensor.Shape[axis] == shape[axis];
        }

        return matches ? this : throw new RnnImportException(
            Name, $"{Tensor}", $"[{string.Join(", ", shape.ToArray())}], that is {meaning}");
    }

    public Weight ExpectRank(int rank, string meaning) =>
        Tensor.Rank == rank && !Tensor.Shape.Contains(0) ? this : throw new RnnImportException(Name, $"{Tensor}", meaning);

    /// <summary>
    /// The values as float32. They are what the file holds: narrower floats widen exactly, a float64 that float32 does not hold is refused,
    /// as is what is not finite.
    /// </summary>
    public float[] ToFloats()
    {
        var values = new float[Tensor.Count];
        switch (Tensor.Type)
        {
            case ElementType.Float32:
                Tensor.Values<float>().CopyTo(values);
                break;
            case ElementType.Float16:
                var halves = Tensor.Values<Half>();
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)halves[i];
                }

                break;
            case ElementType.BFloat16:
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(Tensor.Data.Span[(2 * i)..]) << 16);
                }

                break;
            case ElementType.Float64:
                Narrow(MemoryMarshal.Cast<byte, double>(Tensor.Data.Span), values);
                break;
            default:
                throw new RnnImportException(Name, $"{Tensor}", "weights of a floating-point type");
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new RnnImportException($"{Name}, element {i}", $"{values[i]}", "a finite number");
            }
        }

        return values;
    }

    private void Narrow(ReadOnlySpan<double> source, float[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)source[i];
            if (values[i] != source[i])
            {
                throw new RnnImportException(
                    $"{Name}, element {i}", $"the float64 number {source[i]:R}", "a number that float32 holds; save the weights as float32 (model.float())");
            }
        }
    }
}
