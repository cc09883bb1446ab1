using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <content>Nodes that move, join, multiply and reduce whole tensors.</content>
internal sealed unsafe partial class PlanBuilder
{
    /// <summary>A run of the input's elements is the input's memory; any other view is read through its strides, or copied where a step needs it dense.</summary>
    private void Lower(ViewNode node)
    {
        if (node.IsContiguous)
        {
            _frames.Add(node.Output, NewView(node.Output.Name, FramesOf(node.Input), node.Offset, node.Output.Shape.ElementCount));
        }
        else
        {
            _views.Add(node.Output, node);
        }
    }

    private BufferInfo Materialize(ViewNode view)
    {
        var buffer = NewBuffer(view.Output.Name, BufferKind.Frames, view.Output.Shape.ElementCount);
        var loop = LoopOver(view.Output.Shape, new StridedOperand(view.Offset, view.Strides));
        _steps.Add(new StridedCopyStep(view.Name, loop, FramesOf(view.Input), buffer));
        return buffer;
    }

    private void Lower(ConcatNode node)
    {
        var inner = node.Output.Shape.Dimensions[(node.Axis + 1)..].Aggregate(1, (product, extent) => product * extent);
        var total = node.Output.Shape[node.Axis] * inner;
        var rows = node.Output.Shape.ElementCount / total;
        var moves = new List<BlockMove>();
        var offset = 0;
        foreach (var part in node.Parts)
        {
            var length = part.Shape[node.Axis] * inner;
            moves.Add(new BlockMove(FramesOf(part), 0, length, offset, total, rows, length));
            offset += length;
        }

        _steps.Add(new BlockCopyStep(node.Name, node.Operator, [.. moves], 0f, FramesOf(node.Output)));
    }

    private void Lower(PickNode node)
    {
        var map = MemoryMarshal.Cast<byte, int>(node.Map.Data.Span);
        var starts = new int[node.Sources.Length + 1];
        for (var i = 0; i < node.Sources.Length; i++)
        {
            starts[i + 1] = starts[i] + node.Sources[i].Shape.ElementCount;
        }

        var moves = new List<BlockMove>();
        for (int start = 0, end; start < map.Length; start = end)
        {
            var source = map[start] < 0 ? -1 : SourceOf(starts, map[start]);
            var isRun = source < 0 || (start + 1 < map.Length && map[start + 1] == map[start] + 1);
            var stride = source < 0 ? 0 : isRun || start + 1 == map.Length ? 1 : map[start + 1] - map[start];
            for (end = start + 1; end < map.Length; end++)
            {
                var continues = source < 0 ? map[end] < 0 : map[end] == map[end - 1] + stride && map[end] >= starts[source] && map[end] < starts[source + 1];
                if (!continues)
                {
                    break;
                }
            }

            moves.Add(source < 0
                ? new BlockMove(null, 0, 0, start, 0, 1, end - start)
                : isRun || end - start == 1
                    ? new BlockMove(FramesOf(node.Sources[source]), map[start] - starts[source], 0, start, 0, 1, end - start)
                    : new BlockMove(FramesOf(node.Sources[source]), map[start] - starts[source], stride, start, 1, end - start, 1));
        }

        var fill = node.Output.Type == TensorType.Int32 ? BitConverter.Int32BitsToSingle((int)node.Fill) : node.Fill;
        _steps.Add(new BlockCopyStep(node.Name, node.Operator, [.. moves], fill, FramesOf(node.Output)));
    }

    private static int SourceOf(int[] starts, int index)
    {
        var found = Array.BinarySearch(starts, index);
        return found >= 0 ? found : ~found - 1;
    }

    private void Lower(GatherNode node)
    {
        var shape = node.Data.Shape.Dimensions;
        _steps.Add(new GatherStep(
            node.Name, shape[..node.Axis].Aggregate(1, (product, extent) => product * extent), shape[node.Axis],
            shape[(node.Axis + 1)..].Aggregate(1, (product, extent) => product * extent), FramesOf(node.Data), FramesOf(node.Indices), FramesOf(node.Output)));
    }

    private void Lower(MatMulNode node)
    {
        var (m, k, n) = (node.Left.Shape[-2], node.Left.Shape[-1], node.Right.Shape[-1]);
        var width = checked(n + 7) & ~7;
        var batch = new TensorShape(node.Output.Shape.Dimensions.AsSpan()[..^2]);
        Reserve((2L * batch.ElementCount) + width);
        var loop = LoopOver(batch, BatchStrides(node.Left, batch), BatchStrides(node.Right, batch));
        var pairs = new (int, int)[batch.ElementCount];
        for (var i = 0; i < pairs.Length; i++)
        {
            var (row, column) = Math.DivRem(i, loop.RowLength);
            pairs[i] = (loop.RowOffsets[0][row] + (column * loop.InnerStrides[0]), loop.RowOffsets[1][row] + (column * loop.InnerStrides[1]));
        }

        _steps.Add(new MatMulStep(
            node.Name, _variant, pairs, m, k, n, FramesOf(node.Left), FramesOf(node.Right), FramesOf(node.Output),
            NewBuffer($"{node.Name}.panels", BufferKind.Scratch, checked(k * width)),
            NewBuffer($"{node.Name}.lanes", BufferKind.Scratch, checked(m * width)), (nint)_packer.Vector(null, Packer.PlainLanes(n))));

        static StridedOperand BatchStrides(Value value, TensorShape batch)
        {
            var operand = StridedOperand.Broadcast(new TensorShape(value.Shape.Dimensions.AsSpan()[..^2]), batch);
            var matrix = value.Shape[-1] * value.Shape[-2];
            return operand with { Strides = [.. operand.Strides.Select(stride => stride * matrix)] };
        }
    }

    private void Lower(ReduceNode node)
    {
        var function = node.Function switch
        {
            ReduceOperator.ReduceSum => ReduceFunction.Sum,
            ReduceOperator.ReduceMean => ReduceFunction.Mean,
            ReduceOperator.ReduceMaximum => ReduceFunction.Maximum,
            ReduceOperator.ReduceMinimum => ReduceFunction.Minimum,
            _ => throw new ArgumentOutOfRangeException(nameof(node), node.Function, "Unknown reduction."),
        };
        _steps.Add(new ReduceStep(node.Name, node.Operator, _variant, function, node.Input.Shape[-1], FramesOf(node.Input), FramesOf(node.Output)));
    }

    private void Lower(LayerNormNode node) =>
        _steps.Add(new LayerNormStep(
            node.Name, _variant, node.Input.Shape[-1], node.Scale is null ? 0 : (nint)_packer.Copy(node.Scale),
            node.Bias is null ? 0 : (nint)_packer.Copy(node.Bias), node.Epsilon, FramesOf(node.Input), FramesOf(node.Output)));

    private void Lower(CastNode node) =>
        _steps.Add(new CastStep(node.Name, node.Output.Type == TensorType.Float32, FramesOf(node.Input), FramesOf(node.Output)));

    private BufferInfo NewView(string name, BufferInfo parent, int offset, int elements)
    {
        // A view of a view is one of the root, so that no chain of them has to be walked.
        var view = new BufferInfo(_buffers.Count, name, parent.Kind, parent.Stride, elements) { Parent = parent.Root, ParentOffset = offset + parent.ParentOffset };
        _buffers.Add(view);
        return view;
    }

    private BufferInfo NewConstant(string name, ReadOnlySpan<byte> data, int elements)
    {
        var buffer = new BufferInfo(_buffers.Count, name, BufferKind.Constant, 0, elements) { ConstantAddress = (nint)_packer.Copy(data) };
        _buffers.Add(buffer);
        return buffer;
    }
}
