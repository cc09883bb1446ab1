using System.Buffers.Binary;

namespace RnnRuntime.Cli.Npy;

/// <summary>An array out of a NumPy file: little-endian bytes in row-major order.</summary>
internal sealed record NpyArray(NpyType Type, int[] Shape, byte[] Data)
{
    public int Count => Data.Length / Type.Size;

    public string Describe() => $"{Type.Descriptor} [{string.Join(", ", Shape)}]";

    public static NpyArray From(ReadOnlySpan<float> values, params int[] shape)
    {
        var data = new byte[checked(values.Length * 4)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * 4), values[i]);
        }

        return new NpyArray(NpyType.Float32, shape, data);
    }

    public static NpyArray FromInt32(ReadOnlySpan<int> values, params int[] shape)
    {
        var data = new byte[checked(values.Length * 4)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(i * 4), values[i]);
        }

        return new NpyArray(NpyType.Int32, shape, data);
    }

    /// <summary>Float64 is rounded to nearest, but a finite one beyond float32 is refused; an integer that float32 cannot hold exactly is refused.</summary>
    public float[] ToFloat32(string source)
    {
        var values = new float[Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (Type == NpyType.Float32)
            {
                values[i] = BinaryPrimitives.ReadSingleLittleEndian(Data.AsSpan(i * 4));
            }
            else if (Type == NpyType.Float64)
            {
                var wide = BinaryPrimitives.ReadDoubleLittleEndian(Data.AsSpan(i * 8));
                values[i] = (float)wide;
                if (double.IsFinite(wide) && !float.IsFinite(values[i]))
                {
                    throw new CliException($"{source}: element {Position(i)} is {Text.Number(wide, "R")}, beyond float32, which goes to {Text.Number(float.MaxValue, "G8")}");
                }
            }
            else
            {
                var integer = Integer(i);
                values[i] = integer;
                if ((Int128)values[i] != integer)
                {
                    throw new CliException($"{source}: element {Position(i)} is {integer}, which float32 cannot hold exactly");
                }
            }
        }

        return values;
    }

    /// <summary>An integer that float64 cannot hold exactly is refused.</summary>
    public double[] ToFloat64(string source)
    {
        var values = new double[Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (Type.IsFloat)
            {
                values[i] = Type == NpyType.Float32 ? BinaryPrimitives.ReadSingleLittleEndian(Data.AsSpan(i * 4)) : BinaryPrimitives.ReadDoubleLittleEndian(Data.AsSpan(i * 8));
                continue;
            }

            var integer = Integer(i);
            values[i] = integer;
            if ((Int128)values[i] != integer)
            {
                throw new CliException($"{source}: element {Position(i)} is {integer}, which float64 cannot hold exactly");
            }
        }

        return values;
    }

    public int[] ToInt32(string source)
    {
        if (Type.IsFloat)
        {
            throw new CliException($"{source}: found {Type.Descriptor}; integers are expected (int32, int64, int8, uint8 or bool)");
        }

        var values = new int[Count];
        for (var i = 0; i < values.Length; i++)
        {
            var integer = Integer(i);
            if (integer is < int.MinValue or > int.MaxValue)
            {
                throw new CliException($"{source}: element {Position(i)} is {integer}, which does not fit int32");
            }

            values[i] = (int)integer;
        }

        return values;
    }

    /// <summary>For example <c>[2, 0]</c>.</summary>
    public string Position(int i)
    {
        var position = new int[Shape.Length];
        for (var axis = Shape.Length - 1; axis >= 0; axis--)
        {
            (i, position[axis]) = Math.DivRem(i, Shape[axis]);
        }

        return $"[{string.Join(", ", position)}]";
    }

    private long Integer(int i) => Type.Descriptor switch
    {
        "<i4" => BinaryPrimitives.ReadInt32LittleEndian(Data.AsSpan(i * 4)),
        "<i8" => BinaryPrimitives.ReadInt64LittleEndian(Data.AsSpan(i * 8)),
        "|i1" => (sbyte)Data[i],
        "|u1" => Data[i],
        _ => Data[i] == 0 ? 0 : 1,
    };
}
