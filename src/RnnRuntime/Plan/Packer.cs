using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>
/// Rearranges weights into the layout of <see cref="Panels"/>. A lane order says which row of the matrix each lane holds; -1 is padding,
/// packed as zeros. Nodes that share a constant share what is packed of it: a file may name one tensor many times. A zero is packed as 0, not -0, in
/// weights and biases, so that storing it or not is one.
/// </summary>
internal sealed unsafe class Packer(SparseChoice sparse = SparseChoice.Measured) : IDisposable
{
    private readonly List<AlignedBlock> _blocks = [];
    private readonly Dictionary<int[], int> _laneOrders = new(LaneOrderComparer.Instance);
    private readonly Dictionary<(Constant Values, Constant? Scales, int LaneOrder), PackedMatrix> _matrices = [];
    private readonly Dictionary<(Constant? Vector, Constant? Addend, int LaneOrder), nint> _vectors = [];
    private readonly Dictionary<(Constant? Input, Constant? Recurrent, int LaneOrder), nint> _resetAfterBiases = [];
    private readonly Dictionary<(Constant Values, Constant? Scales, Constant? Factors), nint> _transposed = [];
    private readonly Dictionary<Constant, nint> _copies = [];

    /// <summary>Bytes of everything packed so far.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>The weights in the given order; nodes that share them share the packed ones.</summary>
    public PackedMatrix Matrix(Weights weights, int[] laneRows)
    {
        var key = (weights.Values, weights.Scales, OrderOf(laneRows));
        if (!_matrices.TryGetValue(key, out var matrix))
        {
            _matrices.Add(key, matrix = Pack(weights, laneRows));
        }

        return matrix with { Range = weights.Range, Factors = weights.Factors is { } factors ? (float*)Copy(factors) : null };
    }

    private PackedMatrix Pack(Weights weights, int[] laneRows)
    {
        var scales = weights.IsInt8 ? Vector(weights.Scales, laneRows) : null;
        var format = FormatOf(weights.Values.Type);
        var exponent = format == WeightFormat.Float16 ? Float16Bits.ChooseExponent(MemoryMarshal.Cast<byte, ushort>(weights.Values.Data.Span)) : 0;
        using var pattern = BlockPattern.Of(weights, laneRows);
        var matrix = new PackedMatrix
        {
            Format = format,
            RowScales = scales,
            Lanes = laneRows.Length,
            Columns = weights.Columns,
            Factor = format == WeightFormat.Float16 ? Float16Bits.Factor(exponent) : 1f,
            LargestPair = weights.IsInt8 ? LargestPair(weights) : 0,
            Density = (float)pattern.Density,
        };
        return sparse.Takes(format, pattern)
            ? matrix with { Sparse = SparsePacker.Pack(weights, laneRows, pattern, bytes => (nint)Allocate(bytes)) }
            : matrix with { Data = PackDense(weights, laneRows, matrix, exponent) };
    }

    private byte* PackDense(Weights weights, int[] laneRows, in PackedMatrix matrix, int exponent)
    {
        var data = Allocate(matrix.DataBytes);
        for (int start = 0, width; start < laneRows.Length; start += width)
        {
            width = Panels.Width(laneRows.Length - start);
            for (var lane = 0; lane < width; lane++)
            {
                var row = laneRows[start + lane];
                if (row >= 0)
                {
                    PackRow(weights, row, exponent, data + ((nint)start * matrix.StoredColumns * matrix.ElementBytes), lane, width);
                }
            }
        }

        return data;
    }

    /// <summary>A float per lane: the sum of the given vectors (absent ones are zeros), rounded after each addition.</summary>
    public float* Vector(Constant? vector, int[] laneRows, Constant? addend = null)
    {
        var key = (vector, addend, OrderOf(laneRows));
        if (!_vectors.TryGetValue(key, out var address))
        {
            _vectors.Add(key, address = (nint)NewVector(vector, laneRows, addend));
        }

        return (float*)address;
    }

    /// <summary>
    /// What a GRU's sums start from, the gates r and z first. Reset after: the recurrent bias of n is inside r's parentheses. Reset before: it
    /// is added to the sum like the others.
    /// </summary>
    public float* GruBias(Constant? input, Constant? recurrent, int[] gates, int[] candidate, bool resetAfter)
    {
        int[] all = [.. gates, .. candidate];
        if (!resetAfter)
        {
            return Vector(input, all, recurrent);
        }

        var key = (input, recurrent, OrderOf(all));
        if (!_resetAfterBiases.TryGetValue(key, out var address))
        {
            var bias = NewVector(input, all, recurrent);
            new ReadOnlySpan<float>(Vector(input, candidate), candidate.Length).CopyTo(new Span<float>(bias + gates.Length, candidate.Length));
            _resetAfterBiases.Add(key, address = (nint)bias);
        }

        return (float*)address;
    }

    private float* NewVector(Constant? vector, ReadOnlySpan<int> laneRows, Constant? addend)
    {
        var result = (float*)Allocate((nint)laneRows.Length * sizeof(float));
        for (var lane = 0; lane < laneRows.Length; lane++)
        {
            var row = laneRows[lane];
            if (row >= 0)
            {
                result[lane] = Element(vector, row) + Element(addend, row) + 0f;
            }
        }

        return result;
    }

    /// <summary>The real values of a matrix, [column][row].</summary>
    public float* Transposed(Weights weights)
    {
        if (!_transposed.TryGetValue((weights.Values, weights.Scales, weights.Factors), out var address))
        {
            _transposed.Add((weights.Values, weights.Scales, weights.Factors), address = (nint)NewTransposed(weights));
        }

        return (float*)address;
    }

    private float* NewTransposed(Weights weights)
    {
        var result = (float*)Allocate((nint)weights.Rows * weights.Columns * sizeof(float));
        var values = new float[weights.Columns];
        for (var row = 0; row < weights.Rows; row++)
        {
            WeightValues.CopyRow(weights, row, values);
            for (var column = 0; column < weights.Columns; column++)
            {
                result[((nint)column * weights.Rows) + row] = values[column];
            }
        }

        return result;
    }

    /// <summary>The bytes of a constant, aligned.</summary>
    public byte* Copy(Constant constant)
    {
        if (!_copies.TryGetValue(constant, out var address))
        {
            _copies.Add(constant, address = (nint)Copy(constant.Data.Span));
        }

        return (byte*)address;
    }

    public byte* Copy(ReadOnlySpan<byte> data)
    {
        var result = Allocate(data.Length);
        data.CopyTo(new Span<byte>(result, data.Length));
        return result;
    }

    public void Dispose() => _blocks.ForEach(block => block.Dispose());

    /// <summary>Rows 0 .. rows-1, padded to whole groups of 8.</summary>
    public static int[] PlainLanes(int rows) => [.. Enumerable.Range(0, (rows + 7) & ~7).Select(lane => lane < rows ? lane : -1)];

    /// <summary>[group of 8 units][gate][unit] for the given gates of a cell with <paramref name="units"/> rows a gate.</summary>
    public static int[] GateLanes(int units, params int[] gates)
    {
        var lanes = new int[(units + 7) / 8 * 8 * gates.Length];
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            var unit = (lane / (8 * gates.Length) * 8) + (lane % 8);
            lanes[lane] = unit < units ? (gates[lane / 8 % gates.Length] * units) + unit : -1;
        }

        return lanes;
    }

    private int OrderOf(int[] laneRows)
    {
        if (!_laneOrders.TryGetValue(laneRows, out var order))
        {
            _laneOrders.Add(laneRows, order = _laneOrders.Count);
        }

        return order;
    }

    private static WeightFormat FormatOf(TensorType type) => type switch
    {
        TensorType.Int8 => WeightFormat.Int8,
        TensorType.BFloat16 => WeightFormat.BFloat16,
        TensorType.Float16 => WeightFormat.Float16,
        _ => WeightFormat.Float32,
    };

    private static void PackRow(Weights weights, int row, int exponent, byte* panel, int lane, int width)
    {
        switch (FormatOf(weights.Values.Type))
        {
            case WeightFormat.Int8: PackRow(Row<sbyte>(weights, row), (sbyte*)panel, lane, width); break;
            case WeightFormat.BFloat16: PackRow(Row<ushort>(weights, row), (ushort*)panel, lane, width); break;
            case WeightFormat.Float16: PackRow(Row<ushort>(weights, row), exponent, (ushort*)panel, lane, width); break;
            default: PackRow(Row<float>(weights, row), (float*)panel, lane, width); break;
        }
    }

    private static ReadOnlySpan<T> Row<T>(Weights weights, int row)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(weights.Values.Data.Span).Slice(row * weights.Columns, weights.Columns);

    private static void PackRow(ReadOnlySpan<sbyte> source, sbyte* panel, int lane, int width)
    {
        for (var column = 0; column < source.Length; column++)
        {
            panel[((((nint)column / 4) * width) + lane) * 4 + (column % 4)] = source[column];
        }
    }

    private static void PackRow(ReadOnlySpan<float> source, float* panel, int lane, int width)
    {
        for (var column = 0; column < source.Length; column++)
        {
            panel[((nint)column * width) + lane] = source[column] + 0f;
        }
    }

    private static void PackRow(ReadOnlySpan<ushort> source, ushort* panel, int lane, int width)
    {
        var place = panel + Panels.HalfPlace(lane, width);
        for (var column = 0; column < source.Length; column++)
        {
            place[(nint)column * width] = source[column];
        }
    }

    /// <summary>Float16, multiplied by 2^<paramref name="exponent"/>.</summary>
    private static void PackRow(ReadOnlySpan<ushort> source, int exponent, ushort* panel, int lane, int width)
    {
        var place = panel + Panels.HalfPlace(lane, width);
        for (var column = 0; column < source.Length; column++)
        {
            place[(nint)column * width] = Float16Bits.Multiply(source[column], exponent);
        }
    }

    /// <summary>
    /// The largest magnitude of a pair of adjacent products that kernels add in 16 bits: 127 times two weights, of which each may have its bits inverted.
    /// </summary>
    private static int LargestPair(Weights weights)
    {
        var values = MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span);
        var largest = 0;
        for (var row = 0; row < weights.Rows; row++)
        {
            var columns = values.Slice(row * weights.Columns, weights.Columns);
            for (var column = 0; column < columns.Length; column += 2)
            {
                largest = Math.Max(largest, Reach(columns[column]) + (column + 1 < columns.Length ? Reach(columns[column + 1]) : 1));
            }
        }

        var pair = 127 * largest;
        return pair <= short.MaxValue
            ? pair
            : throw new RnnFormatException($"tensor {weights.Values.Name}", "data", $"two adjacent weights whose products reach {pair}", $"products that 16 bits hold, up to {short.MaxValue}");

        static int Reach(sbyte weight) => (weight ^ (weight >> 7)) + 1;
    }

    private static float Element(Constant? vector, int row) => vector is null ? 0f : MemoryMarshal.Cast<byte, float>(vector.Data.Span)[row];

    private byte* Allocate(nint bytes)
    {
        var block = new AlignedBlock(bytes);
        _blocks.Add(block);
        TotalBytes += bytes;
        return block.Pointer;
    }

    private sealed class LaneOrderComparer : IEqualityComparer<int[]>
    {
        public static LaneOrderComparer Instance { get; } = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] order)
        {
            var hash = new HashCode();
            hash.AddBytes(MemoryMarshal.AsBytes(order.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
