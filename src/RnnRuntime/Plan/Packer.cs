using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;

namespace RnnRuntime.Plan;

/// <summary>
/// Rearranges weights into the layout of <see cref="Panels"/>. A lane order says which row of the matrix each lane holds; -1 is padding,
/// packed as zeros.
/// </summary>
internal sealed unsafe class Packer : IDisposable
{
    private readonly List<AlignedBlock> _blocks = [];

    /// <summary>Bytes of everything packed so far.</summary>
    public long TotalBytes { get; private set; }

    public PackedMatrix Matrix(Weights weights, ReadOnlySpan<int> laneRows)
    {
        var scales = weights.IsInt8 ? Vector(weights.Scales, laneRows) : null;
        var matrix = new PackedMatrix(null, scales, laneRows.Length, weights.Columns);
        var data = Allocate(matrix.DataBytes);
        for (int start = 0, width; start < laneRows.Length; start += width)
        {
            width = Panels.Width(laneRows.Length - start);
            for (var lane = 0; lane < width; lane++)
            {
                var row = laneRows[start + lane];
                if (row >= 0)
                {
                    PackRow(weights, row, matrix.StoredColumns, data + ((nint)start * matrix.StoredColumns * (weights.IsInt8 ? 1 : 4)), lane, width);
                }
            }
        }

        return matrix.WithData(data);
    }

    /// <summary>A float per lane: the sum of the given vectors (absent ones are zeros), rounded after each addition.</summary>
    public float* Vector(Constant? vector, ReadOnlySpan<int> laneRows, Constant? addend = null)
    {
        var result = (float*)Allocate((nint)laneRows.Length * sizeof(float));
        for (var lane = 0; lane < laneRows.Length; lane++)
        {
            var row = laneRows[lane];
            if (row >= 0)
            {
                result[lane] = Element(vector, row) + Element(addend, row);
            }
        }

        return result;
    }

    /// <summary>The real values of a matrix, [column][row].</summary>
    public float* Transposed(Weights weights)
    {
        var result = (float*)Allocate((nint)weights.Rows * weights.Columns * sizeof(float));
        var values = weights.Values.Data.Span;
        for (var row = 0; row < weights.Rows; row++)
        {
            var scale = weights.IsInt8 ? Element(weights.Scales, row) : 1f;
            for (var column = 0; column < weights.Columns; column++)
            {
                var at = (row * weights.Columns) + column;
                result[((nint)column * weights.Rows) + row] = weights.IsInt8 ? (sbyte)values[at] * scale : MemoryMarshal.Cast<byte, float>(values)[at];
            }
        }

        return result;
    }

    /// <summary>The bytes of a constant, aligned.</summary>
    public byte* Copy(Constant constant) => Copy(constant.Data.Span);

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

    private static void PackRow(Weights weights, int row, int storedColumns, byte* panel, int lane, int width)
    {
        if (weights.IsInt8)
        {
            var source = MemoryMarshal.Cast<byte, sbyte>(weights.Values.Data.Span).Slice(row * weights.Columns, weights.Columns);
            for (var column = 0; column < source.Length; column++)
            {
                panel[((((nint)column / 4) * width) + lane) * 4 + (column % 4)] = (byte)source[column];
            }
        }
        else
        {
            var source = MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span).Slice(row * weights.Columns, weights.Columns);
            for (var column = 0; column < storedColumns; column++)
            {
                ((float*)panel)[((nint)column * width) + lane] = source[column];
            }
        }
    }

    private static float Element(Constant? vector, int row) => vector is null ? 0f : MemoryMarshal.Cast<byte, float>(vector.Data.Span)[row];

    private byte* Allocate(nint bytes)
    {
        var block = new AlignedBlock(bytes);
        _blocks.Add(block);
        TotalBytes += bytes;
        return block.Pointer;
    }
}
