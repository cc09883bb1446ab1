using RnnRuntime.Graph;

namespace RnnRuntime;

/// <summary>A tensor of a graph under construction. Belongs to the <see cref="RnnGraphBuilder"/> that made it.</summary>
public sealed class TensorRef
{
    internal TensorRef(RnnGraphBuilder owner, Value value)
    {
        Owner = owner;
        Value = value;
    }

    /// <summary>The tensor's name, unique in the graph.</summary>
    public string Name => Value.Name;

    /// <summary>The element type.</summary>
    public TensorType Type => Value.Type;

    /// <summary>The shape for one step of one stream.</summary>
    public TensorShape Shape => Value.Shape;

    internal RnnGraphBuilder Owner { get; }

    internal Value Value { get; }

    /// <summary>For example <c>lstm1.h_out: Float32[128]</c>.</summary>
    public override string ToString() => Value.ToString();
}
