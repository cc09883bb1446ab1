using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RnnRuntime.Kernels;

/// <summary>Rows of narrow numbers to float32. Every element is exact, but for the one multiplication of an int8 with its scale; so any width gives the same bits.</summary>
internal static unsafe class RowWidening
{
    /// <summary>y = x * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Int8(sbyte* x, float scale, float* y, int count)
    {
        var factor = Vector128.Create(scale);
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var words = Vector128.WidenLower(Vector128.CreateScalar(*(long*)(x + i)).AsSByte());
            (Vector128.ConvertToSingle(Vector128.WidenLower(words)) * factor).Store(y + i);
            (Vector128.ConvertToSingle(Vector128.WidenUpper(words)) * factor).Store(y + i + 4);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * scale;
        }
    }

    /// <summary>y = x, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BFloat16(ushort* x, float* y, int count)
    {
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var words = Vector128.Load(x + i);
            (Vector128.WidenLower(words) << 16).Store((uint*)y + i);
            (Vector128.WidenUpper(words) << 16).Store((uint*)y + i + 4);
        }

        for (; i < count; i++)
        {
            y[i] = BitConverter.UInt32BitsToSingle((uint)x[i] << 16);
        }
    }

    /// <summary>y = x, exactly; x is finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Float16(ushort* x, float* y, int count)
    {
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var words = Vector128.Load(x + i);
            Widen(Vector128.WidenLower(words)).Store(y + i);
            Widen(Vector128.WidenUpper(words)).Store(y + i + 4);
        }

        for (; i < count; i++)
        {
            y[i] = (float)BitConverter.UInt16BitsToHalf(x[i]);
        }
    }

    /// <summary>
    /// Exponent and significand where float32 has them, the exponent raised by the difference of the offsets. A subnormal m * 2^-24 is
    /// (1 + m * 2^-10) * 2^-14 - 2^-14, so no operation meets a subnormal float32, which some processors are slow with.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<uint> words)
    {
        var bits = (words & Vector128.Create(0x7fffu)) << 13;
        var least = Vector128.Create(113u << 23);
        var isSubnormal = Vector128.Equals(words & Vector128.Create(0x7c00u), Vector128<uint>.Zero);
        var magnitude = Vector128.ConditionalSelect(isSubnormal, ((bits + least).AsSingle() - least.AsSingle()).AsUInt32(), bits + Vector128.Create(112u << 23));
        return (magnitude | ((words & Vector128.Create(0x8000u)) << 16)).AsSingle();
    }
}
