using System.Collections.Immutable;

namespace RnnRuntime;

/// <summary>Element types of tensors.</summary>
public enum TensorType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>Signed 32-bit integer; used for indices (token ids).</summary>
    Int32,

    /// <summary>Signed 8-bit integer; used for quantised weights only.</summary>
    Int8,

    /// <summary>The upper half of a binary32: 8 bits of exponent, 7 of significand; used for weights only.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16; used for weights only.</summary>
    Float16,
}

/// <summary>The extents of a tensor, outermost first. A scalar has rank 0. Immutable; every extent is at least 1.</summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    private readonly ImmutableArray<int> _dimensions;
    private readonly int _elementCount;

    /// <summary>Makes a shape from its extents.</summary>
    /// <param name="dimensions">Extents, outermost first; each at least 1, their product below 2^31.</param>
    /// <exception cref="ArgumentException">An extent is below 1 or the product does not fit 31 bits.</exception>
    public TensorShape(params ReadOnlySpan<int> dimensions)
    {
        var product = 1L;
        foreach (var dimension in dimensions)
        {
            if (dimension < 1)
            {
                throw new ArgumentException($"A shape's extents are at least 1; found {dimension} in [{string.Join(", ", dimensions.ToArray())}].", nameof(dimensions));
            }

            product *= dimension;
            if (product > int.MaxValue)
            {
                throw new ArgumentException($"A shape holds at most {int.MaxValue} elements; [{string.Join(", ", dimensions.ToArray())}] has more.", nameof(dimensions));
            }
        }

        _dimensions = ImmutableArray.Create(dimensions);
        _elementCount = (int)product;
    }

    /// <summary>The extents, outermost first.</summary>
    public ImmutableArray<int> Dimensions => _dimensions.IsDefault ? [] : _dimensions;

    /// <summary>Number of extents; 0 for a scalar.</summary>
    public int Rank => Dimensions.Length;

    /// <summary>Product of the extents; 1 for a scalar.</summary>
    public int ElementCount => _dimensions.IsDefault ? 1 : _elementCount;

    /// <summary>The extent of an axis; a negative axis counts from the last.</summary>
    public int this[int axis] => Dimensions[axis < 0 ? axis + Rank : axis];

    /// <inheritdoc/>
    public bool Equals(TensorShape other) => Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var dimension in Dimensions)
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    /// <summary>Compares extents.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>Compares extents.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    /// <summary>For example <c>[4, 16]</c>; a scalar is <c>[]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", Dimensions)}]";
}
