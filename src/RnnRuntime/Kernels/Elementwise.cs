using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>Loops over any number of elements: whole vectors first, the rest one by one with the same operations.</summary>
internal static unsafe partial class Elementwise<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary(UnaryFunction function, float alpha, float beta, float* x, float* y, int count)
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
            case UnaryFunction.Sqrt: Map<SqrtOperation>(x, y, count); break;
            case UnaryFunction.Reciprocal: Map<ReciprocalOperation>(x, y, count); break;
            case UnaryFunction.Log: Map<LogOperation>(x, y, count); break;
            case UnaryFunction.LeakyRelu: Map<LeakyReluOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.Elu: Map<EluOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.HardSigmoid: Map<HardSigmoidOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.ThresholdedRelu: Map<ThresholdedReluOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.ScaledTanh: Map<ScaledTanhOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.Affine: Map<AffineOperation>(alpha, beta, x, y, count); break;
            case UnaryFunction.Softplus: Map<SoftplusOperation>(x, y, count); break;
            case UnaryFunction.Softsign: Map<SoftsignOperation>(x, y, count); break;
            case UnaryFunction.Not: Map<NotOperation>(x, y, count); break;
            case UnaryFunction.Round: Map<RoundOperation>(x, y, count); break;
            default: new ReadOnlySpan<float>(x, count).CopyTo(new Span<float>(y, count)); break;
        }
    }

    /// <summary>Each operand is an array or a single element; the result may take the place of an array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary(BinaryFunction function, float* left, bool leftIsScalar, float* right, bool rightIsScalar, float* y, int count)
    {
        switch (function)
        {
            case BinaryFunction.Add: Zip<AddOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Subtract: Zip<SubtractOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Multiply: Zip<MultiplyOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Divide: Zip<DivideOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Minimum: Zip<MinimumOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Maximum: Zip<MaximumOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.PRelu: Zip<PReluOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Equal: Zip<EqualOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Less: Zip<LessOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
            case BinaryFunction.Power: Power(left, leftIsScalar, right, rightIsScalar, y, count); break;
            default: Zip<GreaterOperation>(left, leftIsScalar, right, rightIsScalar, y, count); break;
        }
    }

    /// <summary>whenTrue where the condition is not 0 (NaN is not), else whenFalse; the result may take the place of any operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select(float* condition, float* whenTrue, float* whenFalse, float* y, int count)
    {
        var i = 0;
        for (; i <= count - TLanes.Width; i += TLanes.Width)
        {
            var chosen = TLanes.SelectEqual(TLanes.Load(condition + i), TLanes.Broadcast(0f), TLanes.Load(whenFalse + i), TLanes.Load(whenTrue + i));
            TLanes.Store(y + i, chosen);
        }

        for (; i < count; i++)
        {
            y[i] = condition[i] == 0f ? whenFalse[i] : whenTrue[i];
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
            Zip<DivideOperation>(y, false, &sum, true, y, count);
            return;
        }

        var logSum = (float)DoubleMath.Log(sum);
        Zip<SubtractOperation>(x, false, &largest, true, y, count);
        Zip<SubtractOperation>(y, false, &logSum, true, y, count);
    }
}
