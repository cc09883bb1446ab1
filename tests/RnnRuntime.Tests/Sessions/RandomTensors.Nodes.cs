using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <content>One method a kind of node.</content>
internal sealed partial class RandomTensors
{
    private void AddIndex()
    {
        var source = AnyOf(_indices);
        var others = _indices.Where(value => value.Shape.Rank == 1).ToArray();
        var (shape, elements) = (Shape(_random.Next(0, 2), 9), source.Shape.ElementCount + others[0].Shape.ElementCount);
        var value = _random.Next(0, 3) switch
        {
            0 => View(source),
            1 => AddInteger(new TensorShape(others[0].Shape[0] + others[^1].Shape[0]), (name, output) => new ConcatNode(name, [others[0], others[^1]], output, 0)),
            2 => AddInteger(shape, (name, output) => new PickNode(name, [source, others[0]], output, Map(shape.ElementCount, elements), Chance(2) ? 1 : 0)),
            _ => View(source, shape),
        };
        _indices.Add(value);
        _integers.Add(value);
    }

    private Value AddInteger(TensorShape shape, Func<string, Value, Node> make)
    {
        var output = Integer(Name("i"), shape);
        _nodes.Add(make($"{output.Name}.node", output));
        return output;
    }

    private void AddConcat()
    {
        var first = Chance(4) ? AnyOf(_integers) : Any();
        if (first.Shape.Rank == 0)
        {
            return;
        }

        var axis = _random.Next(0, first.Shape.Rank - 1);
        var all = first.Type == TensorType.Float32 ? _floats : _integers;
        Value[] fitting = [.. all.Where(value => value.Shape.Rank == first.Shape.Rank && Enumerable.Range(0, value.Shape.Rank).All(i => i == axis || value.Shape[i] == first.Shape[i]))];
        var parts = Enumerable.Range(0, _random.Next(0, 3)).Select(_ => fitting[_random.Next(0, fitting.Length - 1)]).Append(first).ToList();
        if (first.Type == TensorType.Float32 && Chance(2))
        {
            int[] extents = [.. first.Shape.Dimensions];
            extents[axis] = _random.Next(1, 4);
            parts.Insert(0, View(Any(), new TensorShape(extents)));
        }

        if (parts.Sum(part => part.Shape.ElementCount) > MostElements)
        {
            return;
        }

        var shape = ShapeRules.ConcatOutput("test", [.. parts], axis);
        if (first.Type == TensorType.Int32)
        {
            _integers.Add(AddInteger(shape, (name, output) => new ConcatNode(name, [.. parts], output, axis)));
            return;
        }

        Add((name, output) => new ConcatNode(name, [.. parts], output, axis), shape, parts.Max(part => _bounds[part]));
    }

    private void AddPick()
    {
        var shape = Shape(_random.Next(0, 3), 60);
        if (Chance(4))
        {
            Value[] integers = [AnyOf(_integers), AnyOf(_integers)];
            _integers.Add(AddInteger(shape, (name, output) =>
                new PickNode(name, [.. integers], output, Map(shape.ElementCount, integers.Sum(source => source.Shape.ElementCount)), -3)));
            return;
        }

        Value[] sources = [.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Any())];
        var elements = sources.Sum(source => source.Shape.ElementCount);
        Add((name, output) => new PickNode(name, [.. sources], output, Map(shape.ElementCount, elements), Chance(2) ? 0 : -0.75f), shape, Math.Max(1, sources.Max(source => _bounds[source])));
    }

    /// <summary>Runs forward, backward, with steps and of one element again and again, across the sources' borders too, and holes.</summary>
    private Constant Map(int length, int elements)
    {
        var map = new int[length];
        for (int start = 0, end; start < length; start = end)
        {
            end = Math.Min(length, start + _random.Next(1, 7));
            var (place, step, hole) = (_random.Next(0, elements - 1), _random.Next(-2, 2), Chance(5));
            for (var i = start; i < end; i++, place += step)
            {
                map[i] = hole ? -1 : Math.Clamp(place, 0, elements - 1);
            }
        }

        return Integers(map, new TensorShape(length));
    }

    private void AddGather()
    {
        var (data, indices) = (Chance(5) ? AnyOf(_integers) : Any(), AnyOf(_indices));
        int[] axes = [.. Enumerable.Range(0, data.Shape.Rank).Where(axis => data.Shape[axis] >= 2)];
        if (axes.Length == 0 || data.Shape.ElementCount * indices.Shape.ElementCount > MostElements || data.Shape.Rank + indices.Shape.Rank > ShapeRules.MaxRank)
        {
            return;
        }

        var axis = axes[_random.Next(0, axes.Length - 1)];
        var shape = ShapeRules.GatherOutput("test", data, indices, axis);
        if (data.Type == TensorType.Int32)
        {
            _integers.Add(AddInteger(shape, (name, output) => new GatherNode(name, data, indices, output, axis)));
            return;
        }

        Add((name, output) => new GatherNode(name, data, indices, output, axis), shape, _bounds[data]);
    }

    private void AddMatMul()
    {
        var (m, k, n) = (_random.Next(1, 5), _random.Next(1, 9), _random.Next(1, 20));
        var batch = Shape(_random.Next(0, 2), 4);
        int[] one = [.. batch.Dimensions.Select(extent => Chance(3) ? 1 : extent)];
        var left = View(Bounded(Any(), 1), new TensorShape([.. batch.Dimensions, m, k]));
        var right = View(Bounded(Any(), 1), new TensorShape([.. one[_random.Next(0, one.Length)..], k, n]));
        if (Chance(2))
        {
            (left, right) = (View(right, new TensorShape([.. right.Shape.Dimensions[..^2], n, k])), View(left, new TensorShape([.. left.Shape.Dimensions[..^2], k, m])));
        }

        Add((name, output) => new MatMulNode(name, left, right, output), ShapeRules.MatMulOutput("test", left, right), k);
    }

    private void AddRows()
    {
        var input = Any();
        if (input.Shape.Rank == 0)
        {
            return;
        }

        var length = input.Shape[-1];
        switch (_random.Next(0, 3))
        {
            case 0:
                var function = (ReduceOperator)_random.Next(0, 3);
                Add((name, output) => new ReduceNode(name, function, input, output), ShapeRules.ReduceOutput("test", input),
                    _bounds[input] * (function == ReduceOperator.ReduceSum ? length : 1));
                break;
            case 1:
                Add((name, output) => new LayerNormNode(name, input, output, Vector(length), Vector(length), 0.1f), input.Shape, 1 + Math.Sqrt(length));
                break;
            case 2:
                Add((name, output) => new SoftmaxNode(name, input, output, false), input.Shape, 1);
                break;
            default:
                Add((name, output) => new SoftmaxNode(name, input, output, true), input.Shape, (2 * _bounds[input]) + Math.Log(length));
                break;
        }
    }

    /// <summary>What jumps between two values is asked of exact values only.</summary>
    private void AddComparison()
    {
        var (exact, function) = (AnyOf(_exact), (BinaryOperator)_random.Next((int)BinaryOperator.Equal, (int)BinaryOperator.Greater));
        switch (_random.Next(0, 4))
        {
            case 0:
                var integer = AnyOf(_integers);
                var other = View(AnyOf(_integers), Part(integer.Shape));
                _exact.Add(Add((name, output) => new BinaryNode(name, function, integer, other, output), integer.Shape, 1));
                break;
            case 1:
                var right = View(AnyOf(_exact), Part(exact.Shape));
                _exact.Add(Add((name, output) => new BinaryNode(name, function, exact, right, output), exact.Shape, 1));
                break;
            case 2:
                UnaryOperator[] functions = [UnaryOperator.Not, UnaryOperator.Negate, UnaryOperator.Round];
                _exact.Add(Unary(functions[_random.Next(0, 2)], exact, bound: Math.Max(1, _bounds[exact])));
                break;
            case 3:
                _integers.Add(AddInteger(exact.Shape, (name, output) => new CastNode(name, exact, output)));
                break;
            default:
                integer = AnyOf(_integers);
                var numbers = Float(Name("cast"), integer.Shape);
                _nodes.Add(new CastNode($"{numbers.Name}.node", integer, numbers));
                _exact.Add(numbers);
                Known(numbers, 10);
                break;
        }
    }

    private void AddSelect()
    {
        var condition = AnyOf(_exact);
        var (then, otherwise) = (View(Any(), Part(condition.Shape)), View(Any(), Part(condition.Shape)));
        Add((name, output) => new SelectNode(name, condition, then, otherwise, output), condition.Shape, Math.Max(_bounds[then], _bounds[otherwise]));
    }

    private void AddBinary()
    {
        var left = Any();
        var right = View(Any(), Part(left.Shape));
        if (Chance(4))
        {
            left = View(left, Part(left.Shape));
        }

        switch (_random.Next(0, 8))
        {
            case 0: Binary(BinaryOperator.Subtract, right, left); break;
            case 1: Binary(BinaryOperator.Multiply, left, right); break;
            case 2: Binary(BinaryOperator.Minimum, left, right); break;
            case 3: Binary(BinaryOperator.Maximum, right, left); break;
            case 4: Add((name, output) => new BinaryNode(name, BinaryOperator.PRelu, left, right, output), ShapeRules.Broadcast("test", "right", left.Shape, right.Shape), _bounds[left] * (1 + _bounds[right])); break;
            case 5:
                var divisor = Unary(UnaryOperator.Affine, Unary(UnaryOperator.Sigmoid, right), 1, 0.5f, 1.5);
                Add((name, output) => new BinaryNode(name, BinaryOperator.Divide, left, divisor, output), ShapeRules.Broadcast("test", "right", left.Shape, divisor.Shape), 2 * _bounds[left]);
                break;
            case 6:
                var (power, exponent) = (Unary(UnaryOperator.Affine, Unary(UnaryOperator.Sigmoid, left), 1, 0.5f, 1.5), Bounded(right, 1));
                Add((name, output) => new BinaryNode(name, BinaryOperator.Power, power, exponent, output), ShapeRules.Broadcast("test", "right", power.Shape, exponent.Shape), 2);
                break;
            default: Binary(BinaryOperator.Add, left, right); break;
        }
    }

    private void AddUnary()
    {
        var (function, alpha, beta) = Function();
        var input = Any();
        var domain = function is UnaryOperator.Sqrt or UnaryOperator.Reciprocal or UnaryOperator.Log
            ? Unary(UnaryOperator.Affine, Unary(UnaryOperator.Sigmoid, input), 1, 0.5f, 1.5)
            : function == UnaryOperator.Exp ? Bounded(input, 1) : input;
        Unary(function, domain, alpha, beta, Math.Max(3, _bounds[domain] + 1));
    }

    /// <summary>A continuous function with its parameters.</summary>
    private (UnaryOperator Function, float Alpha, float Beta) Function()
    {
        UnaryOperator[] functions = [.. Enum.GetValues<UnaryOperator>().Except([UnaryOperator.Not, UnaryOperator.Round, UnaryOperator.ThresholdedRelu])];
        var function = functions[_random.Next(0, functions.Length - 1)];
        var count = OperatorParameters.CountOf(function);
        return (function, count > 0 ? 0.4f : 0, count > 1 ? 0.3f : 0);
    }

    private void AddFused()
    {
        var shape = Chance(2) ? Any().Shape : Shape(_random.Next(0, 3), 200);
        Value[] operands = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => View(Bounded(Any(), 1), Chance(3) ? shape : Part(shape)))];
        var operations = new List<FusedOperation>();
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            // Every second result is bounded again.
            var slots = operands.Length + operations.Count;
            var (first, second, third) = (_random.Next(0, slots - 1), _random.Next(0, slots - 1), _random.Next(0, slots - 1));
            var condition = Array.FindIndex(operands, _exact.Contains);
            operations.Add(_random.Next(0, 4) switch
            {
                0 => new FusedOperation(UnaryOperator.Affine, null, first, -1, -1, 0.5f, 0.25f),
                1 => new FusedOperation(null, BinaryOperator.Multiply, first, second, -1),
                2 when condition >= 0 => new FusedOperation(null, null, condition, second, third),
                3 => new FusedOperation(null, BinaryOperator.Maximum, first, second, -1),
                _ => new FusedOperation(null, BinaryOperator.Subtract, first, second, -1),
            });
            operations.Add(new FusedOperation(Chance(2) ? UnaryOperator.Tanh : UnaryOperator.Softsign, null, slots, -1, -1));
        }

        Add((name, output) => new FusedNode(name, [.. operands], output, [.. operations]), shape, 1);
    }

    /// <summary>A shape that broadcasts to another: without some leading axes, and with some extents of 1.</summary>
    private TensorShape Part(TensorShape shape) =>
        Chance(2) ? shape : new TensorShape([.. shape.Dimensions[_random.Next(0, shape.Rank)..].Select(extent => Chance(2) ? 1 : extent)]);
}
