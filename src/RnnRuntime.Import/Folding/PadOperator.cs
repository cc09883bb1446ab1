using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

internal static class PadOperator
{
    private const int Outside = -1;

    public static HostTensor Pad(NodeArguments node)
    {
        var data = node.Required(0, "data");
        var arguments = PadArguments.Read(node);
        var ranges = arguments.Ranges(node.Location, data.Shape);
        var shape = ShapeArithmetic.PadShape(data.Shape, ranges);
        var result = node.Allocate(data.Type, shape);
        if (result.Length > 0)
        {
            var maps = new int[data.Rank][];
            for (var axis = 0; axis < maps.Length; axis++)
            {
                maps[axis] = SourcePositions(node, arguments.Mode, data.Shape[axis], ranges[axis], shape[axis]);
            }

            var size = HostTensor.SizeOf(data.Type);
            new Copy(data.Data, size, Filling(node, arguments.Value, data.Type), maps, Walker.RowMajor(data.Shape), Walker.RowMajor(shape)).Run(result, 0, 0);
        }

        return new HostTensor(data.Type, shape, result);
    }

    /// <summary>For each position of a padded axis the position that it copies. What negative pads cut off is not copied by any mode.</summary>
    internal static int[] SourcePositions(NodeArguments node, PadMode mode, int extent, PadRange range, int padded)
    {
        var first = Math.Max(-range.Before, 0);
        var kept = extent - first - Math.Max(-range.After, 0);
        if (kept == 0 && padded > 0 && mode != PadMode.Constant)
        {
            throw node.Error($"mode {mode.ToString().ToLowerInvariant()} for an axis of extent 0", "mode constant");
        }

        var positions = new int[padded];
        for (var i = 0; i < padded; i++)
        {
            var at = i - Math.Max(range.Before, 0);
            var inside = at >= 0 && at < kept;
            positions[i] = mode == PadMode.Constant && !inside ? Outside : first + mode switch
            {
                PadMode.Reflect => Reflected(at, kept),
                PadMode.Edge => Math.Clamp(at, 0, kept - 1),
                PadMode.Wrap => Modulo(at, kept),
                _ => at,
            };
        }

        return positions;
    }

    private static int Reflected(int at, int extent)
    {
        var period = Math.Max(2L * (extent - 1), 1);
        var within = ((at % period) + period) % period;
        return (int)Math.Min(within, period - within) * (extent > 1 ? 1 : 0);
    }

    private static int Modulo(long at, int extent) => (int)(((at % extent) + extent) % extent);

    private static byte[] Filling(NodeArguments node, HostTensor? value, ElementType type)
    {
        if (value is null)
        {
            return new byte[HostTensor.SizeOf(type)];
        }

        // The attribute form gives a float32 for data of any float type.
        return value.Type == type ? value.Data.ToArray()
            : node.Opset < 11 && NumberTypes.IsFloat(type) ? CastOperator.Convert(node, value, type).Data.ToArray()
            : throw node.Error("constant_value", $"{value}", $"a scalar of type {NumberTypes.Name(type)}");
    }

    /// <summary>Axis by axis; a position outside fills all that lies below it.</summary>
    private sealed record Copy(ReadOnlyMemory<byte> Source, int Size, byte[] Filling, int[][] Maps, int[] SourceStrides, int[] TargetStrides)
    {
        public void Run(Span<byte> target, int axis, int source)
        {
            if (axis == Maps.Length)
            {
                Source.Span.Slice(source * Size, Size).CopyTo(target);
                return;
            }

            var block = TargetStrides[axis] * Size;
            foreach (var position in Maps[axis])
            {
                if (position == Outside)
                {
                    for (var at = 0; at < block; at += Size)
                    {
                        Filling.CopyTo(target[at..]);
                    }
                }
                else
                {
                    Run(target[..block], axis + 1, source + (position * SourceStrides[axis]));
                }

                target = target[block..];
            }
        }
    }
}
