using System.Collections.Immutable;

namespace RnnRuntime.Graph.Passes;

/// <summary>
/// Finds LSTM and GRU cells that are written out in single operations, as PyTorch exports them, and puts a sequence of one step in their
/// place. Their weights have to be constant, and nothing else may read what is computed inside.
/// </summary>
internal static class CellRecognition
{
    // A cell looks at each of its elements about twice.
    private const long BudgetForElement = 8;
    private const long MaximumBudget = 1 << 27;

    public static RnnGraph Run(RnnGraph graph)
    {
        var index = new GraphIndex(graph);
        var budget = new TraceBudget(Math.Min(
            MaximumBudget, BudgetForElement * graph.Nodes.SelectMany(node => node.Outputs).Sum(output => (long)output.Shape.ElementCount)));
        var (lstm, gru) = (new LstmPattern(graph, index, budget), new GruPattern(index, budget));
        var writer = new CellWriter(index, new ConstantMaker(graph));
        var places = new Dictionary<Node, int>(ReferenceEqualityComparer.Instance);
        var replacements = new Dictionary<Node, ImmutableArray<Node>>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
        {
            places.Add(node, places.Count);
        }

        foreach (var sum in graph.Nodes.OfType<BinaryNode>().Where(node => node.Function is BinaryOperator.Add or BinaryOperator.Subtract))
        {
            if ((lstm.Match(sum) ?? gru.Match(sum)) is { } match && IsFree(match) && writer.Write(match) is { } nodes)
            {
                foreach (var node in match.Trace.Nodes.Append(index.Producer(match.NewHidden)!))
                {
                    replacements[node] = [];
                }

                replacements[sum] = nodes;
            }
        }

        return replacements.Count == 0 ? graph : DeadCode.Run(new RnnGraph(
            graph.InputValues, graph.OutputValues, graph.StateVariables,
            [.. graph.Nodes.SelectMany(node => replacements.TryGetValue(node, out var nodes) ? nodes : [node])], graph.Metadata));

        // What the cell reads is made before it, outside of it, and none of its nodes belongs to another cell.
        bool IsFree(CellMatch match) =>
            !match.Sources.IsEmpty && match.Trace.Nodes.Append(match.Place).Append(index.Producer(match.NewHidden)!).All(node => !replacements.ContainsKey(node)) &&
            match.Sources.Select(source => source.Source).Append(match.Hidden).Append(match.CellState ?? match.Hidden).All(
                run => index.Producer(run.Root) is not { } producer || (places[producer] < places[match.Place] && !match.Trace.Nodes.Contains(producer)));
    }
}
