using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>Loops over any number of elements: whole vectors first, the rest one by one with the same operations.</summary>
internal static unsafe class Elementwise<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary(UnaryFunction function, float* x, float* y, int count)
    {
        switch (function)
        {
            case UnaryFunction.Tanh: Map<TanhOperation>(x, y, count); break;
            case UnaryFunction.Sigmoid: Map<SigmoidOperation>(x, y, count); break;
            case UnaryFunction.Relu: Map<ReluOperation>(x, y, count); break;
            case UnaryFunction.Exp: Map<ExpOperation>(x, y, count); break;
            case UnaryFunction.Negate: Map<NegateOperation>(x, y, count); break;
            case UnaryFunction.Abs: Map<AbsOperation>(x, y, count); break;
            case UnaryFunction.Flush: Map<FlushOperation>(x, y, count); break;
            default: new ReadOnlySpan<float>(x, count).CopyTo(new Span<float>(y, count)); break;
        }
    }

    /// <summary>The right operand is an array like the left one, or (<paramref name="rightIsScalar"/>) a single element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary(BinaryFunction function, float* left, float* right, bool rightIsScalar, float* y, int count)
    {
        switch (function)
        {
            case BinaryFunction.Add: Zip<AddOperation>(left, right, rightIsScalar, y, count); break;
            case BinaryFunction.Subtract: Zip<SubtractOperation>(left, right, rightIsScalar, y, count); break;
            case BinaryFunction.Multiply: Zip<MultiplyOperation>(left, right, rightIsScalar, y, count); break;
            case BinaryFunction.Divide: Zip<DivideOperation>(left, right, rightIsScalar, y, count); break;
            case BinaryFunction.Minimum: Zip<MinimumOperation>(left, right, rightIsScalar, y, count); break;
            default: Zip<MaximumOperation>(left, right, rightIsScalar, y, count); break;
        }
    }

    /// <summary>
    /// Softmax of one vector, or its logarithm. Element i belongs to partial sum i mod 8; the eight are added as a tree. The logarithm
    /// of the sum is taken in double precision by basic operations only.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* x, float* y, int count, bool logarithm)
    {
        var largest = float.NegativeInfinity;
        for (var i = 0; i < count; i++)
        {
            // A NaN, once met, stays: nothing compares as larger.
            largest = x[i] > largest || float.IsNaN(x[i]) ? x[i] : largest;
        }

        var partial = stackalloc float[8];
        new Span<float>(partial, 8).Clear();
        var start = TLanes.Broadcast(largest);
        var whole = count & ~7;
        for (var i = 0; i < whole; i += 8)
        {
            for (var lane = 0; lane < 8; lane += TLanes.Width)
            {
                var e = Activations<TLanes, TVector>.Exp(TLanes.Subtract(TLanes.Load(x + i + lane), start));
                TLanes.Store(partial + lane, TLanes.Add(TLanes.Load(partial + lane), e));
                if (!logarithm)
                {
                    TLanes.Store(y + i + lane, e);
                }
            }
        }

        for (var i = whole; i < count; i++)
        {
            var e = Activations<ScalarLanes, float>.Exp(x[i] - largest);
            partial[i & 7] += e;
            if (!logarithm)
            {
                y[i] = e;
            }
        }

        var sum = ((partial[0] + partial[4]) + (partial[2] + partial[6])) + ((partial[1] + partial[5]) + (partial[3] + partial[7]));
        if (!logarithm)
        {
            Zip<DivideOperation>(y, &sum, rightIsScalar: true, y, count);
            return;
        }

        var logSum = (float)DoubleMath.Log(sum);
        Zip<SubtractOperation>(x, &largest, rightIsScalar: true, y, count);
        Zip<SubtractOperation>(y, &logSum, rightIsScalar: true, y, count);
    }

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
    private static void Zip<TOperation>(float* left, float* right, bool rightIsScalar, float* y, int count)
        where TOperation : struct, IBinaryOperation
    {
        var i = 0;
        if (rightIsScalar)
        {
            var scalar = *right;
            var repeated = TLanes.Broadcast(scalar);
            for (; i <= count - TLanes.Width; i += TLanes.Width)
            {
                TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(left + i), repeated));
            }

            for (; i < count; i++)
            {
                y[i] = TOperation.Apply<ScalarLanes, float>(left[i], scalar);
            }

            return;
        }

        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            TLanes.Store(y + i, TOperation.Apply<TLanes, TVector>(TLanes.Load(left + i), TLanes.Load(right + i)));
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Apply<ScalarLanes, float>(left[i], right[i]);
        }
    }
}
