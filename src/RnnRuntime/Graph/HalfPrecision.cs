using System.Runtime.InteropServices;

namespace RnnRuntime.Graph;

/// <summary>Numbers of 16 bits, exactly widened or rounded to nearest, ties to even.</summary>
internal static class HalfPrecision
{
    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float FromFloat16(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>The nearest bfloat16 of a finite number; infinity where its magnitude is beyond the largest.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The nearest float16 of a finite number; infinity where its magnitude is beyond 65504.</summary>
    public static ushort ToFloat16(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>An element of a tensor of floating-point numbers.</summary>
    public static float Element(Constant constant, int index) => constant.Type switch
    {
        TensorType.BFloat16 => FromBFloat16(MemoryMarshal.Cast<byte, ushort>(constant.Data.Span)[index]),
        TensorType.Float16 => FromFloat16(MemoryMarshal.Cast<byte, ushort>(constant.Data.Span)[index]),
        _ => MemoryMarshal.Cast<byte, float>(constant.Data.Span)[index],
    };
}
