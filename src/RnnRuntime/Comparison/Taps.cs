using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>A graph that shows its insides: further outputs for values that it computes anyway, which change no bit of what it computes.</summary>
/// <param name="Graph">The graph; its own outputs come first.</param>
/// <param name="Values">The value behind each output.</param>
internal sealed record Taps(RnnGraph Graph, ImmutableArray<Value> Values)
{
    /// <summary>Shows every float32 value that a node computes and every state after a step, but for histories, which are inputs of before.</summary>
    public static Taps All(RnnGraph graph)
    {
        var histories = Histories(graph);
        return On(
            graph,
            graph.Nodes.Where(node => node is not ConstantNode).SelectMany(node => node.Outputs)
                .Concat(graph.StateVariables.Select(state => state.Output))
                .Where(value => value.Type == TensorType.Float32 && !histories.Contains(value)));
    }

    public static Taps None(RnnGraph graph) => On(graph, []);

    /// <summary>Shows these values.</summary>
    public static Taps On(RnnGraph graph, IEnumerable<Value> values)
    {
        var names = graph.OutputValues.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        var outputs = graph.OutputValues.ToBuilder();
        var shown = outputs.Select(output => output.Value).ToHashSet();
        var number = 0;
        foreach (var value in values.Where(shown.Add))
        {
            string name;
            do
            {
                name = $"tap{++number}";
            }
            while (!names.Add(name));

            outputs.Add((name, value));
        }

        return new Taps(
            new RnnGraph(graph.InputValues, outputs.ToImmutable(), graph.StateVariables, graph.Nodes, graph.Metadata),
            [.. outputs.Select(output => output.Value)]);
    }

    private static HashSet<Value> Histories(RnnGraph graph) => [.. graph.Nodes.SelectMany(node => node switch
    {
        DelayNode delay => [delay.NewHistory],
        CausalConv1dNode { NewHistory: { } history } => [history],
        _ => Array.Empty<Value>(),
    })];
}
