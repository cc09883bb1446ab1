using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Kernels;

namespace RnnRuntime.Plan;

/// <content>Elementwise nodes: one step each, whatever the shapes of the operands.</content>
internal sealed unsafe partial class PlanBuilder
{
    /// <summary>Rows shorter than this cost more in calls than a copy of the broadcast operands does.</summary>
    private const int ShortRow = 32;

    /// <summary>In results of up to so many elements, constants are written out when the plan is made if that joins rows.</summary>
    private const int LongRow = 8192;

    private void Lower(UnaryNode node)
    {
        if (node.Function == UnaryOperator.Identity)
        {
            _frames.Add(node.Output, NewView(node.Output.Name, FramesOf(node.Input), 0, node.Output.Shape.ElementCount));
            return;
        }

        LowerElementwise(node, [node.Input], node.Output, [new FusedOperation(node.Function, null, 0, -1, -1, node.Alpha, node.Beta)]);
    }

    private void Lower(BinaryNode node)
    {
        if (node.Left.Type == TensorType.Int32)
        {
            StridedOperand[] operands =
                [StridedOperand.Broadcast(node.Left.Shape, node.Output.Shape), StridedOperand.Broadcast(node.Right.Shape, node.Output.Shape)];
            _steps.Add(new Int32CompareStep(
                node.Name, node.Operator, Function(node.Function), LoopOver(node.Output.Shape, operands), FramesOf(node.Left),
                FramesOf(node.Right), FramesOf(node.Output)));
            return;
        }

        LowerElementwise(node, [node.Left, node.Right], node.Output, [new FusedOperation(null, node.Function, 0, 1, -1)]);
    }

    private void Lower(SelectNode node) =>
        LowerElementwise(node, [node.Condition, node.WhenTrue, node.WhenFalse], node.Output, [new FusedOperation(null, null, 0, 1, 2)]);

    private void LowerElementwise(Node node, ImmutableArray<Value> values, Value output, ImmutableArray<FusedOperation> operations)
    {
        var operands = values.Select(value => OperandOf(value, output.Shape)).ToArray();
        var loop = LoopOver(output.Shape, [.. operands.Select(operand => operand.Strides)]);
        for (var i = 0; i < operands.Length; i++)
        {
            if (loop.InnerStrides[i] is not (0 or 1))
            {
                operands[i] = (FramesOf(values[i]), StridedOperand.Broadcast(values[i].Shape, output.Shape));
            }
        }

        loop = LoopOver(output.Shape, [.. operands.Select(operand => operand.Strides)]);
        loop = WithConstantsExpanded(values, operands, output.Shape, loop);
        var selectsScalars = operations.Any(operation => operation.OperandCount == 3) && loop.RowLength > 1 && loop.InnerStrides.Contains(0);
        if (selectsScalars || IsScalarThroughout(operations, loop) || (loop.Rows > 1 && loop.RowLength < ShortRow) || loop.InnerStrides.Any(stride => stride is not (0 or 1)))
        {
            for (var i = 0; i < operands.Length; i++)
            {
                operands[i] = Expanded(values[i], operands[i], output.Shape);
            }

            loop = LoopOver(output.Shape, [.. operands.Select(operand => operand.Strides)]);
        }

        var (program, registers) = Allocate(operations, [.. loop.InnerStrides.Select(stride => stride == 0 && loop.RowLength > 1)]);
        _steps.Add(new ElementwiseStep(
            node.Name, node.Operator, _variant, loop, [.. operands.Select(operand => operand.Buffer)], FramesOf(output),
            registers == 0 ? null : NewBuffer($"{node.Name}.registers", BufferKind.Scratch, registers * ElementwiseStep.BlockLength), registers, program));
    }

    /// <summary>Writes constants out once where their repetition is what cuts the loop into rows.</summary>
    private StridedLoop WithConstantsExpanded(
        ImmutableArray<Value> values, (BufferInfo Buffer, StridedOperand Strides)[] operands, TensorShape shape, StridedLoop loop)
    {
        bool IsRepeated(int i) => _constants.ContainsKey(values[i]) && operands[i].Strides.Strides.Any(stride => stride != 0);
        if (loop.Rows == 1 || shape.ElementCount > LongRow)
        {
            return loop;
        }

        var dense = StridedOperand.Broadcast(shape, shape);
        var joined = LoopOver(shape, [.. operands.Select((operand, i) => IsRepeated(i) ? dense : operand.Strides)]);
        if (joined.Rows == loop.Rows)
        {
            return loop;
        }

        for (var i = 0; i < operands.Length; i++)
        {
            operands[i] = IsRepeated(i) ? Expanded(values[i], operands[i], shape) : operands[i];
        }

        return joined;
    }

    /// <summary>Whether a row's result follows from operands of one element alone, as where they are repeated by a view.</summary>
    private static bool IsScalarThroughout(ImmutableArray<FusedOperation> operations, StridedLoop loop)
    {
        var isScalar = loop.InnerStrides.Select(stride => stride == 0 && loop.RowLength > 1).ToList();
        foreach (var operation in operations)
        {
            isScalar.Add(Operands(operation).All(operand => isScalar[operand]));
        }

        return isScalar[^1];
    }

    private (BufferInfo Buffer, StridedOperand Strides) OperandOf(Value value, TensorShape shape)
    {
        if (_frames.ContainsKey(value) || !_views.TryGetValue(value, out var view))
        {
            return (FramesOf(value), StridedOperand.Broadcast(value.Shape, shape));
        }

        var strides = new int[shape.Rank];
        for (var i = 1; i <= value.Shape.Rank; i++)
        {
            strides[^i] = value.Shape[-i] == 1 ? 0 : view.Strides[^i];
        }

        return (FramesOf(view.Input), new StridedOperand(view.Offset, [.. strides]));
    }

    /// <summary>The operand written out in the whole shape: once for a constant, by a copy in each step otherwise.</summary>
    private (BufferInfo Buffer, StridedOperand Strides) Expanded(Value value, (BufferInfo Buffer, StridedOperand Strides) operand, TensorShape shape)
    {
        var dense = StridedOperand.Broadcast(shape, shape);
        var loop = LoopOver(shape, [operand.Strides]);
        if (loop.Rows == 1 && loop.InnerStrides[0] == 1)
        {
            return operand;
        }

        if (!_constants.TryGetValue(value, out var constant))
        {
            var copy = NewBuffer($"{value.Name}.expanded", BufferKind.Frames, shape.ElementCount);
            _steps.Add(new StridedCopyStep($"{value.Name}.expanded", loop, operand.Buffer, copy));
            return (copy, dense);
        }

        Reserve(shape.ElementCount);
        var source = MemoryMarshal.Cast<byte, float>(constant.Data.Span);
        var values = new float[shape.ElementCount];
        for (var row = 0; row < loop.Rows; row++)
        {
            for (var i = 0; i < loop.RowLength; i++)
            {
                values[(row * loop.RowLength) + i] = source[loop.RowOffsets[0][row] + (i * loop.InnerStrides[0])];
            }
        }

        return (NewConstant($"{value.Name}.expanded", MemoryMarshal.AsBytes<float>(values), values.Length), dense);
    }

    /// <summary>Gives each intermediate result a register that is free again after its last use.</summary>
    private static (ImmutableArray<ElementwiseOperation> Program, int Registers) Allocate(ImmutableArray<FusedOperation> operations, bool[] inputIsScalar)
    {
        var inputs = inputIsScalar.Length;
        var registerOf = new int[operations.Length];
        var lastUse = new int[operations.Length];
        for (var i = 0; i < operations.Length; i++)
        {
            foreach (var operand in Operands(operations[i]).Where(operand => operand >= inputs))
            {
                lastUse[operand - inputs] = i;
            }
        }

        var busyUntil = new List<int>();
        for (var i = 0; i < operations.Length - 1; i++)
        {
            var register = busyUntil.FindIndex(until => until < i);
            if (register < 0)
            {
                register = busyUntil.Count;
                busyUntil.Add(0);
            }

            busyUntil[register] = Math.Max(lastUse[i], i);
            registerOf[i] = register;
        }

        registerOf[^1] = busyUntil.Count;
        var isScalar = new List<bool>(inputIsScalar);
        var program = ImmutableArray.CreateBuilder<ElementwiseOperation>();
        for (var i = 0; i < operations.Length; i++)
        {
            var operation = operations[i];
            var allScalar = Operands(operation).All(operand => isScalar[operand]) && i < operations.Length - 1;
            program.Add(new ElementwiseOperation(
                operation.OperandCount, operation.Unary is { } unary ? Function(unary) : default, operation.Binary is { } binary ? Function(binary) : default,
                Slot(operation.First), Slot(operation.Second), Slot(operation.Third), inputs + registerOf[i],
                isScalar[operation.First], operation.OperandCount > 1 && isScalar[operation.Second], allScalar, operation.Alpha, operation.Beta));
            isScalar.Add(allScalar);
        }

        return (program.ToImmutable(), busyUntil.Count);

        int Slot(int operand) => operand < inputs ? operand : inputs + registerOf[operand - inputs];
    }

    private static IEnumerable<int> Operands(FusedOperation operation) =>
        new[] { operation.First, operation.Second, operation.Third }.Take(operation.OperandCount);

    private static UnaryFunction Function(UnaryOperator function) => function switch
    {
        UnaryOperator.Identity => UnaryFunction.Identity,
        UnaryOperator.Tanh => UnaryFunction.Tanh,
        UnaryOperator.Sigmoid => UnaryFunction.Sigmoid,
        UnaryOperator.Relu => UnaryFunction.Relu,
        UnaryOperator.Exp => UnaryFunction.Exp,
        UnaryOperator.Negate => UnaryFunction.Negate,
        UnaryOperator.Abs => UnaryFunction.Abs,
        UnaryOperator.Sqrt => UnaryFunction.Sqrt,
        UnaryOperator.Reciprocal => UnaryFunction.Reciprocal,
        UnaryOperator.Log => UnaryFunction.Log,
        UnaryOperator.LeakyRelu => UnaryFunction.LeakyRelu,
        UnaryOperator.Elu => UnaryFunction.Elu,
        UnaryOperator.HardSigmoid => UnaryFunction.HardSigmoid,
        UnaryOperator.ThresholdedRelu => UnaryFunction.ThresholdedRelu,
        UnaryOperator.ScaledTanh => UnaryFunction.ScaledTanh,
        UnaryOperator.Affine => UnaryFunction.Affine,
        UnaryOperator.Softplus => UnaryFunction.Softplus,
        UnaryOperator.Softsign => UnaryFunction.Softsign,
        UnaryOperator.Not => UnaryFunction.Not,
        UnaryOperator.Round => UnaryFunction.Round,
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "Unknown unary operator."),
    };

    private static BinaryFunction Function(BinaryOperator function) => function switch
    {
        BinaryOperator.Add => BinaryFunction.Add,
        BinaryOperator.Subtract => BinaryFunction.Subtract,
        BinaryOperator.Multiply => BinaryFunction.Multiply,
        BinaryOperator.Divide => BinaryFunction.Divide,
        BinaryOperator.Minimum => BinaryFunction.Minimum,
        BinaryOperator.Maximum => BinaryFunction.Maximum,
        BinaryOperator.Power => BinaryFunction.Power,
        BinaryOperator.PRelu => BinaryFunction.PRelu,
        BinaryOperator.Equal => BinaryFunction.Equal,
        BinaryOperator.Less => BinaryFunction.Less,
        BinaryOperator.Greater => BinaryFunction.Greater,
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "Unknown binary operator."),
    };
}
