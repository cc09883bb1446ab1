using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace RnnRuntime.Import.Tensors;

/// <summary>
/// A tensor whose values are known while a model is imported: little-endian, row-major. An extent may be 0. Never changes once made;
/// <see cref="Data"/> may be shared between tensors of other shapes.
/// </summary>
internal sealed class HostTensor
{
    public HostTensor(ElementType type, ImmutableArray<int> shape, ReadOnlyMemory<byte> data)
    {
        Type = type;
        Shape = shape;
        Data = data;
        Count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
        if (Count * SizeOf(type) != data.Length)
        {
            throw new ArgumentException($"{type} [{string.Join(", ", shape)}] takes {Count * SizeOf(type)} bytes; found {data.Length}.", nameof(data));
        }
    }

    private HostTensor(ImmutableArray<int> shape)
    {
        Type = ElementType.Bool;
        Shape = shape;
        Count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
    }

    public ElementType Type { get; }

    public ImmutableArray<int> Shape { get; }

    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    public int Rank => Shape.Length;

    public static HostTensor Of<T>(ElementType type, ImmutableArray<int> shape, ReadOnlySpan<T> values)
        where T : unmanaged => new(type, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Stands for a tensor of which the shape alone is asked: it has no values.</summary>
    public static HostTensor OfShape(ImmutableArray<int> shape) => new(shape);

    public static HostTensor Scalar(long value) => Of(ElementType.Int64, [], [value]);

    public static HostTensor Floats(ImmutableArray<int> shape, ReadOnlySpan<float> values) => Of(ElementType.Float32, shape, values);

    public static HostTensor Integers(ImmutableArray<int> shape, ReadOnlySpan<long> values) => Of(ElementType.Int64, shape, values);

    /// <summary>The values; T must be the element type's own (bool is a byte of 0 or 1).</summary>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span);

    /// <summary>The values of an integer tensor (bool is none); false for other types and for numbers beyond long.</summary>
    public bool TryGetIntegers(out ImmutableArray<long> values)
    {
        ImmutableArray<long>? read = Type switch
        {
            ElementType.Int8 => Widen<sbyte>(),
            ElementType.Int16 => Widen<short>(),
            ElementType.Int32 => Widen<int>(),
            ElementType.Int64 => [.. Values<long>()],
            ElementType.UInt8 => Widen<byte>(),
            ElementType.UInt16 => Widen<ushort>(),
            ElementType.UInt32 => Widen<uint>(),
            ElementType.UInt64 when !Values<ulong>().ContainsAnyExceptInRange(0UL, (ulong)long.MaxValue) => Widen<ulong>(),
            _ => null,
        };
        values = read ?? [];
        return read is not null;
    }

    public HostTensor Reshaped(ImmutableArray<int> shape) => new(Type, shape, Data);

    public static int SizeOf(ElementType type) => type switch
    {
        ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 1,
        ElementType.Int16 or ElementType.UInt16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 => 8,
        _ => 4,
    };

    private ImmutableArray<long> Widen<T>()
        where T : unmanaged, INumber<T>
    {
        var values = Values<T>();
        var wide = new long[values.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = long.CreateChecked(values[i]);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(wide);
    }

    public override string ToString() => $"{Type.ToString().ToLowerInvariant()} [{string.Join(", ", Shape)}]";
}
