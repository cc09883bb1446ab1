using System.Diagnostics;
using System.Runtime.CompilerServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>Table look-up. Indices were checked where they entered the session.</summary>
internal sealed unsafe class EmbeddingStep(
    string name, TensorType type, nint table, nint scales, int count, int size, BufferInfo indices, BufferInfo y) : PlanStep(name, "embedding")
{
    /// <summary>A row of the table for each index.</summary>
    public override long WeightBytes => (long)indices.Elements * size * Names.SizeOf(type);

    public override IEnumerable<BufferInfo> Buffers => [indices, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        var format = type switch
        {
            TensorType.Int8 => WeightFormat.Int8,
            TensorType.BFloat16 => WeightFormat.BFloat16,
            TensorType.Float16 => WeightFormat.Float16,
            _ => WeightFormat.Float32,
        };
        program.Add(NativeOperationKind.Embedding, new NativeEmbedding
        {
            Table = (void*)table,
            Scales = (float*)scales,
            Format = (int)format,
            Size = size,
            IndexCount = indices.Elements,
            Indices = program.Buffer(indices),
            Y = program.Buffer(y),
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var index = (int*)context.Frames(indices) + (frame * indices.Stride);
            var output = context.Frames(y) + (frame * y.Stride);
            for (var i = 0; i < indices.Elements; i++, output += size)
            {
                Debug.Assert((uint)index[i] < (uint)count, "indices are checked at the session's edge");
                var start = (nint)index[i] * size;
                switch (type)
                {
                    case TensorType.Int8: RowWidening.Int8((sbyte*)table + start, ((float*)scales)[index[i]], output, size); break;
                    case TensorType.BFloat16: RowWidening.BFloat16((ushort*)table + start, output, size); break;
                    case TensorType.Float16: RowWidening.Float16((ushort*)table + start, output, size); break;
                    default: new ReadOnlySpan<float>((float*)table + start, size).CopyTo(new Span<float>(output, size)); break;
                }
            }
        }
    }
}

/// <summary>Softmax of each row of the last axis, or its logarithm.</summary>
internal sealed unsafe class SoftmaxStep(string name, string operation, KernelVariant variant, int rowLength, bool logarithm, BufferInfo x, BufferInfo y)
    : PlanStep(name, operation)
{
    public override string Kernel => variant.Name;

    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Softmax, new NativeRows
        {
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Elements = x.Elements,
            Length = rowLength,
            Function = logarithm ? 1 : 0,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            for (var start = 0; start < x.Elements; start += rowLength)
            {
                variant.Softmax(context.Frames(x) + (frame * x.Stride) + start, context.Frames(y) + (frame * y.Stride) + start, rowLength, logarithm);
            }
        }
    }
}

/// <summary>Makes a state variable the value of the current time step's frames.</summary>
internal sealed unsafe class LoadStateStep(string name, BufferInfo state, BufferInfo frames) : PlanStep(name, "load state")
{
    public override IEnumerable<BufferInfo> Buffers => [state, frames];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Copy, new NativeRows { X = program.Buffer(state), Y = program.Buffer(frames), Elements = state.Elements });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint b = 0; b < context.Streams; b++)
        {
            new ReadOnlySpan<float>(context.Start(state) + (b * state.Stride), state.Elements).CopyTo(
                new Span<float>(context.Frames(frames) + (b * frames.Stride), state.Elements));
        }
    }
}

/// <summary>Keeps a value of the current time step for the next one, tiny magnitudes as zeros.</summary>
internal sealed unsafe class StoreStateStep(string name, KernelVariant variant, BufferInfo frames, BufferInfo state) : PlanStep(name, "store state")
{
    public override IEnumerable<BufferInfo> Buffers => [frames, state];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Flush, new NativeRows { X = program.Buffer(frames), Y = program.Buffer(state), Elements = state.Elements });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint b = 0; b < context.Streams; b++)
        {
            variant.Unary(
                UnaryFunction.Flush, context.Frames(frames) + (b * frames.Stride), context.Start(state) + (b * state.Stride), state.Elements);
        }
    }
}
