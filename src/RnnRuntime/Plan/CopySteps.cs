using System.Diagnostics;
using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>Writes a view's elements densely.</summary>
internal sealed unsafe class StridedCopyStep(string name, StridedLoop loop, BufferInfo x, BufferInfo y) : PlanStep(name, "copy")
{
    private readonly int[] _offsets = loop.RowOffsets[0];
    private readonly int _length = loop.RowLength;
    private readonly int _stride = loop.InnerStrides[0];
    private readonly int _runLength = TransposedRun(loop);

    public override IEnumerable<BufferInfo> Buffers => [x, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.StridedCopy, new NativeStridedCopy
        {
            X = program.Buffer(x),
            Y = program.Buffer(y),
            Offsets = loop.OffsetsOf(0),
            Rows = loop.Rows,
            Length = _length,
            Stride = _stride,
            Run = _runLength,
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
            if (_runLength > 0)
            {
                for (var row = 0; row < _offsets.Length; row += _runLength)
                {
                    RowCopy.Transpose(source + _offsets[row], _stride, target + ((nint)row * _length), _runLength, _length);
                }

                continue;
            }

            foreach (var offset in _offsets)
            {
                CopyRow(source + offset, target);
                target += _length;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CopyRow(float* source, float* target)
    {
        if (_stride == 1)
        {
            RowCopy.Copy(source, target, _length);
            return;
        }

        if (_stride == 0)
        {
            new Span<float>(target, _length).Fill(*source);
            return;
        }

        for (nint i = 0; i < _length; i++)
        {
            target[i] = source[i * _stride];
        }
    }

    /// <summary>How many rows at a time are neighbours in the source, where squares can be transposed; otherwise 0.</summary>
    private static int TransposedRun(StridedLoop loop)
    {
        var offsets = loop.RowOffsets[0];
        var run = 1;
        while (run < offsets.Length && offsets[run] == offsets[run - 1] + 1)
        {
            run++;
        }

        var isTransposed = loop.InnerStrides[0] > 1 && run >= RowCopy.Square && loop.RowLength >= RowCopy.Square && offsets.Length % run == 0;
        for (var row = 0; isTransposed && row < offsets.Length; row++)
        {
            isTransposed = offsets[row] == offsets[row - (row % run)] + (row % run);
        }

        return isTransposed ? run : 0;
    }
}

/// <summary>A block of equally spaced rows that moves from a source into the output.</summary>
/// <param name="Source">Where it comes from; null writes the fill.</param>
/// <param name="SourceOffset">First element in the source's frame.</param>
/// <param name="SourceStride">Elements from row to row.</param>
/// <param name="TargetOffset">First element in the output's frame.</param>
/// <param name="TargetStride">Elements from row to row.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Elements of a row.</param>
internal sealed record BlockMove(BufferInfo? Source, int SourceOffset, int SourceStride, int TargetOffset, int TargetStride, int Rows, int Length);

/// <summary>Puts the output together from blocks of other buffers.</summary>
internal sealed unsafe class BlockCopyStep(string name, string operation, BlockMove[] moves, float fill, BufferInfo y) : PlanStep(name, operation)
{
    public override IEnumerable<BufferInfo> Buffers => moves.Select(move => move.Source).OfType<BufferInfo>().Append(y);

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.BlockCopy, new NativeBlockCopy
        {
            Moves = program.Copy<NativeMove>([.. moves.Select(MoveOf)]),
            MoveCount = moves.Length,
            Fill = fill,
            Y = program.Buffer(y),
        });
        return true;

        NativeMove MoveOf(BlockMove move) => new()
        {
            Source = program.Buffer(move.Source),
            SourceOffset = move.SourceOffset,
            SourceStride = move.SourceStride,
            TargetOffset = move.TargetOffset,
            TargetStride = move.TargetStride,
            Rows = move.Rows,
            Length = move.Length,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var output = context.Frames(y) + (frame * y.Stride);
            foreach (var move in moves)
            {
                var target = output + move.TargetOffset;
                if (move.Source is not { } buffer)
                {
                    new Span<float>(target, move.Length).Fill(fill);
                    continue;
                }

                var source = context.Frames(buffer) + (frame * buffer.Stride) + move.SourceOffset;
                if (move.Length == 1)
                {
                    for (nint row = 0; row < move.Rows; row++)
                    {
                        target[row * move.TargetStride] = source[row * move.SourceStride];
                    }

                    continue;
                }

                RowCopy.Copy(source, move.SourceStride, target, move.TargetStride, move.Rows, move.Length);
            }
        }
    }
}

/// <summary>Looks rows up along an axis. Indices were checked where they entered the session.</summary>
/// <param name="name">The node's name.</param>
/// <param name="outer">Product of the data's extents before the axis.</param>
/// <param name="count">The axis' extent.</param>
/// <param name="inner">Product of the extents behind it.</param>
/// <param name="data">The table.</param>
/// <param name="indices">Int32 indices.</param>
/// <param name="y">Output.</param>
internal sealed unsafe class GatherStep(string name, int outer, int count, int inner, BufferInfo data, BufferInfo indices, BufferInfo y)
    : PlanStep(name, "gather")
{
    public override IEnumerable<BufferInfo> Buffers => [data, indices, y];

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Gather, new NativeGather
        {
            Data = program.Buffer(data),
            Indices = program.Buffer(indices),
            Y = program.Buffer(y),
            Outer = outer,
            Count = count,
            Inner = inner,
            IndexCount = indices.Elements,
        });
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var table = context.Frames(data) + (frame * data.Stride);
            var index = (int*)(context.Frames(indices) + (frame * indices.Stride));
            var output = context.Frames(y) + (frame * y.Stride);
            for (var block = 0; block < outer; block++, table += (nint)count * inner)
            {
                for (var i = 0; i < indices.Elements; i++, output += inner)
                {
                    Debug.Assert((uint)index[i] < (uint)count, "indices are checked at the session's edge");
                    new ReadOnlySpan<float>(table + ((nint)index[i] * inner), inner).CopyTo(new Span<float>(output, inner));
                }
            }
        }
    }
}
