namespace RnnRuntime.Kernels;

/// <summary>One float at a time: the reference, and the tail of every vector loop.</summary>
internal readonly unsafe struct ScalarLanes : ILanes<float>
{
    public static bool IsSupported => true;

    public static int Width => 1;

    public static float Load(float* source) => *source;

    public static void Store(float* destination, float value) => *destination = value;

    public static float LoadUnits(float* source, nint next) => *source;

    public static void StoreUnits(float* destination, nint next, float value) => *destination = value;

    public static float Broadcast(float value) => value;

    public static float FromInt32(int* source) => *source;

    public static float Add(float left, float right) => left + right;

    public static float Subtract(float left, float right) => left - right;

    public static float Multiply(float left, float right) => left * right;

    public static float Divide(float left, float right) => left / right;

    public static float Sqrt(float value) => MathF.Sqrt(value);

    public static float MultiplyAdd(float left, float right, float addend) => MathF.FusedMultiplyAdd(left, right, addend);

    public static float Minimum(float left, float right) => left < right ? left : right;

    public static float Maximum(float left, float right) => left > right ? left : right;

    public static float Abs(float value) => MathF.Abs(value);

    public static float CopySign(float magnitude, float sign) => MathF.CopySign(magnitude, sign);

    public static float SelectLess(float left, float right, float chosen, float otherwise) => left < right ? chosen : otherwise;

    public static float SelectEqual(float left, float right, float chosen, float otherwise) => left == right ? chosen : otherwise;

    public static float Exponent(float value) => (int)(BitConverter.SingleToUInt32Bits(value) >> 23) - 127;

    public static float Significand(float value) =>
        BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) & 0x7F_FFFF) | 0x3F80_0000);

    public static float PowerFromLowBits(float bits) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(bits) << 23);
}
