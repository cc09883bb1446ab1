using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>c' = f * c + i * g; h' = o * tanh(c'). Which gate is which is told by how it is used.</summary>
internal sealed class LstmPattern(RnnGraph graph, GraphIndex index, TraceBudget budget)
{
    private readonly HashSet<Value> _stateInputs = [.. graph.StateVariables.Select(state => state.Input)];
    private readonly Dictionary<Value, Value> _nextStates = graph.StateVariables.ToDictionary(state => state.Input, state => state.Output);

    /// <summary>The cell whose new cell state this sum makes.</summary>
    public CellMatch? Match(BinaryNode sum)
    {
        var matches =
            from terms in index.EitherOrder(sum.Output, BinaryOperator.Add)
            from kept in index.EitherOrder(terms.First, BinaryOperator.Multiply)
            from written in index.EitherOrder(terms.Second, BinaryOperator.Multiply)
            from tanh in index.Readers(sum.Output).OfType<UnaryNode>()
            where tanh.Function == UnaryOperator.Tanh
            from newHidden in index.Readers(tanh.Output).OfType<BinaryNode>().Take(1)
            from output in index.EitherOrder(newHidden.Output, BinaryOperator.Multiply)
            where output.Second == tanh.Output && IsSigmoid(kept.First) && IsSigmoid(written.First) && IsSigmoid(output.First)
            let nodes = new[] { index.Producer(terms.First), index.Producer(terms.Second), tanh }
            let match = Build(sum, newHidden, nodes, forget: kept.First, cell: kept.Second, input: written.First, candidate: written.Second, output.First)
            where match is not null
            select match;
        return matches.FirstOrDefault();
    }

    private bool IsSigmoid(Value value) => CellTrace.FunctionOf(index, value) == UnaryOperator.Sigmoid;

    private CellMatch? Build(BinaryNode sum, BinaryNode newHidden, Node?[] nodes, Value forget, Value cell, Value input, Value candidate, Value output)
    {
        var trace = new CellTrace(index, budget, sum.Output);
        trace.Add(nodes);
        if (trace.Gate(input, UnaryOperator.Sigmoid) is not { Products.Count: 0 } i || trace.Gate(forget, UnaryOperator.Sigmoid) is not { Products.Count: 0 } f ||
            trace.Gate(candidate, UnaryOperator.Tanh) is not { Products.Count: 0 } g || trace.Gate(output, UnaryOperator.Sigmoid) is not { Products.Count: 0 } o ||
            !trace.IsClosed(sum, newHidden))
        {
            return null;
        }

        ImmutableArray<GateForm> forms = [i, f, g, o];
        var hidden = forms.SelectMany(form => form.Terms).Where(term => term.Columns == trace.Units).Select(term => term.Source)
            .OrderBy(source => Preference(source, newHidden.Output)).Cast<ElementRun?>().FirstOrDefault();
        return hidden is null ? null : new CellMatch(
            SequenceCell.Lstm, trace, [.. forms.Select(form => CellGate.Of(form, hidden.Value))], hidden.Value, index.RunOf(cell), sum, newHidden.Output,
            sum.Output, ResetAfter: false);
    }

    /// <summary>
    /// Which of several inputs as wide as the hidden state is taken for it does not matter for the result. Best is the state that the new
    /// hidden state replaces, as it may then stay in place.
    /// </summary>
    private int Preference(ElementRun source, Value newHidden) =>
        _nextStates.TryGetValue(source.Root, out var next) && index.RunOf(next).Root == newHidden ? 0 : _stateInputs.Contains(source.Root) ? 1 : 2;
}
