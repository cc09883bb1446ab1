using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>An ONNX file as a graph of the core: bound, translated, its states paired, its passes run.</summary>
internal static class OnnxImporter
{
    public static RnnGraph Import(ReadOnlyMemory<byte> bytes, string? folder, RnnImportOptions options, out ImportReport report)
    {
        if (options.Topology is not null)
        {
            throw new RnnImportException("topology", "one for a file that has its own graph", "none");
        }

        var model = OnnxReader.Read(bytes, folder, options.Limits);
        return GraphPasses.Run(Translate(model, options, out report));
    }

    /// <summary>The graph as it is before the passes.</summary>
    public static RnnGraph Translate(OnnxModel model, RnnImportOptions options) => Translate(model, options, out _);

    private static RnnGraph Translate(OnnxModel model, RnnImportOptions options, out ImportReport report)
    {
        var binder = InputBinder.Create(model.Graph, options, null);
        var (emit, results) = Translator.Translate(model, binder.Bind, options.Limits);
        var outputs = ImmutableArray.CreateBuilder<(string Name, Value Value)>();
        for (var i = 0; i < results.Length; i++)
        {
            var name = model.Graph.Outputs[i].Name;
            emit.Scope = name;
            outputs.Add((name, OutputValue(emit, name, results[i]!)));
        }

        var graph = Finish(emit, [.. binder.Inputs], outputs.ToImmutable(), options, out var states);
        report = new ImportReport(CountNodes(model.Graph), emit.FoldedNodes, states);
        return graph;
    }

    /// <summary>Everything that would be refused; empty where the model can be imported with these options.</summary>
    public static ImmutableArray<RnnImportException> Refusals(OnnxModel model, RnnImportOptions options)
    {
        var refusals = new List<RnnImportException>();
        try
        {
            Translator.Translate(model, InputBinder.Create(model.Graph, options, refusals).Bind, options.Limits, refusals);
        }
        catch (RnnImportException exception)
        {
            refusals.Add(exception);
        }

        return [.. refusals];
    }

    private static Value OutputValue(GraphEmitter emit, string name, Operand operand)
    {
        var location = $"output '{name}'";
        return operand.Constant is { Count: 0 } empty
            ? throw new RnnImportException(location, $"{empty}", "at least one element")
            : emit.ValueOf(location, operand);
    }

    private static int CountNodes(OnnxGraph graph) => graph.Nodes.Length +
        graph.Nodes.Sum(node => node.Attributes.Values.OfType<OnnxGraph>().Sum(CountNodes));

    private static RnnGraph Finish(
        GraphEmitter emit, ImmutableArray<Value> inputs, ImmutableArray<(string Name, Value Value)> outputs, RnnImportOptions options,
        out ImmutableArray<PairedState> states)
    {
        var pairs = StateFinder.Find(inputs, outputs, options.States, options.FindStates);
        states = [.. pairs.OrderBy(pair => pair.Input).Select(pair =>
            new PairedState(inputs[pair.Input].Name, outputs[pair.Output].Name, inputs[pair.Input].Shape, options.States.ContainsKey(outputs[pair.Output].Name)))];
        var stateInputs = pairs.Select(pair => pair.Input).ToHashSet();
        var stateOutputs = pairs.Select(pair => pair.Output).ToHashSet();
        if (stateOutputs.Count == outputs.Length)
        {
            // A graph has an output: where all are states, all stay visible.
            stateOutputs.Clear();
        }

        var graph = new RnnGraph(
            [.. inputs.Where((_, index) => !stateInputs.Contains(index))],
            [.. outputs.Where((_, index) => !stateOutputs.Contains(index))],
            [.. pairs.OrderBy(pair => pair.Input).Select(pair => new StateVariable(inputs[pair.Input].Name, inputs[pair.Input], outputs[pair.Output].Value, null))],
            emit.Nodes, ImmutableSortedDictionary<string, string>.Empty);
        try
        {
            GraphValidator.Validate(graph);
        }
        catch (RnnFormatException exception)
        {
            throw new RnnImportException($"the imported graph, {exception.Section}, {exception.Field}", exception.Found, exception.Expected, exception);
        }

        return graph;
    }
}
