using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <content>Sums of elementwise products.</content>
internal abstract unsafe partial class KernelVariant
{
    /// <summary>
    /// y[i] = init[i] + sum of a[t * aStride + i] * b[t * bStride + i] over the terms t in order, each by one fused multiply-add. Init may be y.
    /// </summary>
    public abstract void MultiplyAdd(float* a, nint aStride, float* b, nint bStride, int terms, float* init, float* y, int count);
}

/// <content>Sums of elementwise products.</content>
internal sealed unsafe partial class KernelVariant<TFp32, THalf, TInt8, TUnits, TLanes, TVector>
{
    // Four sums side by side: the chain of one element is as long as there are terms.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void MultiplyAdd(float* a, nint aStride, float* b, nint bStride, int terms, float* init, float* y, int count)
    {
        var width = TLanes.Width;
        var i = 0;
        for (; i <= count - (4 * width); i += 4 * width)
        {
            var s0 = TLanes.Load(init + i);
            var s1 = TLanes.Load(init + i + width);
            var s2 = TLanes.Load(init + i + (2 * width));
            var s3 = TLanes.Load(init + i + (3 * width));
            var left = a + i;
            var right = b + i;
            for (var term = 0; term < terms; term++, left += aStride, right += bStride)
            {
                s0 = TLanes.MultiplyAdd(TLanes.Load(left), TLanes.Load(right), s0);
                s1 = TLanes.MultiplyAdd(TLanes.Load(left + width), TLanes.Load(right + width), s1);
                s2 = TLanes.MultiplyAdd(TLanes.Load(left + (2 * width)), TLanes.Load(right + (2 * width)), s2);
                s3 = TLanes.MultiplyAdd(TLanes.Load(left + (3 * width)), TLanes.Load(right + (3 * width)), s3);
            }

            TLanes.Store(y + i, s0);
            TLanes.Store(y + i + width, s1);
            TLanes.Store(y + i + (2 * width), s2);
            TLanes.Store(y + i + (3 * width), s3);
        }

        for (; i <= count - width; i += width)
        {
            var sum = TLanes.Load(init + i);
            var left = a + i;
            var right = b + i;
            for (var term = 0; term < terms; term++, left += aStride, right += bStride)
            {
                sum = TLanes.MultiplyAdd(TLanes.Load(left), TLanes.Load(right), sum);
            }

            TLanes.Store(y + i, sum);
        }

        for (; i < count; i++)
        {
            var sum = init[i];
            var left = a + i;
            var right = b + i;
            for (var term = 0; term < terms; term++, left += aStride, right += bStride)
            {
                sum = ScalarLanes.MultiplyAdd(*left, *right, sum);
            }

            y[i] = sum;
        }
    }
}
