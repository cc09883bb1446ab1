using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Plan;

/// <summary>
/// A walk over a shape's elements in row-major order, for operands that each have strides of their own: rows of one length, and for
/// each row where every operand starts. Axes that run on for all operands are one axis. Immutable.
/// </summary>
internal sealed class StridedLoop
{
    private StridedLoop(int rows, int rowLength, ImmutableArray<int> innerStrides, ImmutableArray<int[]> rowOffsets)
    {
        Rows = rows;
        RowLength = rowLength;
        InnerStrides = innerStrides;
        RowOffsets = rowOffsets;
    }

    public int Rows { get; }

    public int RowLength { get; }

    /// <summary>Each operand's step from one element of a row to the next.</summary>
    public ImmutableArray<int> InnerStrides { get; }

    /// <summary>For each operand the offset of each row's first element.</summary>
    public ImmutableArray<int[]> RowOffsets { get; }

    /// <summary>The address of an operand's offsets, as long as this loop lives.</summary>
    public unsafe int* OffsetsOf(int operand) => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(RowOffsets[operand]));

    /// <summary>Rows of the loop that <see cref="Create"/> gives.</summary>
    public static int CountRows(TensorShape shape, ReadOnlySpan<StridedOperand> operands) =>
        Collapse(shape, operands).Extents is [.., var rowLength] ? shape.ElementCount / rowLength : 1;

    public static StridedLoop Create(TensorShape shape, ReadOnlySpan<StridedOperand> operands)
    {
        var (extents, strides) = Collapse(shape, operands);
        var rowLength = extents.Count == 0 ? 1 : extents[^1];
        var rows = shape.ElementCount / rowLength;
        var offsets = new int[operands.Length][];
        for (var k = 0; k < operands.Length; k++)
        {
            offsets[k] = GC.AllocateUninitializedArray<int>(rows, pinned: true);
            for (var row = 0; row < rows; row++)
            {
                var (rest, offset) = (row, operands[k].Offset);
                for (var axis = extents.Count - 2; axis >= 0; axis--)
                {
                    (rest, var index) = Math.DivRem(rest, extents[axis]);
                    offset += index * strides[axis][k];
                }

                offsets[k][row] = offset;
            }
        }

        return new StridedLoop(rows, rowLength, extents.Count == 0 ? [.. new int[operands.Length]] : [.. strides[^1]], [.. offsets]);
    }

    private static (List<int> Extents, List<int[]> Strides) Collapse(TensorShape shape, ReadOnlySpan<StridedOperand> operands)
    {
        var extents = new List<int>();
        var strides = new List<int[]>();
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var extent = shape[axis];
            if (extent == 1)
            {
                continue;
            }

            var own = new int[operands.Length];
            for (var k = 0; k < own.Length; k++)
            {
                own[k] = operands[k].Strides[axis];
            }

            if (extents.Count > 0 && own.Select((stride, k) => strides[^1][k] == (long)stride * extent).All(joined => joined))
            {
                extents[^1] *= extent;
                strides[^1] = own;
            }
            else
            {
                extents.Add(extent);
                strides.Add(own);
            }
        }

        return (extents, strides);
    }
}

/// <summary>How an operand is read: an offset and a stride for each axis of the loop's shape, in elements.</summary>
internal readonly record struct StridedOperand(int Offset, ImmutableArray<int> Strides)
{
    /// <summary>A dense tensor, repeated along the axes that it lacks or has with extent 1.</summary>
    public static StridedOperand Broadcast(TensorShape from, TensorShape to)
    {
        var own = ViewNode.RowMajorStrides(from);
        var strides = new int[to.Rank];
        for (var i = 1; i <= from.Rank; i++)
        {
            strides[^i] = from[-i] == 1 ? 0 : own[^i];
        }

        return new StridedOperand(0, [.. strides]);
    }
}
