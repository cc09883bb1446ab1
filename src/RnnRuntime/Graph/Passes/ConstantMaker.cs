using System.Runtime.InteropServices;

namespace RnnRuntime.Graph.Passes;

/// <summary>Makes constants with names that are free in a graph.</summary>
internal sealed class ConstantMaker
{
    private readonly HashSet<string> _names;
    private readonly Dictionary<string, int> _counts = [];

    public ConstantMaker(RnnGraph graph) => _names =
    [
        .. graph.Nodes.SelectMany(node => node.Constants).Select(constant => constant.Name),
        .. graph.StateVariables.Select(state => state.Initial).OfType<Constant>().Select(initial => initial.Name),
    ];

    public Constant Floats(string stem, float[] values, params ReadOnlySpan<int> shape) =>
        new(NewName(stem), TensorType.Float32, new TensorShape(shape), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public Constant Of(string stem, TensorType type, TensorShape shape, ReadOnlyMemory<byte> data) => new(NewName(stem), type, shape, data);

    private string NewName(string stem)
    {
        stem = stem.Length > 200 ? stem[..(char.IsHighSurrogate(stem[199]) ? 199 : 200)] : stem;
        if (stem.StartsWith(Names.GoldenPrefix, StringComparison.Ordinal) || stem.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal))
        {
            stem = "_." + stem;
        }

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
