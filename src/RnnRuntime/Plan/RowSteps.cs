using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>Reduces each row of the last axis.</summary>
internal sealed unsafe class ReduceStep(
    string name, string operation, KernelVariant variant, ReduceFunction function, int length, BufferInfo x, BufferInfo y) : PlanStep(name, operation)
{
    public override string Kernel => variant.Name;

    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Reduce, new NativeRows
        {
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Elements = x.Elements,
            Length = length,
            Function = (int)function,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            variant.Reduce(function, context.Frames(x) + (frame * x.Stride), context.Frames(y) + (frame * y.Stride), x.Elements / length, length);
        }
    }
}

/// <summary>Layer normalisation of each row of the last axis.</summary>
internal sealed unsafe class LayerNormStep(
    string name, KernelVariant variant, int length, nint scale, nint bias, float epsilon, BufferInfo x, BufferInfo y) : PlanStep(name, "layer_norm")
{
    public override string Kernel => variant.Name;

    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.LayerNorm, new NativeRows
        {
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Scale = (float*)scale,
            Bias = (float*)bias,
            Elements = x.Elements,
            Length = length,
            Epsilon = epsilon,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            variant.LayerNorm(
                context.Frames(x) + (frame * x.Stride), context.Frames(y) + (frame * y.Stride), x.Elements / length, length, (float*)scale,
                (float*)bias, epsilon);
        }
    }
}

/// <summary>Converts between float32 and int32.</summary>
internal sealed unsafe class CastStep(string name, bool toFloat, BufferInfo x, BufferInfo y) : PlanStep(name, "cast")
{
    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Cast, new NativeRows
        {
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Elements = x.Elements,
            Function = toFloat ? 1 : 0,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var source = context.Frames(x) + (frame * x.Stride);
            var target = context.Frames(y) + (frame * y.Stride);
            for (nint i = 0; i < x.Elements; i++)
            {
                if (toFloat)
                {
                    target[i] = ((int*)source)[i];
                }
                else
                {
                    ((int*)target)[i] = (int)source[i];
                }
            }
        }
    }
}

/// <summary>Compares int32 elements of two operands: 1 where it holds, else 0.</summary>
internal sealed unsafe class Int32CompareStep(
    string name, string operation, BinaryFunction function, StridedLoop loop, BufferInfo left, BufferInfo right, BufferInfo y) : PlanStep(name, operation)
{
    public override IEnumerable<BufferInfo> Buffers => [left, right, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Compare, new NativeCompare
        {
            Left = program.Buffer(left),
            Right = program.Buffer(right),
            Y = program.Buffer(y),
            LeftOffsets = loop.OffsetsOf(0),
            RightOffsets = loop.OffsetsOf(1),
            LeftStride = loop.InnerStrides[0],
            RightStride = loop.InnerStrides[1],
            Function = (int)function,
            Rows = loop.Rows,
            RowLength = loop.RowLength,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var (leftStride, rightStride) = ((nint)loop.InnerStrides[0], (nint)loop.InnerStrides[1]);
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var output = context.Frames(y) + (frame * y.Stride);
            for (var row = 0; row < loop.Rows; row++, output += loop.RowLength)
            {
                var l = (int*)(context.Frames(left) + (frame * left.Stride) + loop.RowOffsets[0][row]);
                var r = (int*)(context.Frames(right) + (frame * right.Stride) + loop.RowOffsets[1][row]);
                for (nint i = 0; i < loop.RowLength; i++)
                {
                    var (a, b) = (l[i * leftStride], r[i * rightStride]);
                    var holds = function switch
                    {
                        BinaryFunction.Equal => a == b,
                        BinaryFunction.Less => a < b,
                        _ => a > b,
                    };
                    output[i] = holds ? 1f : 0f;
                }
            }
        }
    }
}
