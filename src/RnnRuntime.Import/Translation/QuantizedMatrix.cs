using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// A weight matrix of <c>DynamicQuantizeLSTM</c>: [directions, columns, rows], int8 or uint8, with a scale and a zero point a direction or
/// a row of a direction.
/// </summary>
internal sealed class QuantizedMatrix
{
    private readonly NodeArguments _node;
    private readonly HostTensor _stored;
    private readonly ImmutableArray<int> _shape;
    private readonly float[] _scales;
    private readonly long[] _zeroPoints;

    private QuantizedMatrix(NodeArguments node, HostTensor stored, float[] scales, long[] zeroPoints)
    {
        _node = node;
        _stored = stored;
        _shape = [stored.Shape[0], stored.Shape[2], stored.Shape[1]];
        _scales = scales;
        _zeroPoints = zeroPoints;
    }

    public long Count => _stored.Count;

    /// <summary>Whether the core's int8 form holds it as it is: symmetric, from -127, scales that are not negative.</summary>
    public bool FitsInt8 =>
        _stored.Type == ElementType.Int8 && _shape[2] <= RnnRuntime.Graph.Weights.MaximumInt8Columns && _zeroPoints.All(zero => zero == 0) &&
        _scales.All(scale => scale >= 0 && float.IsFinite(scale)) && !_stored.Values<sbyte>().Contains(sbyte.MinValue);

    public static QuantizedMatrix Read(NodeArguments node, int input, string name, int scaleInput)
    {
        var stored = node.Required(input, name);
        IntegerProducts.CheckType(node, name, TensorForm.Of(stored));
        if (stored.Rank != 3)
        {
            throw node.Error(name, $"{stored}", "[directions, columns, 4 * hidden_size]");
        }

        var (scale, zeroPoint) = (node.Required(scaleInput, $"{name}_scale"), node.Required(scaleInput + 1, $"{name}_zero_point"));
        var (directions, rows) = (stored.Shape[0], stored.Shape[2]);
        CheckParameter(scale, $"{name}_scale", ElementType.Float32);
        CheckParameter(zeroPoint, $"{name}_zero_point", stored.Type);
        zeroPoint.TryGetIntegers(out var zeroPoints);
        return new QuantizedMatrix(node, stored, Spread(scale.Values<float>()), Spread(zeroPoints.AsSpan()));

        void CheckParameter(HostTensor parameter, string parameterName, ElementType type)
        {
            var fits = parameter.Type == type && (parameter.Shape.AsSpan().SequenceEqual([directions]) || parameter.Shape.AsSpan().SequenceEqual([directions, rows]));
            if (!fits)
            {
                throw node.Error(parameterName, $"{parameter}", $"{NumberTypes.Name(type)} [{directions}] or [{directions}, {rows}]");
            }
        }

        T[] Spread<T>(ReadOnlySpan<T> values)
        {
            var all = new T[directions * rows];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = values[values.Length == directions ? i / rows : i];
            }

            return all;
        }
    }

    /// <summary>The numbers that it stands for, [directions, rows, columns].</summary>
    public HostTensor Dequantized()
    {
        _stored.TryGetIntegers(out var integers);
        var (rows, columns) = (_shape[1], _shape[2]);
        var floats = new float[integers.Length];
        for (var i = 0; i < floats.Length; i++)
        {
            var row = i / columns;
            floats[i] = (integers[Place(row, i % columns)] - _zeroPoints[row]) * _scales[row];
        }

        return HostTensor.Floats(_shape, floats);

        int Place(int row, int column) => (((row / rows * columns) + column) * rows) + (row % rows);
    }

    /// <summary>As it is stored, [directions, rows, columns], with scales [directions, rows].</summary>
    public QuantizedRows Rows() => new(DataMovement.Transposed(_node, _stored, [0, 2, 1]), HostTensor.Floats(_shape[..2], _scales));
}

/// <summary>int8 weights [directions, rows, columns] and the scales of their rows [directions, rows].</summary>
internal sealed record QuantizedRows(HostTensor Values, HostTensor Scales);
