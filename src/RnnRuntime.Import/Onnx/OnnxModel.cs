using System.Collections.Immutable;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Onnx;

/// <summary>An ONNX file as plain data: nothing bound, nothing inferred. What cannot be represented was refused by the reader.</summary>
/// <param name="Opset">Version of the default operator set.</param>
/// <param name="OtherOpsets">Versions of further domains.</param>
/// <param name="Graph">The main graph.</param>
/// <param name="Metadata">The model's metadata properties.</param>
internal sealed record OnnxModel(
    int Opset, ImmutableDictionary<string, long> OtherOpsets, OnnxGraph Graph, ImmutableDictionary<string, string> Metadata);

/// <summary>A graph, or the body of a branch. Names of an outer graph are visible inside.</summary>
internal sealed record OnnxGraph(
    string Name, ImmutableArray<OnnxValueInfo> Inputs, ImmutableArray<OnnxValueInfo> Outputs, ImmutableArray<OnnxNode> Nodes,
    ImmutableDictionary<string, HostTensor> Initializers);

/// <summary>A declared input or output. Type and shape are null where the file does not say.</summary>
internal sealed record OnnxValueInfo(string Name, ElementType? Type, ImmutableArray<OnnxDimension>? Shape);

/// <summary>An extent: known, named, or neither.</summary>
internal readonly record struct OnnxDimension(long? Extent, string? Name);

/// <summary>An operation. Absent optional inputs and outputs are empty names.</summary>
/// <param name="Name">Its name; the reader gives unnamed nodes one (<c>#index</c>).</param>
/// <param name="Operator">The operator type.</param>
/// <param name="Domain">Empty for the default domain (<c>ai.onnx</c> is written as empty too).</param>
/// <param name="Inputs">Names of inputs.</param>
/// <param name="Outputs">Names of outputs.</param>
/// <param name="Attributes">By name: <see cref="long"/>, <see cref="float"/>, <see cref="string"/>, <see cref="HostTensor"/>,
/// <see cref="OnnxGraph"/>, or an <see cref="ImmutableArray{T}"/> of long, float or string.</param>
internal sealed record OnnxNode(
    string Name, string Operator, string Domain, ImmutableArray<string> Inputs, ImmutableArray<string> Outputs,
    ImmutableDictionary<string, object> Attributes)
{
    /// <summary>How errors name the node.</summary>
    public string Location => $"node '{Name}' ({(Domain.Length == 0 ? "" : Domain + ".")}{Operator})";
}
