using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <summary>One operation of an elementwise step. Operands and the result are slots: inputs first, then registers; the last slot is the output.</summary>
/// <param name="Kind">1, 2 or 3 operands: unary, binary, select.</param>
/// <param name="Unary">The function of a unary operation.</param>
/// <param name="Binary">The function of a binary operation.</param>
/// <param name="First">Slot of the first operand.</param>
/// <param name="Second">Slot of the second.</param>
/// <param name="Third">Slot of the third.</param>
/// <param name="Result">Slot of the result.</param>
/// <param name="FirstIsScalar">Whether the first operand is one element for the whole row.</param>
/// <param name="SecondIsScalar">The same of the second.</param>
/// <param name="ResultIsScalar">Whether all operands are: then the result is one element too.</param>
/// <param name="Alpha">Parameter of a unary function.</param>
/// <param name="Beta">Parameter of a unary function.</param>
internal sealed record ElementwiseOperation(
    int Kind, UnaryFunction Unary, BinaryFunction Binary, int First, int Second, int Third, int Result,
    bool FirstIsScalar, bool SecondIsScalar, bool ResultIsScalar, float Alpha, float Beta)
{
    public NativeElementOperation ToNative() => new()
    {
        Operands = Kind,
        Function = Kind == 1 ? (int)Unary : (int)Binary,
        First = First,
        Second = Second,
        Third = Third,
        Result = Result,
        FirstIsScalar = FirstIsScalar ? 1 : 0,
        SecondIsScalar = SecondIsScalar ? 1 : 0,
        ResultIsScalar = ResultIsScalar ? 1 : 0,
        Alpha = Alpha,
        Beta = Beta,
    };
}

/// <summary>
/// A chain of elementwise operations over rows. A row is cut into blocks that stay in the first-level cache with all intermediate
/// results, so that a chain reads and writes memory once.
/// </summary>
internal sealed unsafe class ElementwiseStep(
    string name, string operation, KernelVariant variant, StridedLoop loop, ImmutableArray<BufferInfo> inputs, BufferInfo y, BufferInfo? registers,
    int registerCount, ImmutableArray<ElementwiseOperation> operations) : PlanStep(name, operation)
{
    public const int BlockLength = 512;

    private readonly int[][] _rowOffsets = [.. loop.RowOffsets];
    private readonly bool[] _isScalar = [.. loop.InnerStrides.Select(stride => stride == 0)];
    private readonly ElementwiseOperation[] _operations = [.. operations];
    private readonly BufferInfo[] _inputs = [.. inputs];
    private readonly bool _isOneRow = operations.Length == 1 && loop.Rows == 1;

    public override string Kernel => variant.Name;

    public override IEnumerable<BufferInfo> Buffers => _inputs.Append(y).Concat(registers is null ? [] : new[] { registers });

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(StepContext context)
    {
        if (_isOneRow)
        {
            ExecuteOne(context);
            return;
        }

        var slots = stackalloc float*[_inputs.Length + registerCount + 1];
        for (var i = 0; i < registerCount; i++)
        {
            slots[_inputs.Length + i] = context.Start(registers!) + (i * BlockLength);
        }

        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var output = context.Frames(y) + (frame * y.Stride);
            for (var row = 0; row < loop.Rows; row++)
            {
                for (var i = 0; i < _inputs.Length; i++)
                {
                    slots[i] = context.Frames(_inputs[i]) + (frame * _inputs[i].Stride) + _rowOffsets[i][row];
                }

                // A single operation needs no registers and may take the row at once.
                var block = registerCount == 0 ? loop.RowLength : BlockLength;
                for (var done = 0; done < loop.RowLength; done += block)
                {
                    var length = Math.Min(block, loop.RowLength - done);
                    slots[_inputs.Length + registerCount] = output;
                    ExecuteBlock(slots, length);
                    output += length;
                    for (var i = 0; i < _inputs.Length; i++)
                    {
                        slots[i] += _isScalar[i] ? 0 : length;
                    }
                }
            }
        }
    }

    public override bool WriteNative(NativeProgramWriter program)
    {
        program.Add(NativeOperationKind.Elementwise, new NativeElementwise
        {
            Inputs = program.Copy<NativeElementInput>([.. _inputs.Select(InputOf)]),
            Operations = program.Copy<NativeElementOperation>([.. _operations.Select(operation => operation.ToNative())]),
            Slots = (float**)program.Allocate((nint)sizeof(float*) * (_inputs.Length + registerCount + 1)),
            Registers = program.Start(registers),
            InputCount = _inputs.Length,
            OperationCount = _operations.Length,
            RegisterCount = registerCount,
            BlockLength = BlockLength,
            Rows = loop.Rows,
            RowLength = loop.RowLength,
            Y = program.Buffer(y),
        });
        return true;

        NativeElementInput InputOf(BufferInfo buffer, int index) =>
            new() { Buffer = program.Buffer(buffer), RowOffsets = loop.OffsetsOf(index), IsScalar = _isScalar[index] ? 1 : 0 };
    }

    /// <summary>A single operation on a single row a frame: no slots are needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteOne(StepContext context)
    {
        var operation = _operations[0];
        var count = loop.RowLength;
        for (nint frame = 0; frame < context.Vectors; frame++)
        {
            var result = context.Frames(y) + (frame * y.Stride);
            var first = Operand(context, operation.First, frame);
            switch (operation.Kind)
            {
                case 1:
                    variant.Unary(operation.Unary, operation.Alpha, operation.Beta, first, result, count);
                    break;
                case 2:
                    variant.Binary(
                        operation.Binary, first, operation.FirstIsScalar && count > 1, Operand(context, operation.Second, frame),
                        operation.SecondIsScalar && count > 1, result, count);
                    break;
                default:
                    variant.Select(first, Operand(context, operation.Second, frame), Operand(context, operation.Third, frame), result, count);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* Operand(StepContext context, int index, nint frame) =>
        context.Frames(_inputs[index]) + (frame * _inputs[index].Stride) + _rowOffsets[index][0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ExecuteBlock(float** slots, int length)
    {
        foreach (var operation in _operations)
        {
            var result = slots[operation.Result];
            var count = operation.ResultIsScalar ? 1 : length;
            switch (operation.Kind)
            {
                case 1:
                    variant.Unary(operation.Unary, operation.Alpha, operation.Beta, slots[operation.First], result, count);
                    break;
                case 2:
                    variant.Binary(
                        operation.Binary, slots[operation.First], operation.FirstIsScalar && count > 1, slots[operation.Second],
                        operation.SecondIsScalar && count > 1, result, count);
                    break;
                default:
                    variant.Select(slots[operation.First], slots[operation.Second], slots[operation.Third], result, count);
                    break;
            }
        }
    }
}
