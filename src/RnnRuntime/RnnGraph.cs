using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime;

/// <summary>A named tensor at the edge of a model, as it is for one step of one stream.</summary>
/// <param name="Name">The name that callers use.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The shape for one step of one stream.</param>
public sealed record TensorInfo(string Name, TensorType Type, TensorShape Shape);

/// <summary>What a graph says of one of its operations.</summary>
/// <param name="Name">The node's name, unique in the graph.</param>
/// <param name="Operator">The operator, as the file format writes it.</param>
/// <param name="Inputs">Input tensors.</param>
/// <param name="Outputs">Output tensors.</param>
/// <param name="ParameterCount">Number of trained values, scales included.</param>
/// <param name="ParameterBytes">Their size in bytes as stored.</param>
/// <param name="Precision">Element type of the weights, or null where the node has none.</param>
public sealed record NodeInfo(
    string Name, string Operator, ImmutableArray<TensorInfo> Inputs, ImmutableArray<TensorInfo> Outputs,
    long ParameterCount, long ParameterBytes, TensorType? Precision);

/// <summary>
/// A network as portable data: typed nodes, named inputs and outputs, constants and state variables. It knows no hardware and is the
/// only thing that is saved. Immutable, and safe to share between threads. Made by <see cref="RnnGraphBuilder"/>.
/// </summary>
public sealed class RnnGraph
{
    internal RnnGraph(
        ImmutableArray<Value> inputs, ImmutableArray<(string Name, Value Value)> outputs, ImmutableArray<StateVariable> states,
        ImmutableArray<Node> nodes, ImmutableSortedDictionary<string, string> metadata)
    {
        InputValues = inputs;
        OutputValues = outputs;
        StateVariables = states;
        Nodes = nodes;
        Metadata = metadata;
        Inputs = [.. inputs.Select(Describe)];
        Outputs = [.. outputs.Select(output => Describe(output.Value) with { Name = output.Name })];
        States = [.. states.Select(state => Describe(state.Input) with { Name = state.Name })];
    }

    /// <summary>The inputs in order.</summary>
    public ImmutableArray<TensorInfo> Inputs { get; }

    /// <summary>The outputs in order.</summary>
    public ImmutableArray<TensorInfo> Outputs { get; }

    /// <summary>The state variables in order.</summary>
    public ImmutableArray<TensorInfo> States { get; }

    /// <summary>Text that travels with the model, such as a language model's <c>vocabulary</c>.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; }

    /// <summary>Describes the nodes in execution order.</summary>
    public ImmutableArray<NodeInfo> DescribeNodes() => [.. Nodes.Select(DescribeNode)];

    internal ImmutableArray<Value> InputValues { get; }

    internal ImmutableArray<(string Name, Value Value)> OutputValues { get; }

    internal ImmutableArray<StateVariable> StateVariables { get; }

    /// <summary>In topological order: a node follows those whose outputs it reads.</summary>
    internal ImmutableArray<Node> Nodes { get; }

    /// <summary>Int32 tensors are positions and numbers of the graph, not trained values.</summary>
    private static NodeInfo DescribeNode(Node node)
    {
        var trained = node.Constants.Where(constant => constant.Type != TensorType.Int32).ToArray();
        return new NodeInfo(
            node.Name, node.Operator, [.. node.Inputs.Select(Describe)], [.. node.Outputs.Select(Describe)],
            trained.Sum(constant => (long)constant.Shape.ElementCount), trained.Sum(constant => (long)constant.Data.Length),
            trained.Length == 0 ? null : trained[0].Type);
    }

    private static TensorInfo Describe(Value value) => new(value.Name, value.Type, value.Shape);
}
