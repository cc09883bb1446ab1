using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>
/// <see cref="ScalarLanes"/> that notes the first subnormal number that an operation gives. What it sees holds for every variant: their operations
/// on a lane are the same ones.
/// </summary>
internal readonly unsafe struct RecordingLanes : ILanes<float>
{
    /// <summary>The operation and its result; null where none was subnormal.</summary>
    [ThreadStatic]
    public static string? Subnormal;

    public static bool IsSupported => true;

    public static int Width => 1;

    public static float Load(float* source) => ScalarLanes.Load(source);

    public static void Store(float* destination, float value) => ScalarLanes.Store(destination, value);

    public static float LoadUnits(float* source, nint next) => ScalarLanes.LoadUnits(source, next);

    public static void StoreUnits(float* destination, nint next, float value) => ScalarLanes.StoreUnits(destination, next, value);

    public static float Broadcast(float value) => ScalarLanes.Broadcast(value);

    public static float FromInt32(int* source) => ScalarLanes.FromInt32(source);

    public static float Add(float left, float right) => Note(ScalarLanes.Add(left, right), $"{left:R} + {right:R}");

    public static float Subtract(float left, float right) => Note(ScalarLanes.Subtract(left, right), $"{left:R} - {right:R}");

    public static float Multiply(float left, float right) => Note(ScalarLanes.Multiply(left, right), $"{left:R} * {right:R}");

    public static float Divide(float left, float right) => Note(ScalarLanes.Divide(left, right), $"{left:R} / {right:R}");

    public static float Sqrt(float value) => Note(ScalarLanes.Sqrt(value), $"sqrt({value:R})");

    public static float MultiplyAdd(float left, float right, float addend) =>
        Note(ScalarLanes.MultiplyAdd(left, right, addend), $"{left:R} * {right:R} + {addend:R}");

    public static float Minimum(float left, float right) => ScalarLanes.Minimum(left, right);

    public static float Maximum(float left, float right) => ScalarLanes.Maximum(left, right);

    public static float Abs(float value) => ScalarLanes.Abs(value);

    public static float CopySign(float magnitude, float sign) => ScalarLanes.CopySign(magnitude, sign);

    public static float SelectLess(float left, float right, float chosen, float otherwise) => ScalarLanes.SelectLess(left, right, chosen, otherwise);

    public static float SelectEqual(float left, float right, float chosen, float otherwise) => ScalarLanes.SelectEqual(left, right, chosen, otherwise);

    public static float Exponent(float value) => ScalarLanes.Exponent(value);

    public static float Significand(float value) => ScalarLanes.Significand(value);

    public static float PowerFromLowBits(float bits) => Note(ScalarLanes.PowerFromLowBits(bits), $"a power from the bits of {bits:R}");

    private static float Note(float result, FormattableString operation)
    {
        if (float.IsSubnormal(result))
        {
            Subnormal ??= FormattableString.Invariant($"{FormattableString.Invariant(operation)} = {result:R}");
        }

        return result;
    }
}
