using System.Runtime.CompilerServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>A function of a cell, as kernels know it.</summary>
internal readonly record struct GeneralActivation(UnaryFunction Function, float Alpha, float Beta);

/// <summary>
/// A cell with everything that <see cref="SequenceNode"/> allows. Lanes of the weights are the gates one behind the other, each padded to
/// whole groups of 8.
/// </summary>
/// <param name="Kind">The cell.</param>
/// <param name="Weights">A GRU has r and z in the recurrent matrix and n in the candidate's.</param>
/// <param name="Projection">[P, H], or no lanes.</param>
/// <param name="Zeros">Starts the projection's sums.</param>
/// <param name="Peepholes">[3 * H] floats, or 0.</param>
/// <param name="Activations">As the node has them.</param>
/// <param name="Clip">0 means not.</param>
/// <param name="InputForget">The forget gate is 1 - i.</param>
/// <param name="ResetAfter">r applied to Un.h + bUn.</param>
internal sealed record GeneralCell(
    SequenceCell Kind, CellWeights Weights, PackedMatrix Projection, nint Zeros, nint Peepholes, GeneralActivation[] Activations,
    float Clip, bool InputForget, bool ResetAfter);

/// <summary>
/// A recurrent layer over the sequence in each frame, composed of products and elementwise functions: one stream and one time step at a
/// time, but for the input's product, which runs over all rows at once.
/// </summary>
internal sealed unsafe class GeneralSequenceStep(
    string name, string operation, KernelVariant variant, GeneralCell cell, SequenceSize size, bool reverse, SequenceBuffers buffers,
    BufferInfo gates, BufferInfo rows, int rowWidth, ScratchBuffers scratch) : PlanStep(name, operation)
{
    /// <summary>Rows of scratch: hidden state, cell state, and two for what is on its way.</summary>
    public const int WorkRows = 4;

    private readonly int _gatesStride = BufferInfo.PaddedStride(cell.Weights.Input.Lanes);

    public override string Kernel => KernelName(variant, cell.Weights.Recurrent, cell.Weights.Input, cell.Weights.Candidate, cell.Projection);

    public override double Density => DensityOf(cell.Weights.Input, cell.Weights.Recurrent, cell.Weights.Candidate, cell.Projection);

    public override int LargestPair =>
        new[] { cell.Weights.Input, cell.Weights.Recurrent, cell.Weights.Candidate, cell.Projection }.Max(matrix => matrix.LargestPair);

    public override long WeightBytes =>
        cell.Weights.Input.DataBytes + cell.Weights.Recurrent.DataBytes + cell.Weights.Candidate.DataBytes + cell.Projection.DataBytes;

    public override long MultiplyAdds =>
        size.Rows * (ProductsOf(cell.Weights.Input) + ProductsOf(cell.Weights.Recurrent) + ProductsOf(cell.Weights.Candidate) + ProductsOf(cell.Projection));

    public override IEnumerable<BufferInfo> Buffers => buffers.All.Append(gates).Append(rows).Concat(scratch.All);

    public override bool WriteNative(NativeProgramWriter program)
    {
        var activations = cell.Activations;
        program.Add(NativeOperationKind.GeneralSequence, new NativeGeneralSequence
        {
            Weights = cell.Weights,
            Projection = cell.Projection,
            Scratch = program.Scratch(scratch),
            X = program.Buffer(buffers.X),
            Lengths = program.Buffer(buffers.Lengths),
            Hidden = program.Buffer(buffers.Hidden),
            CellState = program.Buffer(buffers.Cell),
            Y = program.Buffer(buffers.Y),
            NewHidden = program.Buffer(buffers.NewHidden),
            NewCell = program.Buffer(buffers.NewCell),
            Zeros = (float*)cell.Zeros,
            Peepholes = (float*)cell.Peepholes,
            Gates = program.Start(gates),
            Rows = program.Start(rows),
            GatesStride = _gatesStride,
            Activations = new NativeActivations
            {
                First = activations[0],
                Second = activations.ElementAtOrDefault(1),
                Third = activations.ElementAtOrDefault(2),
            },
            Clip = cell.Clip,
            Cell = (int)cell.Kind,
            InputForget = cell.InputForget ? 1 : 0,
            ResetAfter = cell.ResetAfter ? 1 : 0,
            IsReversed = reverse ? 1 : 0,
            RowWidth = rowWidth,
            TimeSteps = size.TimeSteps,
            Streams = size.Streams,
            Inputs = size.Inputs,
            Units = size.Units,
            Outputs = size.Outputs,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        var bound = scratch.Bind(context);
        var sums = context.Start(gates);
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            variant.Multiply(
                cell.Weights.Input, FrameOf(context, buffers.X, frame), size.Inputs, cell.Weights.Bias, 0, sums, _gatesStride, size.Rows, bound);
            for (var stream = 0; stream < size.Streams; stream++)
            {
                RunStream(context, frame, stream, bound);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunStream(StepContext context, nint frame, nint stream, in ProductScratch bound)
    {
        var hidden = context.Start(rows);
        var state = hidden + rowWidth;
        var length = buffers.Lengths is null
            ? size.TimeSteps
            : Math.Clamp(((int*)FrameOf(context, buffers.Lengths, frame))[stream], 0, size.TimeSteps);
        Copy(FrameOf(context, buffers.Hidden, frame) + (stream * size.Outputs), hidden, size.Outputs);
        if (buffers.Cell is not null)
        {
            Copy(FrameOf(context, buffers.Cell, frame) + (stream * size.Units), state, size.Units);
        }

        var output = FrameOf(context, buffers.Y, frame) + (stream * size.Outputs);
        var outputStride = (nint)size.Streams * size.Outputs;
        for (var step = 0; step < length; step++)
        {
            nint t = reverse ? length - 1 - step : step;
            var sums = context.Start(gates) + (((t * size.Streams) + stream) * _gatesStride);
            switch (cell.Kind)
            {
                case SequenceCell.Lstm: Lstm(sums, hidden, state, bound); break;
                case SequenceCell.Gru: Gru(sums, hidden, bound); break;
                default: Rnn(sums, hidden, bound); break;
            }

            Copy(hidden, output + (t * outputStride), size.Outputs);
        }

        for (nint t = length; t < size.TimeSteps; t++)
        {
            new Span<float>(output + (t * outputStride), size.Outputs).Clear();
        }

        Copy(hidden, FrameOf(context, buffers.NewHidden, frame) + (stream * size.Outputs), size.Outputs);
        if (buffers.NewCell is not null)
        {
            Copy(state, FrameOf(context, buffers.NewCell, frame) + (stream * size.Units), size.Units);
        }
    }

    /// <summary>i = f(.. + Pi*c), f = f(.. + Pf*c) or 1 - i, g = g(..), c' = f*c + i*g, o = f(.. + Po*c'), h' = projection of o*h(c').</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Lstm(float* i, float* hidden, float* c, in ProductScratch bound)
    {
        var f = i + size.PaddedUnits;
        var g = f + size.PaddedUnits;
        var o = g + size.PaddedUnits;
        var result = c + rowWidth;
        Add(cell.Weights.Recurrent, hidden, i, bound);

        AddPeephole(0, c, i);
        Activate(0, i);
        if (cell.InputForget)
        {
            var one = 1f;
            variant.Unary(UnaryFunction.Negate, i, f, size.Units);
            variant.Binary(BinaryFunction.Add, f, &one, true, f, size.Units);
        }
        else
        {
            AddPeephole(1, c, f);
            Activate(0, f);
        }

        Activate(1, g);
        Apply(BinaryFunction.Multiply, f, c, c);
        Apply(BinaryFunction.Multiply, i, g, g);
        Apply(BinaryFunction.Add, c, g, c);
        variant.Unary(UnaryFunction.Flush, c, c, size.Units);

        AddPeephole(2, c, o);
        Activate(0, o);
        Apply(cell.Activations[2], c, result);
        Apply(BinaryFunction.Multiply, o, result, result);
        variant.Unary(UnaryFunction.Flush, result, result, size.Units);
        if (cell.Projection.Lanes == 0)
        {
            Copy(result, hidden, size.Units);
            return;
        }

        variant.Multiply(cell.Projection, result, 0, (float*)cell.Zeros, 0, hidden, 0, 1, bound);
        variant.Unary(UnaryFunction.Flush, hidden, hidden, size.Outputs);
    }

    /// <summary>r = f(..), z = f(..), n = g(x part + r*(Un.h + bUn)) or g(x part + Un.(r*h) + bUn), h' = n + z*(h - n).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gru(float* r, float* hidden, in ProductScratch bound)
    {
        var z = r + size.PaddedUnits;
        var n = z + size.PaddedUnits;
        var part = hidden + (2 * rowWidth);
        Add(cell.Weights.Recurrent, hidden, r, bound);
        Activate(0, r);
        Activate(0, z);
        if (cell.ResetAfter)
        {
            variant.Multiply(cell.Weights.Candidate, hidden, 0, cell.Weights.CandidateBias, 0, part, 0, 1, bound);
            Apply(BinaryFunction.Multiply, r, part, part);
            Apply(BinaryFunction.Add, n, part, n);
        }
        else
        {
            Apply(BinaryFunction.Multiply, r, hidden, part);
            variant.Unary(UnaryFunction.Flush, part, part, size.Units);
            Add(cell.Weights.Candidate, part, n, bound);
        }

        Activate(1, n);
        Apply(BinaryFunction.Subtract, hidden, n, part);
        Apply(BinaryFunction.Multiply, z, part, part);
        Apply(BinaryFunction.Add, n, part, hidden);
        variant.Unary(UnaryFunction.Flush, hidden, hidden, size.Units);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rnn(float* sums, float* hidden, in ProductScratch bound)
    {
        Add(cell.Weights.Recurrent, hidden, sums, bound);
        Activate(0, sums);
        variant.Unary(UnaryFunction.Flush, sums, hidden, size.Units);
    }

    /// <summary>Continues the sums with the product of one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(in PackedMatrix matrix, float* vector, float* sums, in ProductScratch bound) =>
        variant.Multiply(matrix, vector, 0, sums, 0, sums, 0, 1, bound);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddPeephole(int gate, float* c, float* sums)
    {
        if (cell.Peepholes != 0)
        {
            var product = c + (2 * rowWidth);
            Apply(BinaryFunction.Multiply, (float*)cell.Peepholes + ((nint)gate * size.Units), c, product);
            Apply(BinaryFunction.Add, sums, product, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Activate(int index, float* values)
    {
        if (cell.Clip != 0)
        {
            var (low, high) = (-cell.Clip, cell.Clip);
            variant.Binary(BinaryFunction.Minimum, values, &high, true, values, size.Units);
            variant.Binary(BinaryFunction.Maximum, values, &low, true, values, size.Units);
        }

        Apply(cell.Activations[index], values, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(in GeneralActivation activation, float* values, float* result) =>
        variant.Unary(activation.Function, activation.Alpha, activation.Beta, values, result, size.Units);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(BinaryFunction function, float* left, float* right, float* result) =>
        variant.Binary(function, left, right, false, result, size.Units);

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    private static float* FrameOf(StepContext context, BufferInfo buffer, nint frame) => context.Frames(buffer) + (frame * buffer.Stride);

    private static long ProductsOf(in PackedMatrix matrix) => (long)matrix.Lanes * matrix.Columns;
}
