using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Packed weights hold every weight where the layout says, and zeros elsewhere.</summary>
public sealed unsafe class PackingTests
{
    public static MatrixTheoryData<int, int, bool> Shapes => new([1, 7, 8, 9, 16, 33, 64, 72, 96, 97, 129, 200], [1, 3, 4, 5, 17], [false, true]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AMatrixReadsBackWhatWasPacked(int rows, int columns, bool int8)
    {
        using var packer = new Packer();
        var lanes = Packer.PlainLanes(rows);
        Assert.Equal((rows + 7) / 8 * 8, lanes.Length);
        CheckMatrix(packer, rows, columns, int8, lanes);
        CheckMatrix(packer, 4 * rows, columns, int8, Packer.GateLanes(rows, 0, 1, 2, 3));
        CheckMatrix(packer, 3 * rows, columns, int8, [.. Packer.GateLanes(rows, 0, 1), .. Packer.GateLanes(rows, 2)]);
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

    private static void CheckMatrix(Packer packer, int rows, int columns, bool int8, int[] lanes)
    {
        var weights = Weights(rows, columns, int8);
        var matrix = packer.Matrix(weights, lanes);
        Assert.Equal((lanes.Length, columns, int8), (matrix.Lanes, matrix.Columns, matrix.IsInt8));
        Assert.Equal(0, (nint)matrix.Data % AlignedBlock.Alignment);
        for (int start = 0, width; start < lanes.Length; start += width)
        {
            width = Panels.Width(lanes.Length - start);
            for (var lane = start; lane < start + width; lane++)
            {
                for (var column = 0; column < matrix.StoredColumns; column++)
                {
                    var expected = lanes[lane] < 0 || column >= columns ? 0 : Element(weights, lanes[lane], column);
                    var at = (start * matrix.StoredColumns) + (int8
                        ? (column / 4 * width * 4) + ((lane - start) * 4) + (column % 4)
                        : (column * width) + (lane - start));
                    var actual = int8 ? ((sbyte*)matrix.Data)[at] : ((float*)matrix.Data)[at];
                    Assert.True(expected == actual, $"lane {lane}, column {column}: expected {expected}, found {actual}");
                }

                if (int8)
                {
                    var scale = lanes[lane] < 0 ? 0 : MemoryMarshal.Cast<byte, float>(weights.Scales!.Data.Span)[lanes[lane]];
                    Assert.Equal(scale, matrix.RowScales[lane]);
                }
            }
        }
    }

    private static float Element(Weights weights, int row, int column)
    {
        var at = (row * weights.Columns) + column;
        return weights.IsInt8 ? (sbyte)weights.Values.Data.Span[at] : MemoryMarshal.Cast<byte, float>(weights.Values.Data.Span)[at];
    }

    private static Weights Weights(int rows, int columns, bool int8)
    {
        var shape = new TensorShape(rows, columns);
        var numbers = Enumerable.Range(1, rows * columns);
        return int8
            ? new Weights(
                new Constant("w", TensorType.Int8, shape, numbers.Select(i => (byte)(sbyte)((i % 255) - 127)).ToArray()),
                Vector("s", [.. Enumerable.Range(1, rows).Select(i => (float)i)]))
            : new Weights(new Constant("w", TensorType.Float32, shape, Bytes([.. numbers.Select(i => (float)i)])), null);
    }

    private static Constant Vector(string name, float[] values) => new(name, TensorType.Float32, new TensorShape(values.Length), Bytes(values));

    private static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
