using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// Reductions of rows. As everywhere, element i belongs to partial result i mod 8 and the eight are joined as a fixed tree, so that no width
/// changes a bit.
/// </summary>
internal static unsafe class Reductions<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // Starts the sums of squares of small numbers, which would be subnormal. Far below the rounding of any variance with its epsilon.
    private const float TinySquare = 7.8886091e-31f; // 2^-100

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(ReduceFunction function, float* x, float* y, int rows, int length)
    {
        for (var row = 0; row < rows; row++, x += length)
        {
            y[row] = function switch
            {
                ReduceFunction.Sum => Fold<AddOperation>(x, length, 0f),
                ReduceFunction.Mean => Fold<AddOperation>(x, length, 0f) / length,
                ReduceFunction.Maximum => Fold<MaximumOperation>(x, length, float.NegativeInfinity),
                _ => Fold<MinimumOperation>(x, length, float.PositiveInfinity),
            };
        }
    }

    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) * scale + bias, each row by itself; the variance is the mean of (x - mean)^2. Scale and bias,
    /// one element a column, may be null; y may be x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LayerNorm(float* x, float* y, int rows, int length, float* scale, float* bias, float epsilon)
    {
        for (var row = 0; row < rows; row++, x += length, y += length)
        {
            var mean = Fold<AddOperation>(x, length, 0f) / length;
            var variance = SquaredDistances(x, length, mean) / length;
            Normalize(x, y, length, mean, MathF.Sqrt(variance + epsilon), scale, bias);
        }
    }

    /// <summary>Joins the elements, in eight chains that begin with <paramref name="start"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fold<TOperation>(float* x, int length, float start)
        where TOperation : struct, IBinaryOperation
    {
        var partial = stackalloc float[8];
        var whole = length & ~7;
        if (TLanes.Width == 8)
        {
            var chains = TLanes.Broadcast(start);
            for (var i = 0; i < whole; i += 8)
            {
                chains = TOperation.Apply<TLanes, TVector>(chains, TLanes.Load(x + i));
            }

            TLanes.Store(partial, chains);
        }
        else
        {
            new Span<float>(partial, 8).Fill(start);
            for (var i = 0; i < whole; i += TLanes.Width)
            {
                var chains = partial + (i & 7);
                TLanes.Store(chains, TOperation.Apply<TLanes, TVector>(TLanes.Load(chains), TLanes.Load(x + i)));
            }
        }

        for (var i = whole; i < length; i++)
        {
            partial[i & 7] = TOperation.Apply<ScalarLanes, float>(partial[i & 7], x[i]);
        }

        return Join<TOperation>(partial);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SquaredDistances(float* x, int length, float mean)
    {
        var partial = stackalloc float[8];
        var whole = length & ~7;
        var means = TLanes.Broadcast(mean);
        if (TLanes.Width == 8)
        {
            var chains = TLanes.Broadcast(TinySquare);
            for (var i = 0; i < whole; i += 8)
            {
                var distance = TLanes.Subtract(TLanes.Load(x + i), means);
                chains = TLanes.MultiplyAdd(distance, distance, chains);
            }

            TLanes.Store(partial, chains);
        }
        else
        {
            new Span<float>(partial, 8).Fill(TinySquare);
            for (var i = 0; i < whole; i += TLanes.Width)
            {
                var chains = partial + (i & 7);
                var distance = TLanes.Subtract(TLanes.Load(x + i), means);
                TLanes.Store(chains, TLanes.MultiplyAdd(distance, distance, TLanes.Load(chains)));
            }
        }

        for (var i = whole; i < length; i++)
        {
            var distance = x[i] - mean;
            partial[i & 7] = MathF.FusedMultiplyAdd(distance, distance, partial[i & 7]);
        }

        return Join<AddOperation>(partial);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Join<TOperation>(float* partial)
        where TOperation : struct, IBinaryOperation
    {
        for (var half = 4; half > 0; half >>= 1)
        {
            for (var i = 0; i < half; i++)
            {
                partial[i] = TOperation.Apply<ScalarLanes, float>(partial[i], partial[i + half]);
            }
        }

        return *partial;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(float* x, float* y, int length, float mean, float deviation, float* scale, float* bias)
    {
        var means = TLanes.Broadcast(mean);
        var deviations = TLanes.Broadcast(deviation);
        var i = 0;
        for (; i <= length - TLanes.Width; i += TLanes.Width)
        {
            var z = TLanes.Divide(TLanes.Subtract(TLanes.Load(x + i), means), deviations);
            TLanes.Store(y + i, ScaleAndShift<TLanes, TVector>(z, scale, bias, i));
        }

        for (; i < length; i++)
        {
            y[i] = ScaleAndShift<ScalarLanes, float>((x[i] - mean) / deviation, scale, bias, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TAny ScaleAndShift<TAnyLanes, TAny>(TAny z, float* scale, float* bias, int at)
        where TAnyLanes : struct, ILanes<TAny>
        where TAny : struct
    {
        if (bias == null)
        {
            return scale == null ? z : TAnyLanes.Multiply(z, TAnyLanes.Load(scale + at));
        }

        var shift = TAnyLanes.Load(bias + at);
        return scale == null ? TAnyLanes.Add(z, shift) : TAnyLanes.MultiplyAdd(z, TAnyLanes.Load(scale + at), shift);
    }
}
