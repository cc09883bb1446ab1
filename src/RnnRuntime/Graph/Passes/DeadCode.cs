namespace RnnRuntime.Graph.Passes;

/// <summary>Removes nodes that nothing needs.</summary>
internal static class DeadCode
{
    public static RnnGraph Run(RnnGraph graph)
    {
        var needed = new HashSet<Value>(graph.OutputValues.Select(output => output.Value).Concat(graph.StateVariables.Select(state => state.Output)));
        var kept = new Stack<Node>();
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            if (graph.Nodes[i].Outputs.Any(needed.Contains))
            {
                kept.Push(graph.Nodes[i]);
                needed.UnionWith(graph.Nodes[i].Inputs);
            }
        }

        return kept.Count == graph.Nodes.Length
            ? graph
            : new RnnGraph(graph.InputValues, graph.OutputValues, graph.StateVariables, [.. kept], graph.Metadata);
    }
}
