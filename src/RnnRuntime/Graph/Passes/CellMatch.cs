using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>A gate in our order: what it takes of the inputs and of the hidden state. Negated gates stand for 1 - sigmoid(x) = sigmoid(-x).</summary>
internal sealed record CellGate(
    ImmutableArray<GateTerm> InputTerms, ImmutableArray<GateTerm> HiddenTerms, double[] InputBias, double[]? HiddenBias = null, bool IsNegated = false)
{
    /// <summary>The gate whose sum takes this for the hidden state.</summary>
    public static CellGate Of(GateForm form, ElementRun hidden, bool isNegated = false) => new(
        [.. form.Terms.Where(term => term.Source != hidden)], [.. form.Terms.Where(term => term.Source == hidden)], form.Bias, null, isNegated);
}

/// <summary>A written-out cell: its gates in our order, its states, and the nodes that it replaces. The place is where the new node goes.</summary>
internal sealed record CellMatch(
    SequenceCell Cell, CellTrace Trace, ImmutableArray<CellGate> Gates, ElementRun Hidden, ElementRun? CellState, BinaryNode Place, Value NewHidden,
    Value? NewCell, bool ResetAfter)
{
    public int Streams => Trace.Streams;

    public int Units => Trace.Units;

    /// <summary>What the input weights apply to, in the order of their columns, with the columns of each.</summary>
    public ImmutableArray<(ElementRun Source, int Columns)> Sources { get; } =
        [.. Gates.SelectMany(gate => gate.InputTerms).Select(term => (term.Source, term.Columns)).Distinct()];
}
