using RnnRuntime.Graph;

namespace RnnRuntime.Tests.Sessions;

/// <content>Nodes with weights and states.</content>
internal sealed partial class RandomTensors
{
    private void AddLayer()
    {
        var input = Bounded(Any(), 2);
        switch (input.Shape.Rank == 0 ? 2 : _random.Next(0, 2))
        {
            case 0:
                var rows = _random.Next(1, 20);
                Add((name, output) => new LinearNode(name, input, output, Matrix(rows, input.Shape[-1]), Vector(rows)),
                    new TensorShape([.. input.Shape.Dimensions[..^1], rows]), 1 + (1.2 * Math.Sqrt(input.Shape[-1]) * 2));
                break;
            case 1:
                var (filters, size, channels) = (_random.Next(1, 9), _random.Next(2, 4), View(input, new TensorShape(_random.Next(1, 9))));
                var (history, next) = (Float(Name("history"), new TensorShape(size - 1, channels.Shape[0])), Float(Name("next"), new TensorShape(size - 1, channels.Shape[0])));
                _states.Add(new StateVariable(history.Name, history, next, null));
                Add((name, output) => new CausalConv1dNode(name, channels, history, output, next, Matrix(filters, size * channels.Shape[0]), Vector(filters), size, 1),
                    new TensorShape(filters), 12);
                break;
            default:
                var (line, after) = (Float(Name("line"), new TensorShape([2, .. input.Shape.Dimensions])), Float(Name("after"), new TensorShape([2, .. input.Shape.Dimensions])));
                var source = Chance(2) ? View(Any(), line.Shape) : line;
                if (source == line)
                {
                    _states.Add(new StateVariable(line.Name, line, after, null));
                }

                Add((name, output) => new DelayNode(name, input, source, output, after, 2), input.Shape, Math.Max(_bounds[input], MostMagnitude));
                break;
        }
    }

    /// <summary>A cell whose states are its own, or views of anything.</summary>
    private void AddCell()
    {
        var (units, shape) = (_random.Next(1, 18), new TensorShape(_random.Next(1, 18)));
        var input = View(Bounded(Any(), 2), shape);
        var (hidden, newHidden) = State(new TensorShape(units), mayBeOwn: true);
        switch (_random.Next(0, 2))
        {
            case 0:
                var (cell, newCell) = State(new TensorShape(units), mayBeOwn: true);
                _nodes.Add(new LstmNode(Name("lstm"), input, hidden, cell, newHidden, newCell, Matrix(4 * units, shape[0]), Matrix(4 * units, units), Vector(4 * units)));
                Known(newCell, MostMagnitude);
                break;
            case 1:
                _nodes.Add(new GruNode(Name("gru"), input, hidden, newHidden, Matrix(3 * units, shape[0]), Matrix(3 * units, units), Vector(3 * units), Vector(3 * units), Chance(2)));
                break;
            default:
                _nodes.Add(new RnnNode(Name("rnn"), input, hidden, newHidden, Matrix(units, shape[0]), Matrix(units, units), Vector(units), UnaryOperator.Tanh));
                break;
        }

        Known(newHidden, 2);
    }

    /// <summary>
    /// What a node reads as its state and writes as the next: a state variable, which is the node's own where nothing else reads it, or a view of
    /// anything, whose successor is just a value.
    /// </summary>
    private (Value Input, Value Output) State(TensorShape shape, bool mayBeOwn)
    {
        var output = Float(Name("next"), shape);
        if (Chance(3) || !(mayBeOwn || _hasFeedback))
        {
            return (View(Bounded(Any(), 2), shape), output);
        }

        var input = Float(Name("own"), shape);
        _states.Add(new StateVariable(input.Name, input, output, Chance(3) ? Floats(shape) : null));
        if (_hasFeedback && Chance(4))
        {
            Known(input, MostMagnitude);
        }

        return (input, output);
    }

    private void AddConv()
    {
        var made = ConvCase.Random(_random.Next(0, 100_000));
        var input = new TensorShape([made.Batch, .. made.Extents, made.Channels]);
        var output = new TensorShape([made.Batch, .. made.Outputs, made.Filters]);
        if (input.ElementCount > 2 * MostElements || output.ElementCount > MostElements || made.Columns * made.Filters > 2000)
        {
            return;
        }

        var x = View(Bounded(Any(), 1), input);
        Add((name, y) => new ConvNode(
            name, x, y, Matrix(made.Filters, made.Columns), Vector(made.Filters), [.. made.Kernel], [.. made.Strides], [.. made.Dilations],
            [.. made.PadsBefore], [.. made.PadsAfter], made.Groups), output, 100);
    }

    private void AddSequence()
    {
        var (cell, steps, streams, features, units) = ((SequenceCell)_random.Next(0, 2), _random.Next(1, 3), _random.Next(1, 2), _random.Next(1, 8), _random.Next(1, 10));
        var (isLstm, rows) = (cell == SequenceCell.Lstm, SequenceNode.GatesOf(cell) * units);
        var input = View(Bounded(Any(), 1), new TensorShape(steps, streams, features));
        var (hidden, newHidden) = State(new TensorShape(streams, units), mayBeOwn: false);
        var (state, newState) = isLstm ? State(new TensorShape(streams, units), mayBeOwn: false) : (null, null);
        var lengths = Chance(3) ? View(AnyOf(_integers), new TensorShape(streams)) : null;
        Add((name, output) => new SequenceNode(
            name, cell, input, lengths, hidden, state, output, newHidden, newState, Matrix(rows, features), Matrix(rows, units), Vector(rows),
            cell == SequenceCell.Gru ? Vector(rows) : null, isLstm && Chance(3) ? Floats(new TensorShape(3 * units)) : null, null,
            SequenceNode.DefaultActivations(cell), Chance(4) ? 1.5f : 0, Chance(2), isLstm && Chance(4), cell == SequenceCell.Gru && Chance(2)), new TensorShape(steps, streams, units), 2);
        Known(newHidden, 2);
        if (newState is not null)
        {
            Known(newState, MostMagnitude);
        }
    }
}
