using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>
/// The product of two computed matrices, for each pair of a batch. The right one is laid into panels first (its rows are the columns of
/// the packed matrix, so that packing copies runs), then the kernels for weights run.
/// </summary>
/// <param name="name">The node's name.</param>
/// <param name="variant">Kernels.</param>
/// <param name="pairs">Offsets of the left and the right matrix of each pair.</param>
/// <param name="m">Rows of the left matrix.</param>
/// <param name="k">Columns of the left, rows of the right.</param>
/// <param name="n">Columns of the right.</param>
/// <param name="left">Left buffer.</param>
/// <param name="right">Right buffer.</param>
/// <param name="y">Output.</param>
/// <param name="panels">Scratch for one packed matrix.</param>
/// <param name="lanes">Scratch for M rows of padded width.</param>
/// <param name="zeros">A constant of the padded width.</param>
internal sealed unsafe class MatMulStep(
    string name, KernelVariant variant, (int Left, int Right)[] pairs, int m, int k, int n, BufferInfo left, BufferInfo right, BufferInfo y,
    BufferInfo panels, BufferInfo lanes, nint zeros) : PlanStep(name, "matmul")
{
    private readonly int _width = (n + 7) & ~7;

    public override string Kernel => variant.Name;

    public override long MultiplyAdds => (long)pairs.Length * m * k * n;

    public override IEnumerable<BufferInfo> Buffers => [left, right, y, panels, lanes];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.MatMul, new NativeMatmul
        {
            Left = program.Buffer(left),
            Right = program.Buffer(right),
            Y = program.Buffer(y),
            Pairs = program.Copy<int>([.. pairs.SelectMany(pair => new[] { pair.Left, pair.Right })]),
            Panels = program.Start(panels),
            Lanes = program.Start(lanes),
            Zeros = (float*)zeros,
            PairCount = pairs.Length,
            M = m,
            K = k,
            N = n,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var packed = context.Start(panels);
        var padded = context.Start(lanes);
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var output = context.Frames(y) + (frame * y.Stride);
            foreach (var pair in pairs)
            {
                Pack(context.Frames(right) + (frame * right.Stride) + pair.Right, packed);
                var matrix = new PackedMatrix { Data = (byte*)packed, Format = WeightFormat.Float32, Lanes = _width, Columns = k };
                variant.Multiply(
                    matrix, context.Frames(left) + (frame * left.Stride) + pair.Left, k, (float*)zeros, 0, padded, _width, m, default);
                for (var row = 0; row < m; row++, output += n)
                {
                    new ReadOnlySpan<float>(padded + ((nint)row * _width), n).CopyTo(new Span<float>(output, n));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(float* source, float* target)
    {
        for (int start = 0, width; start < _width; start += width)
        {
            width = Panels.Width(_width - start);
            var present = Math.Min(width, n - start);
            for (var column = 0; column < k; column++, target += width)
            {
                new ReadOnlySpan<float>(source + ((nint)column * n) + start, present).CopyTo(new Span<float>(target, present));
                new Span<float>(target + present, width - present).Clear();
            }
        }
    }
}
