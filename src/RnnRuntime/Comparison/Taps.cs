using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>A graph that shows its insides: further outputs for values that it computes anyway, which change no bit of what it computes.</summary>
internal sealed class Taps
{
    private readonly Dictionary<Value, int> _indices = [];

    private Taps(RnnGraph graph)
    {
        Graph = graph;
        Values = [.. graph.OutputValues.Select(output => output.Value)];
        for (var i = 0; i < Values.Length; i++)
        {
            _indices.TryAdd(Values[i], i);
        }
    }

    /// <summary>The graph; its own outputs come first.</summary>
    public RnnGraph Graph { get; }

    /// <summary>The value behind each output.</summary>
    public ImmutableArray<Value> Values { get; }

    /// <summary>Index of the first output that shows the value; -1 where none does.</summary>
    public int IndexOf(Value value) => _indices.GetValueOrDefault(value, -1);

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

        return new Taps(new RnnGraph(graph.InputValues, outputs.ToImmutable(), graph.StateVariables, graph.Nodes, graph.Metadata));
    }

    private static HashSet<Value> Histories(RnnGraph graph) => [.. graph.Nodes.SelectMany(node => node switch
    {
        DelayNode delay => [delay.NewHistory],
        CausalConv1dNode { NewHistory: { } history } => [history],
        _ => Array.Empty<Value>(),
    })];
}
