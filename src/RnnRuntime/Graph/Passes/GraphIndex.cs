namespace RnnRuntime.Graph.Passes;

/// <summary>Who makes and who reads each value of a graph, and names for new ones.</summary>
internal sealed class GraphIndex
{
    private readonly Dictionary<Value, Node> _producers = [];
    private readonly Dictionary<Value, List<Node>> _readers = [];
    private readonly HashSet<Value> _kept = [];
    private readonly HashSet<string> _names;
    private readonly Dictionary<string, int> _counts = [];

    public GraphIndex(RnnGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                _producers.Add(output, node);
            }

            foreach (var input in node.Inputs)
            {
                if (!_readers.TryGetValue(input, out var readers))
                {
                    _readers.Add(input, readers = []);
                }

                readers.Add(node);
            }
        }

        _kept.UnionWith(graph.OutputValues.Select(output => output.Value));
        _kept.UnionWith(graph.StateVariables.Select(state => state.Output));
        _names = [.. graph.InputValues.Concat(graph.StateVariables.Select(state => state.Input)).Concat(_producers.Keys).Select(value => value.Name)];
        _names.UnionWith(graph.Nodes.Select(node => node.Name));
    }

    /// <summary>The node that makes the value; null for an input or a state.</summary>
    public Node? Producer(Value value) => _producers.GetValueOrDefault(value);

    public T? Producer<T>(Value value)
        where T : Node => Producer(value) as T;

    /// <summary>Nodes that read the value, once for each of their inputs.</summary>
    public IReadOnlyList<Node> Readers(Value value) => _readers.TryGetValue(value, out var readers) ? readers : [];

    /// <summary>Whether the value is an output of the graph or replaces a state.</summary>
    public bool IsKept(Value value) => _kept.Contains(value);

    /// <summary>Whether one input of one node is all that reads the value.</summary>
    public bool HasOneReader(Value value) => !IsKept(value) && Readers(value).Count == 1;

    /// <summary>A name that no value and no node has yet.</summary>
    public string NewName(string stem)
    {
        stem = stem.Length > 200 ? stem[..(char.IsHighSurrogate(stem[199]) ? 199 : 200)] : stem;
        string name;
        do
        {
            var count = _counts[stem] = _counts.GetValueOrDefault(stem) + 1;
            name = $"{stem}'{count}";
        }
        while (!_names.Add(name));
        return name;
    }
}
