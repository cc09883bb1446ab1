using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>The elements that all attempts together may look at, so that a graph of many near-cells does not take long.</summary>
internal sealed class TraceBudget(long elements)
{
    private long _left = elements;

    public bool Take(long count) => (_left -= count) >= 0;
}

/// <summary>
/// One attempt at a cell: follows its gates back from where they are used to the layers that make them, and collects the nodes on the way.
/// The elements of a gate are followed by their positions, [streams * units], so that it does not matter where and how gates are split.
/// </summary>
internal sealed class CellTrace
{
    // A cell has four gates of a few nodes.
    private const int MaximumVisits = 200;
    private const int MaximumViews = 8;

    private readonly HashSet<Node> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly GraphIndex _index;
    private readonly TraceBudget _budget;
    private int _visits;

    /// <summary>An attempt at the cell that gives this value, one row for each stream.</summary>
    public CellTrace(GraphIndex index, TraceBudget budget, Value result)
    {
        _index = index;
        _budget = budget;
        Units = result.Shape.Rank == 0 ? 1 : result.Shape[-1];
        Streams = result.Shape.ElementCount / Units;
    }

    public int Streams { get; }

    public int Units { get; }

    public IReadOnlySet<Node> Nodes => _nodes;

    public void Add(params IEnumerable<Node?> nodes) => _nodes.UnionWith(nodes.OfType<Node>());

    /// <summary>The function that makes the value, views apart.</summary>
    public static UnaryOperator? FunctionOf(GraphIndex index, Value value)
    {
        for (var i = 0; i < MaximumViews && index.Producer<ViewNode>(value) is { } view; i++)
        {
            value = view.Input;
        }

        return index.Producer<UnaryNode>(value)?.Function;
    }

    /// <summary>What enters a gate whose value has these positions (its own order where none are given); null where it is no such gate.</summary>
    public GateForm? Gate(Value value, UnaryOperator activation, int[]? positions = null)
    {
        if (FunctionOf(_index, value) != activation || (positions is null && value.Shape.ElementCount != Streams * Units) || !Visit())
        {
            return null;
        }

        positions ??= [.. Enumerable.Range(0, Streams * Units)];
        value = SkipViews(value, ref positions);
        if (_index.Producer<UnaryNode>(value) is not { } unary)
        {
            return null;
        }

        _nodes.Add(unary);
        return Sum(unary.Input, positions);
    }

    public GateForm? Sum(Value value, int[] positions)
    {
        var form = new GateForm(Units);
        return AddTo(form, value, positions) ? form : null;
    }

    /// <summary>Whether only the cell itself reads what its nodes make; its results may be read by all.</summary>
    public bool IsClosed(params ReadOnlySpan<Node> results)
    {
        var readers = new HashSet<Node>(_nodes, ReferenceEqualityComparer.Instance);
        foreach (var result in results)
        {
            readers.Add(result);
        }

        return _nodes.SelectMany(node => node.Outputs).All(output => !_index.IsKept(output) && _index.Readers(output).All(readers.Contains));
    }

    private bool Visit() => ++_visits <= MaximumVisits && _budget.Take((long)Streams * Units);

    private bool AddTo(GateForm form, Value value, int[] positions)
    {
        if (!Visit())
        {
            return false;
        }

        value = SkipViews(value, ref positions);
        switch (_index.Producer(value))
        {
            case BinaryNode { Function: BinaryOperator.Add } sum:
                _nodes.Add(sum);
                return AddOperand(form, sum, sum.Left, positions) && AddOperand(form, sum, sum.Right, positions);
            case BinaryNode { Function: BinaryOperator.Multiply } product
                when product.Left.Shape.ElementCount == value.Shape.ElementCount && product.Right.Shape.ElementCount == value.Shape.ElementCount:
                _nodes.Add(product);
                form.Products.Add(new GateProduct(product.Left, product.Right, positions));
                return true;
            case LinearNode { Weights.IsFloat32: true } linear:
                return AddLinear(form, linear, positions);
            default:
                return AddBias(form, value, value.Shape, positions);
        }
    }

    private bool AddOperand(GateForm form, BinaryNode sum, Value operand, int[] positions) =>
        operand.Shape.ElementCount == sum.Output.Shape.ElementCount ? AddTo(form, operand, positions) : AddBias(form, operand, sum.Output.Shape, positions);

    /// <summary>A constant that broadcasts to the shape and is the same for every stream.</summary>
    private bool AddBias(GateForm form, Value value, TensorShape shape, int[] positions)
    {
        if (_index.ConstantOf(value) is not { } constant)
        {
            return false;
        }

        var values = MemoryMarshal.Cast<byte, float>(constant.Data.Span);
        for (var i = 0; i < positions.Length; i++)
        {
            var number = values[BroadcastPosition(positions[i], shape, constant.Shape)];
            if (i < Units)
            {
                form.Bias[i] += number;
            }
            else if (number != values[BroadcastPosition(positions[i % Units], shape, constant.Shape)])
            {
                return false;
            }
        }

        return true;
    }

    private bool AddLinear(GateForm form, LinearNode linear, int[] positions)
    {
        var rowCount = linear.Weights.Rows;
        if (linear.Output.Shape.ElementCount / rowCount != Streams)
        {
            return false;
        }

        var rows = positions[..Units];
        for (var i = 0; i < positions.Length; i++)
        {
            if (rows[i % Units] >= rowCount || positions[i] != (i / Units * rowCount) + rows[i % Units])
            {
                return false;
            }
        }

        // Each row once, so that a cell has no more weights than its layers.
        if (rows.Distinct().Count() != rows.Length)
        {
            return false;
        }

        _nodes.Add(linear);
        if (linear.Bias is { } bias)
        {
            var values = MemoryMarshal.Cast<byte, float>(bias.Data.Span);
            for (var i = 0; i < Units; i++)
            {
                form.Bias[i] += values[rows[i]];
            }
        }

        return AddTerms(form, new GateTerm(_index.RunOf(linear.Input), linear.Weights, rows, 0, linear.Weights.Columns, []), linear.Input);
    }

    /// <summary>A joined input, such as [x; h], is taken apart.</summary>
    private bool AddTerms(GateForm form, GateTerm term, Value input)
    {
        if (!Visit())
        {
            return false;
        }

        if (term.Source.Offset != 0 || _index.Producer<ConcatNode>(term.Source.Root) is not { } concat || concat.Output.Shape.ElementCount != term.Source.Count ||
            concat.Axis != concat.Output.Shape.Rank - 1 || concat.Output.Shape[-1] != term.Columns)
        {
            form.Terms.Add(term);
            return true;
        }

        var path = term.Path.AddRange(ViewsBetween(concat.Output, input)).Add(concat);
        var column = term.FirstColumn;
        foreach (var part in concat.Parts)
        {
            var columns = part.Shape[-1];
            if (!AddTerms(form, term with { Source = _index.RunOf(part), FirstColumn = column, Columns = columns, Path = path }, part))
            {
                return false;
            }

            column += columns;
        }

        return true;
    }

    private IEnumerable<Node> ViewsBetween(Value first, Value last)
    {
        while (last != first && _index.Producer<ViewNode>(last) is { } view)
        {
            yield return view;
            last = view.Input;
        }
    }

    private Value SkipViews(Value value, ref int[] positions)
    {
        for (var i = 0; i < MaximumViews && _index.Producer<ViewNode>(value) is { } view && Visit(); i++)
        {
            _nodes.Add(view);
            positions = Array.ConvertAll(positions, position => InputPosition(view, position));
            value = view.Input;
        }

        return value;
    }

    private static int InputPosition(ViewNode view, int position)
    {
        var result = view.Offset;
        for (var axis = view.Strides.Length - 1; axis >= 0; axis--)
        {
            (position, var i) = Math.DivRem(position, view.Output.Shape[axis]);
            result += i * view.Strides[axis];
        }

        return result;
    }

    /// <summary>Where a tensor that broadcasts to the shape has the element for a position of the shape.</summary>
    private static int BroadcastPosition(int position, TensorShape shape, TensorShape tensor)
    {
        var (result, unit) = (0, 1);
        for (var axis = 1; axis <= tensor.Rank; axis++)
        {
            (position, var i) = Math.DivRem(position, shape[-axis]);
            result += tensor[-axis] == 1 ? 0 : i * unit;
            unit *= tensor[-axis];
        }

        return result;
    }
}
