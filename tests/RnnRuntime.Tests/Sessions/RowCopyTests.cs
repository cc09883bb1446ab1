using RnnRuntime.Kernels;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Sessions;

/// <summary>Copies of short rows, between guard pages: every element arrives, and nothing beside them is read or written.</summary>
public sealed unsafe class RowCopyTests
{
    [Theory]
    [InlineData(GuardSide.Start)]
    [InlineData(GuardSide.End)]
    public void RowsOfEveryLengthArrive(GuardSide side)
    {
        using var from = new GuardedBuffer(side);
        using var to = new GuardedBuffer(side);
        for (var length = 1; length <= 140; length++)
        {
            for (var rows = 1; rows <= 3; rows++)
            {
                var (sourceStride, targetStride) = (length + 3, length + 1);
                var source = Numbered(from, ((rows - 1) * sourceStride) + length);
                var target = to.Place<float>(((rows - 1) * targetStride) + length);
                RowCopy.Copy(source, sourceStride, target, targetStride, rows, length);
                for (var row = 0; row < rows; row++)
                {
                    for (var i = 0; i < length; i++)
                    {
                        Assert.Equal(source[(row * sourceStride) + i], target[(row * targetStride) + i]);
                    }

                    Assert.True(row == rows - 1 || float.IsNaN(target[(row * targetStride) + length]), $"{length}: written between rows");
                }

                from.CheckBorders($"source, length {length}");
                to.CheckBorders($"target, length {length}");
            }
        }
    }

    [Theory]
    [InlineData(GuardSide.Start)]
    [InlineData(GuardSide.End)]
    public void TransposedMatricesOfEverySizeArrive(GuardSide side)
    {
        using var from = new GuardedBuffer(side);
        using var to = new GuardedBuffer(side);
        for (var rows = RowCopy.Square; rows <= 13; rows++)
        {
            for (var length = RowCopy.Square; length <= 13; length++)
            {
                var stride = rows + (length % 3);
                var source = Numbered(from, ((length - 1) * stride) + rows);
                var target = to.Place<float>(rows * length);
                RowCopy.Transpose(source, stride, target, rows, length);
                for (var row = 0; row < rows; row++)
                {
                    for (var i = 0; i < length; i++)
                    {
                        Assert.Equal(source[row + (i * stride)], target[(row * length) + i]);
                    }
                }

                from.CheckBorders($"source, {rows} x {length}");
                to.CheckBorders($"target, {rows} x {length}");
            }
        }
    }

    private static float* Numbered(GuardedBuffer buffer, int count)
    {
        var values = buffer.Place<float>(count);
        for (var i = 0; i < count; i++)
        {
            values[i] = i;
        }

        return values;
    }
}
