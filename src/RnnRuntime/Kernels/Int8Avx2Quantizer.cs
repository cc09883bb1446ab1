using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnRuntime.Kernels;

/// <summary>Quantisation of activations with AVX2; 512-bit variants use it too, since vectors of activations are short.</summary>
internal static unsafe class Int8Avx2Quantizer
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int LargestMagnitudeBits(float* x, int count)
    {
        var mask = Vector256.Create(0x7fffffff);
        var largest = Vector256<int>.Zero;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            largest = Avx2.Max(largest, Vector256.Load((int*)(x + i)) & mask);
        }

        return Math.Max(Largest(largest), Int8Scalar.LargestMagnitudeBits(x + i, count - i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Quantize(float* x, int count, float factor, sbyte* result)
    {
        var scale = Vector256.Create(factor);
        var negatives = Vector128<long>.Zero;
        var magnitude = Vector256.Create(0x7fffffff);
        var largest = Vector256<int>.Zero;
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            // Packing works within 128-bit halves; the permutation puts the four groups of 4 back in order.
            var first = Vector256.Load(x + i);
            var second = Vector256.Load(x + i + 8);
            largest = Avx2.Max(largest, Avx2.Max(first.AsInt32() & magnitude, second.AsInt32() & magnitude));
            var low = Avx.ConvertToVector256Int32(first * scale);
            var high = Avx.ConvertToVector256Int32(second * scale);
            var words = Avx2.Permute4x64(Avx2.PackSignedSaturate(low, high).AsInt64(), 0b_11_01_10_00).AsInt16();
            var bytes = Sse2.PackSignedSaturate(words.GetLower(), words.GetUpper());
            var masks = Sse2.CompareGreaterThan(Vector128<sbyte>.Zero, bytes);
            var magnitudes = Ssse3.Abs(bytes);
            Sse2.UnpackLow(magnitudes.AsInt32(), masks.AsInt32()).Store((int*)(result + i * 2));
            Sse2.UnpackHigh(magnitudes.AsInt32(), masks.AsInt32()).Store((int*)(result + i * 2 + 16));
            negatives += Sse2.SumAbsoluteDifferences(magnitudes & masks.AsByte(), Vector128<byte>.Zero).AsInt64();
        }

        Int8Scalar.QuantizeFrom(i, x, count, factor, result, (int)(negatives.GetElement(0) + negatives.GetElement(1)));
        return Math.Max(Largest(largest), Int8Scalar.LargestMagnitudeBits(x + i, count - i));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector256<int> values)
    {
        var half = Sse41.Max(values.GetLower(), values.GetUpper());
        half = Sse41.Max(half, Sse2.Shuffle(half, 0b_01_00_11_10));
        half = Sse41.Max(half, Sse2.Shuffle(half, 0b_10_11_00_01));
        return half.ToScalar();
    }
}
