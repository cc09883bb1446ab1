using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// y = W.x + b for each row of each frame. The kernel writes whole groups of 8 lanes, so several rows a frame with another size go
/// through <paramref name="lanes"/> first.
/// </summary>
internal sealed unsafe class LinearStep(
    string name, KernelVariant variant, PackedMatrix matrix, nint bias, int outputs, int rowsPerFrame,
    BufferInfo x, BufferInfo y, BufferInfo? lanes, ScratchBuffers scratch) : PlanStep(name, "linear")
{
    public override string Kernel => KernelName(variant, matrix);

    public override double Density => DensityOf(matrix);

    public override int LargestPair => matrix.LargestPair;

    public override long WeightBytes => matrix.DataBytes;

    public override long MultiplyAdds => (long)matrix.Lanes * matrix.Columns * rowsPerFrame;

    public override IEnumerable<BufferInfo> Buffers => new[] { x, y, lanes }.OfType<BufferInfo>().Concat(scratch.All);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var bound = scratch.Bind(context);
        if (rowsPerFrame == 1)
        {
            variant.Multiply(
                matrix, context.Frames(x), x.Stride, (float*)bias, 0, context.Frames(y), y.Stride, context.Vectors, bound);
            return;
        }

        for (var frame = 0; frame < context.Vectors; frame++)
        {
            var input = context.Frames(x) + ((nint)frame * x.Stride);
            var output = context.Frames(y) + ((nint)frame * y.Stride);
            if (lanes is null)
            {
                variant.Multiply(matrix, input, matrix.Columns, (float*)bias, 0, output, outputs, rowsPerFrame, bound);
                continue;
            }

            var padded = context.Start(lanes);
            variant.Multiply(matrix, input, matrix.Columns, (float*)bias, 0, padded, matrix.Lanes, rowsPerFrame, bound);
            for (var row = 0; row < rowsPerFrame; row++)
            {
                new ReadOnlySpan<float>(padded + ((nint)row * matrix.Lanes), outputs).CopyTo(new Span<float>(output + ((nint)row * outputs), outputs));
            }
        }
    }

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Linear, new NativeLinear
        {
            Matrix = matrix,
            Scratch = program.Scratch(scratch),
            Bias = (float*)bias,
            Lanes = program.Start(lanes),
            Outputs = outputs,
            RowsPerFrame = rowsPerFrame,
            X = program.Buffer(x),
            Y = program.Buffer(y),
        });
        return true;
    }
}
