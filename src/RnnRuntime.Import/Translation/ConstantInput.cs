using System.Collections.Immutable;
using System.Numerics;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>An input that the user gives a value for.</summary>
internal static class ConstantInput
{
    public static HostTensor Make(string location, ElementType type, ImmutableArray<int> shape, ReadOnlySpan<double> values)
    {
        var count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
        if (values.Length != count)
        {
            throw new RnnImportException(location, $"{values.Length} given values", $"{count} for shape [{string.Join(", ", shape)}]");
        }

        return type switch
        {
            ElementType.Float32 => Convert<float>(location, type, shape, values, exact: false),
            ElementType.Float64 => Convert<double>(location, type, shape, values, exact: false),
            ElementType.Int8 => Convert<sbyte>(location, type, shape, values),
            ElementType.Int16 => Convert<short>(location, type, shape, values),
            ElementType.Int32 => Convert<int>(location, type, shape, values),
            ElementType.Int64 => Convert<long>(location, type, shape, values),
            ElementType.UInt8 => Convert<byte>(location, type, shape, values),
            ElementType.UInt16 => Convert<ushort>(location, type, shape, values),
            ElementType.UInt32 => Convert<uint>(location, type, shape, values),
            ElementType.UInt64 => Convert<ulong>(location, type, shape, values),
            ElementType.Bool when values.IndexOfAnyExcept(0, 1) < 0 => Convert<byte>(location, type, shape, values),
            _ => throw new RnnImportException(location, $"given values for {type.ToString().ToLowerInvariant()}", "an input of float32, float64, an integer type, or bool with 0 and 1"),
        };
    }

    private static HostTensor Convert<T>(string location, ElementType type, ImmutableArray<int> shape, ReadOnlySpan<double> values, bool exact = true)
        where T : unmanaged, INumber<T>
    {
        var result = new T[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            result[i] = T.CreateSaturating(values[i]);
            if (exact && (Math.Abs(values[i]) > 1L << 53 || double.CreateSaturating(result[i]) != values[i]))
            {
                throw new RnnImportException(location, $"the given value {values[i]}", $"numbers that {type.ToString().ToLowerInvariant()} holds");
            }
        }

        return HostTensor.Of<T>(type, shape, result);
    }
}
