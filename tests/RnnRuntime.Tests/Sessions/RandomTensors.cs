using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <summary>
/// Adds nodes over whole tensors to a graph, as an importer makes them: views of anything (inputs, states, other views, constants), joins,
/// picks and look-ups, cells that read them, and states that views of inputs and of other states replace.
/// </summary>
internal sealed partial class RandomTensors
{
    private const int MostElements = 300;
    private const double MostMagnitude = 6;

    private readonly WeightSource _random;
    private readonly RnnGraph _graph;
    private readonly List<Node> _nodes;
    private readonly List<Value> _inputs;
    private readonly List<StateVariable> _states;

    /// <summary>Float32 values and a bound of their magnitudes, so that long graphs do not run away.</summary>
    private readonly List<Value> _floats = [];
    private readonly Dictionary<Value, double> _bounds = [];

    /// <summary>Values that a float32 and a double run have alike, so that comparisons agree.</summary>
    private readonly List<Value> _exact = [];

    /// <summary>Int32 values that may look up among two, and all int32 values.</summary>
    private readonly List<Value> _indices = [];
    private readonly List<Value> _integers = [];
    private readonly bool _hasFeedback;
    private int _names;

    private RandomTensors(RnnGraph graph, int seed)
    {
        _random = new WeightSource(seed);
        _graph = graph;
        _nodes = [.. graph.Nodes];
        _inputs = [.. graph.InputValues];
        _states = [.. graph.StateVariables];
        _hasFeedback = Chance(2);
    }

    /// <summary>The graph with this many steps of growth; the same seed gives the same graph.</summary>
    public static RnnGraph Extend(RnnGraph graph, int seed, int steps) => new RandomTensors(graph, seed).Extend(steps);

    private RnnGraph Extend(int steps)
    {
        Begin();
        var loose = new List<Value>();
        for (var i = _hasFeedback ? _random.Next(1, 3) : 0; i > 0; i--)
        {
            loose.Add(Float(Name("state"), Shape(_random.Next(0, 3), 24)));
            Known(loose[^1], 2);
        }

        for (var i = 0; i < steps; i++)
        {
            Grow();
        }

        foreach (var state in loose)
        {
            _states.Add(new StateVariable(state.Name, state, Next(state, loose), Chance(3) ? Floats(state.Shape) : null));
        }

        var outputs = _graph.OutputValues.ToBuilder();
        foreach (var value in new[] { _floats[^1], _floats[^2], Any(), Any(), View(Any()), AnyOf(_exact), AnyOf(_integers), IndexView(AnyOf(_integers)) })
        {
            outputs.Add(($"t{outputs.Count}", value));
        }

        var result = new RnnGraph([.. _inputs], outputs.ToImmutable(), [.. _states], [.. _nodes], _graph.Metadata);
        GraphValidator.Validate(result);
        return result;
    }

    /// <summary>The graph's own values, and an input of each type that no other node reads.</summary>
    private void Begin()
    {
        foreach (var value in _graph.Nodes.SelectMany(node => node.Outputs).Where(value => value.Type == TensorType.Float32))
        {
            var fits = value.Shape.ElementCount <= MostElements;
            if (fits)
            {
                Known(Unary(UnaryOperator.Tanh, value), 1);
            }
        }

        var (x, ids, counts) = (Float("t.x", Shape(_random.Next(1, 3), 40)), Integer("t.ids", Shape(_random.Next(0, 2), 9)), Integer("t.counts", Shape(2, 12)));
        _inputs.AddRange([x, ids, counts]);
        Known(x, 1);
        _exact.Add(x);
        _indices.AddRange([ids, Constant(TensorType.Int32, Shape(1, 5))]);
        _integers.AddRange([.. _indices, counts]);
        Known(Constant(TensorType.Float32, Shape(_random.Next(0, 3), 20)), 1);
        _exact.Add(_floats[^1]);
    }

    private void Grow()
    {
        switch (_random.Next(0, 25))
        {
            case 0 or 1 or 2: View(Any()); break;
            case 3: _exact.Add(View(AnyOf(_exact))); break;
            case 4: AddIndex(); break;
            case 5 or 6: AddConcat(); break;
            case 7 or 8: AddPick(); break;
            case 9: AddGather(); break;
            case 10: AddMatMul(); break;
            case 11 or 12: AddRows(); break;
            case 13: AddComparison(); break;
            case 14: AddSelect(); break;
            case 15 or 16: AddFused(); break;
            case 17 or 18: AddBinary(); break;
            case 19 or 24 or 25: AddUnary(); break;
            case 20: AddLayer(); break;
            case 21: AddCell(); break;
            case 22: AddConv(); break;
            default: AddSequence(); break;
        }
    }

    /// <summary>What replaces a state: something of its shape that is there, a view of anything (states and inputs included), or a new function.</summary>
    private Value Next(Value state, List<Value> states)
    {
        var fitting = _floats.Where(value => value.Shape == state.Shape && _bounds[value] <= 2).ToArray();
        return _random.Next(0, 4) switch
        {
            0 => fitting[_random.Next(0, fitting.Length - 1)],
            1 => View(states[_random.Next(0, states.Count - 1)], state.Shape),
            2 => View(AnyOf(_exact), state.Shape),
            3 => View(Bounded(Any(), 2), state.Shape),
            _ => Bounded(Binary(BinaryOperator.Add, state, View(Any(), state.Shape)), 2),
        };
    }

    private void Known(Value value, double bound)
    {
        _floats.Add(value);
        _bounds[value] = bound;
    }

    /// <summary>A new float value; through tanh where its magnitude may be too large to go on with.</summary>
    private Value Add(Func<string, Value, Node> make, TensorShape shape, double bound)
    {
        var output = Float(Name("v"), shape);
        _nodes.Add(make($"{output.Name}.node", output));
        Known(output, bound);
        return bound <= MostMagnitude ? output : Unary(UnaryOperator.Tanh, output);
    }

    private Value Bounded(Value value, double limit) => _bounds[value] <= limit ? value : Unary(UnaryOperator.Tanh, value);

    private Value Unary(UnaryOperator function, Value input, float alpha = 0, float beta = 0, double bound = 1) =>
        Add((name, output) => new UnaryNode(name, function, input, output, alpha, beta), input.Shape, bound);

    private Value Binary(BinaryOperator function, Value left, Value right) => Add(
        (name, output) => new BinaryNode(name, function, left, right, output), ShapeRules.Broadcast("test", "right", left.Shape, right.Shape),
        function == BinaryOperator.Multiply ? _bounds[left] * _bounds[right] : _bounds[left] + _bounds[right]);

    /// <summary>A view of any kind: another order, a part, every n-th element, backwards, repeated, overlapping, or another shape.</summary>
    private Value View(Value input)
    {
        var count = input.Shape.ElementCount;
        switch (_random.Next(0, 4))
        {
            case 0:
                int[] order = [.. Enumerable.Range(0, input.Shape.Rank).OrderBy(_ => _random.Next(0, 1000))];
                var own = ViewNode.RowMajorStrides(input.Shape);
                return View(input, new TensorShape([.. order.Select(axis => input.Shape[axis])]), [.. order.Select(axis => own[axis])], 0);
            case 1 when input.Shape.Rank > 0:
                var axis = _random.Next(0, input.Shape.Rank - 1);
                var strides = ViewNode.RowMajorStrides(input.Shape);
                int[] extents = [.. input.Shape.Dimensions];
                var (first, step) = (_random.Next(0, extents[axis] - 1), _random.Next(1, 3) * (Chance(2) ? -1 : 1));
                var room = step > 0 ? extents[axis] - 1 - first : first;
                var offset = first * strides[axis];
                extents[axis] = _random.Next(1, (room / Math.Abs(step)) + 1);
                strides[axis] *= step;
                return View(input, new TensorShape(extents), strides, offset);
            case 2:
                int[] factors = [.. Enumerable.Range(1, count).Where(factor => count % factor == 0)];
                var rows = factors[_random.Next(0, factors.Length - 1)];
                var shape = Chance(2) ? new TensorShape(rows, count / rows) : new TensorShape(1, rows, 1, count / rows);
                return View(input, shape, ViewNode.RowMajorStrides(shape), 0);
            case 3:
                var length = _random.Next(1, count);
                return View(input, new TensorShape(length), [1], _random.Next(0, count - length));
            default:
                return View(input, Shape(_random.Next(0, 4), 2 * count));
        }
    }

    /// <summary>A view of this shape with any strides that stay inside.</summary>
    private Value View(Value input, TensorShape shape)
    {
        var strides = new int[shape.Rank];
        var (room, offset) = (input.Shape.ElementCount - 1, 0);
        foreach (var axis in Enumerable.Range(0, shape.Rank).OrderBy(_ => _random.Next(0, 1000)))
        {
            var largest = shape[axis] == 1 ? 0 : room / (shape[axis] - 1);
            strides[axis] = _random.Next(-largest, largest);
            room -= Math.Abs(strides[axis]) * (shape[axis] - 1);
            offset += strides[axis] < 0 ? -strides[axis] * (shape[axis] - 1) : 0;
        }

        return View(input, shape, strides, offset + _random.Next(0, room));
    }

    private Value View(Value input, TensorShape shape, int[] strides, int offset)
    {
        var output = new Value(Name("view"), input.Type, shape);
        _nodes.Add(new ViewNode($"{output.Name}.node", input, output, [.. strides], offset));
        if (input.Type == TensorType.Float32)
        {
            Known(output, _bounds[input]);
        }

        return output;
    }

    private Value IndexView(Value input)
    {
        var output = View(input);
        _integers.Add(output);
        return output;
    }

    private Value Any() => AnyOf(_floats);

    /// <summary>Newer values more often.</summary>
    private Value AnyOf(List<Value> values) => values[Math.Max(_random.Next(0, values.Count - 1), _random.Next(0, values.Count - 1))];

    private TensorShape Shape(int rank, int most)
    {
        var extents = new int[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            extents[axis] = _random.Next(1, Math.Max(1, Math.Min(most, Chance(6) ? 40 : 9)));
            most /= extents[axis];
        }

        return new TensorShape(extents);
    }

    private Value Constant(TensorType type, TensorShape shape)
    {
        var output = new Value(Name("constant"), type, shape);
        var data = type == TensorType.Float32 ? Floats(shape) : Integers([.. Enumerable.Range(0, shape.ElementCount).Select(_ => _random.Next(0, 1))], shape);
        _nodes.Add(new ConstantNode($"{output.Name}.node", output, data));
        return output;
    }

    private Constant Floats(TensorShape shape) => new(
        Name("data"), TensorType.Float32, shape,
        MemoryMarshal.AsBytes<float>([.. _random.Matrix(1, shape.ElementCount).Select(value => value * MathF.Sqrt(shape.ElementCount) * 0.8f)]).ToArray());

    private Constant Integers(int[] values, TensorShape shape) => new(Name("data"), TensorType.Int32, shape, MemoryMarshal.AsBytes<int>(values).ToArray());

    private Weights Matrix(int rows, int columns) =>
        new(new Constant(Name("w"), TensorType.Float32, new TensorShape(rows, columns), MemoryMarshal.AsBytes<float>(_random.Matrix(rows, columns)).ToArray()), null);

    private Constant? Vector(int length) => Chance(3) ? null : Floats(new TensorShape(length));

    private static Value Float(string name, TensorShape shape) => new(name, TensorType.Float32, shape);

    private static Value Integer(string name, TensorShape shape) => new(name, TensorType.Int32, shape);

    private string Name(string stem) => $"t.{stem}{++_names}";

    private bool Chance(int oneIn) => _random.Next(1, oneIn) == 1;
}
