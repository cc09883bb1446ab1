using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>16-bit floats are computed in wider ones and rounded at the end.</summary>
internal static class HalfPrecision
{
    public static bool IsHalf(ElementType type) => type is ElementType.Float16 or ElementType.BFloat16;

    /// <summary>Runs an operator on widened inputs; its first output gets the first input's type back.</summary>
    public static ImmutableArray<HostTensor?> Around(NodeArguments node, Func<NodeArguments, ImmutableArray<HostTensor?>> run)
    {
        var halves = node.Constants.Where(tensor => tensor is not null && IsHalf(tensor.Type)).ToArray();
        if (halves.Length == 0)
        {
            return run(node);
        }

        var half = halves[0]!;
        if (node.Operator is not ("Pow" or "BatchNormalization")
            && node.Constants.FirstOrDefault(tensor => tensor is not null && NumberTypes.IsFloat(tensor.Type) && tensor.Type != half.Type) is { } other)
        {
            throw node.Error($"inputs {half} and {other}", "inputs of one element type");
        }

        var outputs = run(node.With([.. node.Constants.Select(tensor => tensor is null ? null : Widen(node, tensor))]));
        return node.Constants[0] is { } first && IsHalf(first.Type) && outputs[0] is { Type: ElementType.Float32 } wide
            ? outputs.SetItem(0, Narrow(node, wide, first.Type))
            : outputs;
    }

    public static HostTensor Widen(NodeArguments node, HostTensor tensor)
    {
        if (!IsHalf(tensor.Type))
        {
            return tensor;
        }

        var data = node.Allocate(ElementType.Float32, tensor.Shape);
        var wide = MemoryMarshal.Cast<byte, float>(data.AsSpan());
        if (tensor.Type == ElementType.Float16)
        {
            var values = tensor.Values<Half>();
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = (float)values[i];
            }
        }
        else
        {
            var bits = tensor.Values<ushort>();
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = BitConverter.Int32BitsToSingle(bits[i] << 16);
            }
        }

        return new HostTensor(ElementType.Float32, tensor.Shape, data);
    }

    public static HostTensor Narrow(NodeArguments node, HostTensor wide, ElementType type)
    {
        var data = node.Allocate(type, wide.Shape);
        var values = wide.Values<float>();
        if (type == ElementType.Float16)
        {
            var halves = MemoryMarshal.Cast<byte, Half>(data.AsSpan());
            for (var i = 0; i < halves.Length; i++)
            {
                halves[i] = (Half)values[i];
            }
        }
        else
        {
            var bits = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
            for (var i = 0; i < bits.Length; i++)
            {
                bits[i] = BFloat16(values[i]);
            }
        }

        return new HostTensor(type, wide.Shape, data);
    }

    /// <summary>To nearest, ties to even; a NaN stays one.</summary>
    private static ushort BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
