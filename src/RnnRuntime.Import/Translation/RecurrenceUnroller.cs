using RnnRuntime.Graph;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// A recurrent layer whose weights are computed in each step (they are inputs of the model), written out time step by time step in matrix
/// products and elementwise operations.
/// </summary>
internal sealed class RecurrenceUnroller
{
    private readonly NodeContext _node;
    private readonly GraphEmitter _emit;
    private readonly RecurrentLayer _layer;
    private readonly int _direction;
    private readonly Value[] _inputWeights;
    private readonly Value[] _recurrentWeights;

    private RecurrenceUnroller(NodeContext node, RecurrentLayer layer, int direction)
    {
        _node = node;
        _emit = node.Emit;
        _layer = layer;
        _direction = direction;
        _inputWeights = Gates(1, "W", layer.Inputs);
        _recurrentWeights = Gates(2, "R", layer.Hidden);
    }

    public static (Value Y, Value Hidden, Value? Cell) Unroll(NodeContext node, RecurrentLayer layer, int direction, Value hidden, Value? cell) =>
        new RecurrenceUnroller(node, layer, direction).Run(hidden, cell);

    private (Value Y, Value Hidden, Value? Cell) Run(Value hidden, Value? cell)
    {
        var rows = new Value[_layer.Steps];
        var zeros = _layer.Lengths is null ? null : _emit.Scalar(0);
        for (var i = 0; i < _layer.Steps; i++)
        {
            var t = _layer.IsReverse(_direction) ? _layer.Steps - 1 - i : i;
            var x = _emit.Reshape(_emit.Slice(_layer.Input, 0, t, 1), _layer.Streams, _layer.Inputs);
            var (newHidden, newCell) = _layer.Cell switch
            {
                SequenceCell.Lstm => Lstm(x, hidden, cell!),
                SequenceCell.Gru => (Gru(x, hidden), null),
                _ => (Activate(0, _emit.Binary(BinaryOperator.Add, Product(0, x, hidden), Bias(0, both: true))), (Value?)null),
            };

            // Past the end of a sequence nothing changes. In reverse such steps come first, so that a sequence starts at its own end.
            var isInside = _layer.Lengths is null ? null : Inside(t);
            hidden = isInside is null ? newHidden : _emit.Select(isInside, newHidden, hidden);
            cell = isInside is null || newCell is null ? newCell : _emit.Select(isInside, newCell, cell!);
            rows[t] = _emit.Reshape(isInside is null ? newHidden : _emit.Select(isInside, newHidden, zeros!), 1, _layer.Streams, _layer.Hidden);
        }

        return (_emit.Concat([.. rows], 0), hidden, cell);
    }

    /// <summary>Gates in ONNX's order: i, o, f, c; peepholes i, o, f.</summary>
    private (Value Hidden, Value? Cell) Lstm(Value x, Value hidden, Value cell)
    {
        var i = Activate(0, Gate(0, x, hidden, 0, cell));
        var f = _layer.InputForget
            ? _emit.Binary(BinaryOperator.Subtract, _emit.Scalar(1), i)
            : Activate(0, Gate(2, x, hidden, 2, cell));
        var g = Activate(1, Gate(3, x, hidden, -1, cell));
        var newCell = _emit.Binary(BinaryOperator.Add, _emit.Binary(BinaryOperator.Multiply, f, cell), _emit.Binary(BinaryOperator.Multiply, i, g));
        var o = Activate(0, Gate(1, x, hidden, 1, newCell));
        var activation = _layer.Activations[_direction][2];
        return (_emit.Binary(BinaryOperator.Multiply, o, _emit.Unary(activation.Function, newCell, activation.Alpha, activation.Beta)), newCell);
    }

    /// <summary>Gates in ONNX's order: z, r, h.</summary>
    private Value Gru(Value x, Value hidden)
    {
        var z = Activate(0, _emit.Binary(BinaryOperator.Add, Product(0, x, hidden), Bias(0, both: true)));
        var r = Activate(0, _emit.Binary(BinaryOperator.Add, Product(1, x, hidden), Bias(1, both: true)));
        var input = _emit.Binary(BinaryOperator.Add, _emit.MatMul(x, _inputWeights[2]), Bias(2, both: false));
        var recurrent = _layer.ResetAfter
            ? _emit.Binary(BinaryOperator.Multiply, r, _emit.Binary(BinaryOperator.Add, _emit.MatMul(hidden, _recurrentWeights[2]), BiasPart(2, second: true)))
            : _emit.Binary(
                BinaryOperator.Add, _emit.MatMul(_emit.Binary(BinaryOperator.Multiply, r, hidden), _recurrentWeights[2]), BiasPart(2, second: true));
        var n = Activate(1, _emit.Binary(BinaryOperator.Add, input, recurrent));
        return _emit.Binary(BinaryOperator.Add, n, _emit.Binary(BinaryOperator.Multiply, z, _emit.Binary(BinaryOperator.Subtract, hidden, n)));
    }

    private Value Gate(int gate, Value x, Value hidden, int peephole, Value cell)
    {
        var sum = _emit.Binary(BinaryOperator.Add, Product(gate, x, hidden), Bias(gate, both: true));
        if (peephole < 0 || !_node.Has(7))
        {
            return sum;
        }

        var weights = Vector(_node.Float(7, "P"), peephole);
        return _emit.Binary(BinaryOperator.Add, sum, _emit.Binary(BinaryOperator.Multiply, weights, cell));
    }

    private Value Product(int gate, Value x, Value hidden) =>
        _emit.Binary(BinaryOperator.Add, _emit.MatMul(x, _inputWeights[gate]), _emit.MatMul(hidden, _recurrentWeights[gate]));

    private Value Activate(int function, Value sum)
    {
        if (_layer.Clip > 0)
        {
            sum = _emit.Binary(BinaryOperator.Maximum, _emit.Scalar(-_layer.Clip), sum);
            sum = _emit.Binary(BinaryOperator.Minimum, _emit.Scalar(_layer.Clip), sum);
        }

        var activation = _layer.Activations[_direction][function];
        return _emit.Unary(activation.Function, sum, activation.Alpha, activation.Beta);
    }

    private Value Bias(int gate, bool both) => both
        ? _emit.Binary(BinaryOperator.Add, BiasPart(gate, second: false), BiasPart(gate, second: true))
        : BiasPart(gate, second: false);

    private Value BiasPart(int gate, bool second) => _node.Has(3)
        ? Vector(_node.Float(3, "B"), (second ? SequenceNode.GatesOf(_layer.Cell) : 0) + gate)
        : _emit.Scalar(0);

    /// <summary>For each gate the matrix [columns, hidden] that a row of inputs is multiplied by.</summary>
    private Value[] Gates(int input, string name, int columns)
    {
        var weights = _node.Float(input, name);
        return
        [
            .. Enumerable.Range(0, SequenceNode.GatesOf(_layer.Cell))
                .Select(gate => _emit.Transpose(_emit.Reshape(Rows(weights, gate), _layer.Hidden, columns), 1, 0)),
        ];
    }

    private Value Vector(Value tensor, int gate) => _emit.Reshape(Rows(tensor, gate), _layer.Hidden);

    private Value Rows(Value tensor, int gate) =>
        _emit.Slice(_emit.Slice(tensor, 0, _direction, 1), 1, gate * _layer.Hidden, _layer.Hidden);

    private Value Inside(int t)
    {
        var step = _emit.ValueOf($"{_node.Location}, input sequence_lens", HostTensor.Of(ElementType.Int32, [], [t]));
        return _emit.Reshape(_emit.Binary(BinaryOperator.Greater, _layer.Lengths!, step), _layer.Streams, 1);
    }
}
