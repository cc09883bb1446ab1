using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

internal static unsafe partial class Elementwise<TLanes, TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<TOperation>(float* x, float* y, int count)
        where TOperation : struct, IUnaryOperation
    {
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(x + i)));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(x[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<TOperation>(float alpha, float beta, float* x, float* y, int count)
        where TOperation : struct, IParameterOperation
    {
        var alphas = TLanes.Broadcast(alpha);
        var betas = TLanes.Broadcast(beta);
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(x + i), alphas, betas));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(x[i], alpha, beta);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Zip<TOperation>(float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count)
        where TOperation : struct, IBinaryOperation
    {
        if (leftIsScalar)
        {
            ZipScalarLeft<TOperation>(*left, right, y, count);
        }
        else if (rightIsScalar)
        {
            ZipScalarRight<TOperation>(left, *right, y, count);
        }
        else
        {
            ZipArrays<TOperation>(left, right, y, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ZipScalarLeft<TOperation>(float left, float* right, float* y, int count)
        where TOperation : struct, IBinaryOperation
    {
        var repeated = TLanes.Broadcast(left);
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(repeated, TLanes.Load(right + i)));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(left, right[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ZipScalarRight<TOperation>(float* left, float right, float* y, int count)
        where TOperation : struct, IBinaryOperation
    {
        var repeated = TLanes.Broadcast(right);
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(left + i), repeated));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(left[i], right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ZipArrays<TOperation>(float* left, float* right, float* y, int count)
        where TOperation : struct, IBinaryOperation
    {
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(left + i), TLanes.Load(right + i)));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(left[i], right[i]);
        }
    }

    /// <summary>
    /// One exponent that basic operations can do runs in vectors; every other in double precision, one by one. <see cref="PowerOf"/> makes the
    /// same choice for each element, so that the form of the right operand changes no bit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Power(float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count)
    {
        if (rightIsScalar && !leftIsScalar)
        {
            switch (*right)
            {
                case -1f: Map<ReciprocalOperation>(left, y, count); return;
                case -0.5f: Map<ReciprocalRootOperation>(left, y, count); return;
                case 0.5f: Map<RootOperation>(left, y, count); return;
                case 1f: new ReadOnlySpan<float>(left, count).CopyTo(new Span<float>(y, count)); return;
                case 2f: Map<SquareOperation>(left, y, count); return;
                case 3f: Map<CubeOperation>(left, y, count); return;
            }
        }

        var x = *left;
        var exponent = *right;
        for (var i = 0; i < count; i++)
        {
            y[i] = PowerOf(leftIsScalar ? x : left[i], rightIsScalar ? exponent : right[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float PowerOf(float x, float exponent) => exponent switch
    {
        -1f => ReciprocalOperation.Apply<ScalarLanes, float>(x),
        -0.5f => ReciprocalRootOperation.Apply<ScalarLanes, float>(x),
        0.5f => RootOperation.Apply<ScalarLanes, float>(x),
        1f => x,
        2f => SquareOperation.Apply<ScalarLanes, float>(x),
        3f => CubeOperation.Apply<ScalarLanes, float>(x),
        _ => DoubleMath.Power(x, exponent),
    };
}
