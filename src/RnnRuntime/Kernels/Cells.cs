using System.Runtime.CompilerServices;

namespace RnnRuntime.Kernels;

/// <summary>
/// The recurrent cells, written once over the primitives. The input product runs over all time steps at once, the recurrent
/// product step by step over all streams; both continue the same sum, so how a sequence is cut into calls changes no bit.
/// </summary>
internal static unsafe class Cells<TFp32, THalf, TInt8, TLanes, TVector>
    where TFp32 : struct, IFp32Kernel
    where THalf : struct, IHalfKernel
    where TInt8 : struct, IInt8Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>c' = f*c + i*g, h' = o*tanh(c').</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Lstm(in CellWeights weights, in CellArguments a)
    {
        MultiplyInput(weights, a);
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            Multiply(weights.Recurrent, a.Hidden, a.StateStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                LstmUnits(weights.Groups, gates + b * a.GatesStride, a.Cell + b * a.StateStride, a.Hidden + b * a.StateStride, y + b * a.YStride);
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
                GruUnits(weights.Groups, units, units + candidates, a.Cell + b * a.StateStride, hidden, y + b * a.YStride);
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
                ResetUnits(weights.Groups, gates + b * a.GatesStride, a.Hidden + b * a.StateStride, a.Cell + b * a.StateStride);
            }

            var start = gates + candidates;
            Multiply(weights.Candidate, a.Cell, a.StateStride, start, a.GatesStride, start, a.GatesStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                GruUnits(weights.Groups, gates + b * a.GatesStride, start + b * a.GatesStride, null, a.Hidden + b * a.StateStride, y + b * a.YStride);
            }
        }
    }

    /// <summary>h' = activation(W.x + U.h + b).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rnn(in CellWeights weights, UnaryFunction activation, in CellArguments a)
    {
        MultiplyInput(weights, a);
        for (var t = 0; t < a.TimeSteps; t++)
        {
            var gates = a.Gates + (nint)t * a.Streams * a.GatesStride;
            var y = a.Y + (nint)t * a.Streams * a.YStride;
            Multiply(weights.Recurrent, a.Hidden, a.StateStride, gates, a.GatesStride, gates, a.GatesStride, a.Streams, a.Scratch);
            for (var b = 0; b < a.Streams; b++)
            {
                var hidden = a.Hidden + b * a.StateStride;
                Elementwise<TLanes, TVector>.Unary(activation, 0f, 0f, gates + b * a.GatesStride, hidden, weights.Groups * 8);
                FlushUnits(weights.Groups, hidden, y + b * a.YStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyInput(in CellWeights weights, in CellArguments a) =>
        Multiply(weights.Input, a.X, a.XStride, weights.Bias, 0, a.Gates, a.GatesStride, a.TimeSteps * a.Streams, a.Scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        in PackedMatrix matrix, float* x, nint xStride, float* init, nint initStride, float* y, nint yStride, int vectors, in ProductScratch scratch) =>
        Product<TFp32, THalf, TInt8, TLanes, TVector>.Multiply(matrix, x, xStride, init, initStride, y, yStride, vectors, scratch);

    /// <inheritdoc cref="KernelVariant.LstmUnits"/>
    // Two passes: the second one waits for the first one's results, and one loop would fill the processor's window with waiting work
    // (measured at 24 units: 1.3 times slower).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LstmUnits(int groups, float* gates, float* cell, float* hidden, float* y)
    {
        var end = gates + groups * 32;
        for (var group = gates; group < end; group += 32)
        {
            for (var unit = group; unit < group + 8; unit += TLanes.Width)
            {
                var i = Activations<TLanes, TVector>.Sigmoid(TLanes.Load(unit));
                var g = Activations<TLanes, TVector>.Tanh(TLanes.Load(unit + 16));
                TLanes.Store(unit, TLanes.Multiply(i, g));
                TLanes.Store(unit + 8, Activations<TLanes, TVector>.Sigmoid(TLanes.Load(unit + 8)));
                TLanes.Store(unit + 24, Activations<TLanes, TVector>.Sigmoid(TLanes.Load(unit + 24)));
            }
        }

        for (; gates < end; gates += 32, cell += 8, hidden += 8, y += 8)
        {
            for (var unit = 0; unit < 8; unit += TLanes.Width)
            {
                var c = TLanes.MultiplyAdd(TLanes.Load(gates + unit + 8), TLanes.Load(cell + unit), TLanes.Load(gates + unit));
                c = Activations<TLanes, TVector>.Flush(c);
                var h = Activations<TLanes, TVector>.Flush(TLanes.Multiply(TLanes.Load(gates + unit + 24), Activations<TLanes, TVector>.Tanh(c)));
                TLanes.Store(cell + unit, c);
                TLanes.Store(hidden + unit, h);
                TLanes.Store(y + unit, h);
            }
        }
    }

    /// <inheritdoc cref="KernelVariant.GruUnits"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GruUnits(int groups, float* gates, float* candidates, float* recurrent, float* hidden, float* y)
    {
        for (var start = 0; start < groups * 8; start += 8, gates += 16)
        {
            for (var unit = 0; unit < 8; unit += TLanes.Width)
            {
                var sum = TLanes.Load(candidates + start + unit);
                if (recurrent != null)
                {
                    var r = Activations<TLanes, TVector>.Sigmoid(TLanes.Load(gates + unit));
                    sum = TLanes.MultiplyAdd(r, TLanes.Load(recurrent + start + unit), sum);
                }

                var z = Activations<TLanes, TVector>.Sigmoid(TLanes.Load(gates + 8 + unit));
                var n = Activations<TLanes, TVector>.Tanh(sum);
                var h = Activations<TLanes, TVector>.Flush(TLanes.MultiplyAdd(z, TLanes.Subtract(TLanes.Load(hidden + start + unit), n), n));
                TLanes.Store(hidden + start + unit, h);
                TLanes.Store(y + start + unit, h);
            }
        }
    }

    /// <inheritdoc cref="KernelVariant.ResetUnits"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ResetUnits(int groups, float* gates, float* hidden, float* result)
    {
        for (var start = 0; start < groups * 8; start += 8, gates += 16)
        {
            for (var unit = 0; unit < 8; unit += TLanes.Width)
            {
                var r = Activations<TLanes, TVector>.Sigmoid(TLanes.Load(gates + unit));
                TLanes.Store(result + start + unit, Activations<TLanes, TVector>.Flush(TLanes.Multiply(r, TLanes.Load(hidden + start + unit))));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FlushUnits(int groups, float* hidden, float* y)
    {
        for (var unit = 0; unit < groups * 8; unit += TLanes.Width)
        {
            var h = Activations<TLanes, TVector>.Flush(TLanes.Load(hidden + unit));
            TLanes.Store(hidden + unit, h);
            TLanes.Store(y + unit, h);
        }
    }
}
