using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// The recurrent cells, written once over the primitives. The input product runs over all time steps at once, the recurrent
/// product step by step over all streams; both continue the same sum, so how a sequence is cut into calls changes no bit.
/// </summary>
internal static unsafe class Cells<TFp32, THalf, TInt8, TUnits, TLanes, TVector>
    where TFp32 : struct, IFp32Kernel
    where THalf : struct, IHalfKernel
    where TInt8 : struct, IInt8Kernel
    where TUnits : struct, ICellUnits
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>c' = f*c + i*g, h' = o*tanh(c').</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lstm(in CellWeights weights, in CellArguments a)
    {
        MultiplyManyInputs(weights, a);
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            MultiplyRecurrent(weights, a, t, gates);
            for (var b = 0; b < a.Streams; b++)
            {
                TUnits.Lstm(weights.Groups, gates + b * a.GatesStride, a.Cell + b * a.StateStride, a.Hidden + b * a.StateStride, y + b * a.YStride);
            }
        }
    }

    /// <summary>r applied to U.h + b (Keras <c>reset_after</c>, PyTorch, ONNX <c>linear_before_reset</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GruResetAfter(in CellWeights weights, in CellArguments a)
    {
        MultiplyInput(weights, a);
        var candidates = weights.Groups * 16;
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            Multiply(weights.Recurrent, a.Hidden, a.StateStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, a.Scratch);
            Multiply(weights.Candidate, a.Hidden, a.StateStride, weights.CandidateBias, 0, a.Cell, a.StateStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                var hidden = a.Hidden + b * a.StateStride;
                var units = gates + b * a.GatesStride;
                TUnits.Gru(weights.Groups, units, units + candidates, a.Cell + b * a.StateStride, hidden, y + b * a.YStride);
            }
        }
    }

    /// <summary>r applied to h before the product (Cho et al. 2014).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GruResetBefore(in CellWeights weights, in CellArguments a)
    {
        MultiplyInput(weights, a);
        var candidates = weights.Groups * 16;
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            Multiply(weights.Recurrent, a.Hidden, a.StateStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                TUnits.Reset(weights.Groups, gates + b * a.GatesStride, a.Hidden + b * a.StateStride, a.Cell + b * a.StateStride);
            }

            var start = gates + candidates;
            Multiply(weights.Candidate, a.Cell, a.StateStride, start, a.GatesStride, start, a.GatesStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                TUnits.Gru(weights.Groups, gates + b * a.GatesStride, start + b * a.GatesStride, null, a.Hidden + b * a.StateStride, y + b * a.YStride);
            }
        }
    }

    /// <summary>h' = activation(W.x + U.h + b).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments a)
    {
        MultiplyManyInputs(weights, a);
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            MultiplyRecurrent(weights, a, t, gates);
            for (var b = 0; b < a.Streams; b++)
            {
                var hidden = a.Hidden + b * a.StateStride;
                Elementwise<TLanes, TVector>.Unary(activation, 0f, 0f, gates + b * a.GatesStride, hidden, weights.Groups * 8);
                TUnits.Flush(weights.Groups, hidden, y + b * a.YStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyInput(in CellWeights weights, in CellArguments a) =>
        Multiply(weights.Input, a.X, a.XStride, weights.Bias, 0, a.Gates, a.GatesStride, a.TimeSteps * a.Streams, a.Scratch);

    /// <summary>The input product, but where it is one vector: that one goes with the recurrent product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyManyInputs(in CellWeights weights, in CellArguments a)
    {
        if (a.TimeSteps > 1 || a.Streams > 1)
        {
            MultiplyInput(weights, a);
        }
    }

    /// <summary>The product of all gates at step t, together with the input's where that is one vector as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyRecurrent(in CellWeights weights, in CellArguments a, int t, float* gates)
    {
        if (a.Streams == 1)
        {
            var backwards = ((a.Backwards ^ t) & 1) != 0;
            if (a.TimeSteps == 1)
            {
                Product<TFp32, THalf, TInt8, TLanes, TVector>.MultiplyBoth(weights.Input, a.X, weights.Recurrent, a.Hidden, weights.Bias, gates, backwards, a.Scratch);
            }
            else
            {
                Product<TFp32, THalf, TInt8, TLanes, TVector>.AddOne(weights.Recurrent, a.Hidden, gates, backwards, a.Scratch);
            }
        }
        else
        {
            Multiply(weights.Recurrent, a.Hidden, a.StateStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, a.Scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch) =>
        Product<TFp32, THalf, TInt8, TLanes, TVector>.Multiply(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);
}
