namespace RnnRuntime.Graph.Passes;

/// <summary>
/// h' = (1 - z) * n + z * h with n = tanh(Wn.x + bWn + r * (Un.h + bUn)), the reset after, or n = tanh(Wn.x + bWn + Un.(r * h) + bUn),
/// the reset before. Where z and 1 - z have changed places, the gate is negated.
/// </summary>
internal sealed class GruPattern(GraphIndex index, TraceBudget budget)
{
    /// <summary>The cell whose new hidden state this sum makes.</summary>
    public CellMatch? Match(BinaryNode sum) => CellBlend.Of(index, sum) is { } blend
        ? Build(sum, blend, blend.First, blend.Second, isNegated: false) ?? Build(sum, blend, blend.Second, blend.First, isNegated: true)
        : null;

    private CellMatch? Build(BinaryNode sum, CellBlend blend, Value candidate, Value state, bool isNegated)
    {
        var trace = new CellTrace(index, budget, sum.Output);
        trace.Add(blend.Nodes);
        var hidden = index.RunOf(state);
        if (hidden.Count != sum.Output.Shape.ElementCount || trace.Gate(candidate, UnaryOperator.Tanh) is not { } n ||
            trace.Gate(blend.Gate, UnaryOperator.Sigmoid) is not { Products.Count: 0 } z)
        {
            return null;
        }

        var (reset, newGate) = n.Products.Count switch
        {
            0 => ResetBefore(trace, n, hidden),
            1 => ResetAfter(trace, n, hidden),
            _ => default,
        };
        return reset is null || newGate is null || !trace.IsClosed(sum) ? null : new CellMatch(
            SequenceCell.Gru, trace, [CellGate.Of(reset, hidden), CellGate.Of(z, hidden, isNegated), newGate], hidden, null, sum, sum.Output, null,
            ResetAfter: n.Products.Count == 1);
    }

    private (GateForm? Reset, CellGate? New) ResetAfter(CellTrace trace, GateForm n, ElementRun hidden)
    {
        var product = n.Products[0];
        var (gate, state) = CellTrace.FunctionOf(index, product.Left) == UnaryOperator.Sigmoid ? (product.Left, product.Right) : (product.Right, product.Left);
        var reset = trace.Gate(gate, UnaryOperator.Sigmoid, product.Positions);
        var recurrent = trace.Sum(state, product.Positions);
        return reset is not { Products.Count: 0 } || recurrent is not { Products.Count: 0, Terms.Count: > 0 } ||
            recurrent.Terms.Any(term => term.Source != hidden) || n.Terms.Any(term => term.Source == hidden)
            ? default
            : (reset, new CellGate([.. n.Terms], [.. recurrent.Terms], n.Bias, recurrent.Bias));
    }

    private (GateForm? Reset, CellGate? New) ResetBefore(CellTrace trace, GateForm n, ElementRun hidden)
    {
        foreach (var term in n.Terms.Where(term => term.Source.Count == hidden.Count && term.Columns == trace.Units))
        {
            foreach (var (gate, state) in index.EitherOrder(term.Source.Root, BinaryOperator.Multiply))
            {
                if (index.RunOf(state) == hidden && trace.Gate(gate, UnaryOperator.Sigmoid) is { Products.Count: 0 } reset)
                {
                    var newGate = CellGate.Of(n, term.Source);
                    trace.Add([index.Producer(term.Source.Root), .. newGate.HiddenTerms.SelectMany(other => other.Path)]);
                    return newGate.InputTerms.Any(other => other.Source == hidden) ? default : (reset, newGate);
                }
            }
        }

        return default;
    }
}
