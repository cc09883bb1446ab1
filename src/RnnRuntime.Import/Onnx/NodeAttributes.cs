using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Onnx;

/// <summary>Typed access to a node's attributes. <see cref="End"/> refuses those that nobody asked for, so that none is ignored.</summary>
internal sealed class NodeAttributes(OnnxNode node)
{
    private readonly HashSet<string> _read = [];

    public bool Has(string name) => node.Attributes.ContainsKey(name);

    public long Integer(string name, long otherwise) => Find<long>(name, out var value) ? value : otherwise;

    public float Float(string name, float otherwise) => Find<float>(name, out var value) ? value : otherwise;

    public string Text(string name, string otherwise) => Find<string>(name, out var value) ? value : otherwise;

    public ImmutableArray<long>? Integers(string name) => Find<ImmutableArray<long>>(name, out var value) ? value : null;

    public ImmutableArray<float>? Floats(string name) => Find<ImmutableArray<float>>(name, out var value) ? value : null;

    public ImmutableArray<string>? Texts(string name) => Find<ImmutableArray<string>>(name, out var value) ? value : null;

    public HostTensor? Tensor(string name) => Find<HostTensor>(name, out var value) ? value : null;

    public OnnxGraph? Graph(string name) => Find<OnnxGraph>(name, out var value) ? value : null;

    /// <summary>An attribute that may only have one value, because only that is implemented.</summary>
    public void Require(string name, long only)
    {
        if (Integer(name, only) is var value && value != only)
        {
            throw Error(name, $"{value}", $"{only}, the only value that is supported");
        }
    }

    public RnnImportException Error(string name, string found, string expected) => new($"{node.Location}, attribute {name}", found, expected);

    /// <summary>Leaves all attributes to rules elsewhere, which refuse the unknown ones themselves.</summary>
    public void HandOver() => _read.UnionWith(node.Attributes.Keys);

    public void End()
    {
        foreach (var name in node.Attributes.Keys.Order(StringComparer.Ordinal))
        {
            if (!_read.Contains(name))
            {
                throw new RnnImportException($"{node.Location}, attribute {name}", "an attribute that this importer does not know", "an operator without it");
            }
        }
    }

    private bool Find<T>(string name, out T value)
    {
        _read.Add(name);
        value = default!;
        if (!node.Attributes.TryGetValue(name, out var found))
        {
            return false;
        }

        value = found is T typed ? typed : throw Error(name, $"a value of type {Describe(found.GetType())}", Describe(typeof(T)));
        return true;
    }

    private static string Describe(Type type) => type switch
    {
        _ when type == typeof(long) => "int",
        _ when type == typeof(float) => "float",
        _ when type == typeof(string) => "string",
        _ when type == typeof(HostTensor) => "tensor",
        _ when type == typeof(OnnxGraph) => "graph",
        _ when type == typeof(ImmutableArray<long>) => "ints",
        _ when type == typeof(ImmutableArray<float>) => "floats",
        _ => "strings",
    };
}
