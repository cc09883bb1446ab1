using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime.Tests;

/// <summary>Graphs put together node by node, where the builder has no method for them. Nothing is checked here.</summary>
internal sealed class GraphSketch
{
    private readonly List<Value> _inputs = [];
    private readonly List<(string Name, Value Value)> _outputs = [];
    private readonly List<Node> _nodes = [];
    private int _constants;

    public Value Input(string name, TensorType type, params ReadOnlySpan<int> shape)
    {
        _inputs.Add(new Value(name, type, new TensorShape(shape)));
        return _inputs[^1];
    }

    /// <summary>Adds the node that is made from the name and the output.</summary>
    public Value Add(string name, Func<string, Value, Node> make, TensorType type, params ReadOnlySpan<int> shape)
    {
        var output = new Value($"{name}.output", type, new TensorShape(shape));
        _nodes.Add(make(name, output));
        return output;
    }

    public Value Add(string name, Func<string, Value, Node> make, params ReadOnlySpan<int> shape) => Add(name, make, TensorType.Float32, shape);

    public void Add(Node node) => _nodes.Add(node);

    public void Output(string name, Value value) => _outputs.Add((name, value));

    public Constant Floats(params ReadOnlySpan<int> shape)
    {
        var dimensions = new TensorShape(shape);
        var random = new Random(_constants);
        var data = Enumerable.Range(0, dimensions.ElementCount).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        return new Constant($"floats{++_constants}", TensorType.Float32, dimensions, MemoryMarshal.AsBytes<float>(data).ToArray());
    }

    public Constant Integers(params int[] data) =>
        new($"integers{++_constants}", TensorType.Int32, new TensorShape(data.Length), MemoryMarshal.AsBytes<int>(data).ToArray());

    public Weights Matrix(int rows, int columns) => new(Floats(rows, columns), null);

    public static Value New(string name, params ReadOnlySpan<int> shape) => new(name, TensorType.Float32, new TensorShape(shape));

    public RnnGraph Build() =>
        new([.. _inputs], [.. _outputs], [], [.. _nodes], ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal));
}
