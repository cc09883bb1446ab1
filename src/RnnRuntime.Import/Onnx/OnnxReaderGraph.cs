using System.Collections.Immutable;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Onnx;

/// <summary>Converts a graph with its subgraphs. Recursion is bounded by the wire check.</summary>
internal sealed class OnnxReaderGraph(OnnxTensorReader tensors)
{
    private readonly HashSet<string> _visible = new(StringComparer.Ordinal);

    /// <summary>Converts a graph.</summary>
    /// <param name="graph">As parsed.</param>
    /// <param name="where">What errors begin with: empty, or the place of a subgraph with a comma.</param>
    public OnnxGraph Read(GraphProto graph, string where)
    {
        if (graph.SparseInitializer.Count > 0)
        {
            throw new RnnImportException($"{where}graph '{OnnxReader.Show(graph.Name)}'", "a sparse initializer", "dense tensors");
        }

        var defined = new List<string>();
        var initializers = Initializers(graph, where, defined);
        var inputs = Inputs(graph, where, initializers, defined);
        var nodes = ImmutableArray.CreateBuilder<OnnxNode>(graph.Node.Count);
        foreach (var node in graph.Node)
        {
            nodes.Add(Node(graph, node, nodes.Count, where, defined));
        }

        var outputs = Outputs(graph, where);
        _visible.ExceptWith(defined);
        return new OnnxGraph(graph.Name, inputs, outputs, nodes.MoveToImmutable(), initializers);
    }

    private ImmutableDictionary<string, HostTensor> Initializers(GraphProto graph, string where, List<string> defined)
    {
        var initializers = ImmutableDictionary.CreateBuilder<string, HostTensor>();
        foreach (var tensor in graph.Initializer)
        {
            var place = $"{where}initializer '{OnnxReader.Show(tensor.Name)}'";
            Define(tensor.Name, place, defined);
            initializers.Add(tensor.Name, tensors.Read(tensor, place));
        }

        return initializers.ToImmutable();
    }

    /// <summary>An initializer that is listed as an input too is its value: with IR versions below 4 it had to be listed.</summary>
    private ImmutableArray<OnnxValueInfo> Inputs(
        GraphProto graph, string where, ImmutableDictionary<string, HostTensor> initializers, List<string> defined)
    {
        var inputs = ImmutableArray.CreateBuilder<OnnxValueInfo>();
        var constants = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
        {
            var place = $"{where}input '{OnnxReader.Show(input.Name)}'";
            var info = OnnxReaderTypes.ValueInfo(input, place);
            if (!initializers.TryGetValue(input.Name, out var constant))
            {
                Define(input.Name, place, defined);
                inputs.Add(info);
            }
            else if (!constants.Add(input.Name))
            {
                throw new RnnImportException(place, "a second input of that name", "each name once");
            }
            else if (!OnnxReaderTypes.Fits(constant, info))
            {
                throw new RnnImportException(place, "a declared type or shape that its initializer does not have", constant.ToString());
            }
        }

        return inputs.ToImmutable();
    }

    private ImmutableArray<OnnxValueInfo> Outputs(GraphProto graph, string where)
    {
        var outputs = ImmutableArray.CreateBuilder<OnnxValueInfo>(graph.Output.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var output in graph.Output)
        {
            var place = $"{where}output '{OnnxReader.Show(output.Name)}'";
            if (!_visible.Contains(output.Name))
            {
                throw new RnnImportException(place, "a value that nothing makes", "the name of an input, an initializer or a node's output");
            }

            if (!names.Add(output.Name))
            {
                throw new RnnImportException(place, "a second output of that name", "each name once");
            }

            outputs.Add(OnnxReaderTypes.ValueInfo(output, place));
        }

        return outputs.MoveToImmutable();
    }

    private OnnxNode Node(GraphProto graph, NodeProto node, int index, string where, List<string> defined)
    {
        var read = new OnnxNode(
            node.Name.Length > 0 ? node.Name : $"#{index}", node.OpType, OnnxReaderOpsets.Domain(node.Domain), [.. node.Input], [.. node.Output],
            ImmutableDictionary<string, object>.Empty);
        var place = $"{where}node '{OnnxReader.Show(read.Name)}' ({OnnxReader.Show(read.Domain.Length == 0 ? read.Operator : $"{read.Domain}.{read.Operator}")})";
        if (node.OpType.Length == 0)
        {
            throw new RnnImportException(place, "no op_type", "an operator");
        }

        if (node.Overload.Length > 0)
        {
            throw new RnnImportException(place, $"the overload '{OnnxReader.Show(node.Overload)}' of a function", "an operator without overloads");
        }

        foreach (var input in read.Inputs)
        {
            if (input.Length > 0 && !_visible.Contains(input))
            {
                throw new RnnImportException($"{place}, input '{OnnxReader.Show(input)}'",
                    graph.Node.Skip(index).Any(later => later.Output.Contains(input)) ? "a value that this or a later node makes" : "a value that nothing makes",
                    "an input, an initializer or the output of an earlier node (ONNX demands nodes in topological order)");
            }
        }

        var attributes = OnnxReaderAttributes.Read(node, place, this, tensors);
        foreach (var output in read.Outputs)
        {
            if (output.Length > 0)
            {
                Define(output, $"{place}, output '{OnnxReader.Show(output)}'", defined);
            }
        }

        return read with { Attributes = attributes };
    }

    private void Define(string name, string place, List<string> defined)
    {
        if (name.Length == 0)
        {
            throw new RnnImportException(place, "an empty name", "a name");
        }

        if (!_visible.Add(name))
        {
            throw new RnnImportException(place, "a name that another value has", "names that are given once, in a graph and those around it");
        }

        defined.Add(name);
    }
}
