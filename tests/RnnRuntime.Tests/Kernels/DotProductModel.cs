using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using RnnRuntime.Kernels;

namespace RnnRuntime.Tests.Kernels;

/// <summary>What <c>vpdpbusd</c> does: products of unsigned and signed bytes, four to a lane, added in int32 without saturation.</summary>
internal readonly struct DotProductModel : IDotProduct256
{
    public static bool IsSupported => Avx2.IsSupported;

    public static Vector256<int> Add(Vector256<int> sums, Vector256<byte> magnitudes, Vector256<sbyte> weights)
    {
        Span<int> lanes = stackalloc int[Vector256<int>.Count];
        sums.CopyTo(lanes);
        for (var i = 0; i < Vector256<byte>.Count; i++)
        {
            lanes[i / 4] += magnitudes[i] * weights[i];
        }

        return Vector256.Create<int>(lanes);
    }
}
