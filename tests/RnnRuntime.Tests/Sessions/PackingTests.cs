using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Packed weights hold every weight where the layout says, and zeros elsewhere.</summary>
public sealed unsafe class PackingTests
{
    public static MatrixTheoryData<int, int, TensorType> Shapes => new(
        [1, 7, 8, 9, 16, 33, 64, 72, 96, 97, 129, 200], [1, 3, 4, 5, 17], [TensorType.Float32, TensorType.BFloat16, TensorType.Float16, TensorType.Int8]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AMatrixReadsBackWhatWasPacked(int rows, int columns, TensorType type)
    {
        using var packer = new Packer();
        var lanes = Packer.PlainLanes(rows);
        Assert.Equal((rows + 7) / 8 * 8, lanes.Length);
        CheckMatrix(packer, rows, columns, type, lanes);
        CheckMatrix(packer, 4 * rows, columns, type, Packer.GateLanes(rows, 0, 1, 2, 3));
        CheckMatrix(packer, 3 * rows, columns, type, [.. Packer.GateLanes(rows, 0, 1), .. Packer.GateLanes(rows, 2)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(11)]
    [InlineData(129)]
    public void GateLanesHoldEveryRowOnceGroupedByEightUnits(int units)
    {
        var lanes = Packer.GateLanes(units, 0, 1, 2, 3);
        Assert.Equal(Enumerable.Range(0, 4 * units), lanes.Where(row => row >= 0).Order());
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            var (group, gate, unit) = (lane / 32, lane / 8 % 4, lane % 8);
            var expected = (group * 8) + unit < units ? (gate * units) + (group * 8) + unit : -1;
            Assert.Equal(expected, lanes[lane]);
        }
    }

    [Fact]
    public void AVectorIsTheSumOfBothByLane()
    {
        using var packer = new Packer();
        var first = Vector("a", [1, 2, 3]);
        var second = Vector("b", [10, 20, 30]);
        int[] lanes = [2, -1, 0, 1, -1, -1, -1, -1];
        Assert.Equal([33, 0, 11, 22, 0, 0, 0, 0], new Span<float>(packer.Vector(first, lanes, second), 8));
        Assert.Equal([3, 0, 1, 2, 0, 0, 0, 0], new Span<float>(packer.Vector(first, lanes), 8));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0], new Span<float>(packer.Vector(null, lanes), 8));
    }

    private static void CheckMatrix(Packer packer, int rows, int columns, TensorType type, int[] lanes)
    {
        var weights = Weights(rows, columns, type);
        var matrix = packer.Matrix(weights, lanes);
        Assert.Equal((lanes.Length, columns, type.ToString()), (matrix.Lanes, matrix.Columns, matrix.Format.ToString()));
        Assert.Equal(0, (nint)matrix.Data % AlignedBlock.Alignment);
        Assert.Equal((nint)lanes.Length * matrix.StoredColumns * Names.SizeOf(type), matrix.DataBytes);
        for (int start = 0, width; start < lanes.Length; start += width)
        {
            width = Panels.Width(lanes.Length - start);
            for (var lane = start; lane < start + width; lane++)
            {
                for (var column = 0; column < matrix.StoredColumns; column++)
                {
                    var expected = lanes[lane] < 0 || column >= columns ? 0 : Element(weights, lanes[lane], column);
                    var actual = Packed(matrix, matrix.Data + ((nint)start * matrix.StoredColumns * Names.SizeOf(type)), width, lane - start, column);
                    Assert.True(expected == actual, $"lane {lane}, column {column}: expected {expected}, found {actual}");
                }

                if (type == TensorType.Int8)
                {
                    var scale = lanes[lane] < 0 ? 0 : MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span)[lanes[lane]];
                    Assert.Equal(scale, matrix.RowScales[lane]);
                }
            }
        }
    }

    /// <summary>An element of a panel, read as <see cref="Panels"/> describes the layout.</summary>
    private static float Packed(in PackedMatrix matrix, byte* panel, int width, int lane, int column)
    {
        switch (matrix.Format)
        {
            case WeightFormat.Int8: return ((sbyte*)panel)[(column / 4 * width * 4) + (lane * 4) + (column % 4)];
            case WeightFormat.Float32: return ((float*)panel)[(column * width) + lane];
        }

        var half = width == 8
            ? ((ushort*)panel)[(column * 8) + lane]
            : (ushort)(((uint*)panel)[(column * width / 2) + (lane / 16 * 8) + (lane % 8)] >> (lane / 8 % 2 * 16));
        return matrix.Format == WeightFormat.BFloat16 ? HalfPrecision.FromBFloat16(half) : Float16Bits.Widen(half) * matrix.Factor;
    }

    private static float Element(Weights weights, int row, int column)
    {
        var at = (row * weights.Columns) + column;
        return weights.IsInt8 ? (sbyte)weights.Values.Data.Span[at] : HalfPrecision.Element(weights.Values, at);
    }

    private static Weights Weights(int rows, int columns, TensorType type)
    {
        var shape = new TensorShape(rows, columns);
        var numbers = Enumerable.Range(1, rows * columns);
        return type switch
        {
            TensorType.Int8 => new Weights(
                new Constant("w", type, shape, numbers.Select(i => (byte)(sbyte)((i % 255) - 127)).ToArray()),
                Vector("s", [.. Enumerable.Range(1, rows).Select(i => (float)i)])),
            TensorType.Float32 => new Weights(new Constant("w", type, shape, Bytes([.. numbers.Select(i => (float)i)])), null),

            // Any bits below those of 2: neither format has an infinity there, and float16 has its subnormals.
            _ => new Weights(new Constant("w", type, shape, MemoryMarshal.AsBytes<ushort>([.. numbers.Select(i => (ushort)(i * 7919 % 0x4000))]).ToArray()), null),
        };
    }

    private static Constant Vector(string name, float[] values) => new(name, TensorType.Float32, new TensorShape(values.Length), Bytes(values));

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
